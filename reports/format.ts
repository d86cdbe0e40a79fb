/**
 * Numbers and names as a page prints them: rounding, intervals, units, bytes. The only place that rounds.
 *
 * @module
 */
import { InputError } from "../operators/records.ts";

/** A mean with its interval, as `meanInterval` makes it. */
export interface Estimate {
  readonly mean: number;
  /** Ends of the interval; `null` or not a number when one value is all there is. */
  readonly low: number | null;
  readonly high: number | null;
  /** Number of values behind the mean. */
  readonly count: number;
}

/** Whether a value is an {@linkcode Estimate}. */
export function isEstimate(value: unknown): value is Estimate {
  return typeof value === "object" && value !== null && "mean" in value && "low" in value && "high" in value;
}

/**
 * A number for readers: three significant digits unless told how many behind the point, thousands grouped, a true minus
 * sign, and words for what isn't finite.
 *
 * @example
 * ```ts
 * import { formatNumber } from "@heed/heed/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatNumber(-1234.5678), "−1,235");
 * assertEquals(formatNumber(14.2371), "14.2");
 * assertEquals(formatNumber(0.00012345), "0.000123");
 * ```
 */
export function formatNumber(value: number, digits: number = significantDecimals(value, 3)): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value !== 0 && Math.abs(value) <= 1e-6) return exponential(value);
  const rounded = Math.abs(value).toFixed(digits);
  const [whole, fraction] = rounded.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(rounded) !== 0 ? "−" : "";
  return sign + grouped + (fraction === undefined ? "" : `.${fraction}`);
}

/** Digits behind the point that show `significant` digits of a value, between 0 and 9. */
export function significantDecimals(value: number, significant: number): number {
  if (value === 0 || !Number.isFinite(value)) return 0;
  if (Number.isInteger(value)) return 0;
  // 99.96 is 100 with three digits, not 100.0: the magnitude is that of the rounded value.
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(significant)))));
  return Math.min(9, Math.max(0, significant - 1 - magnitude));
}

/** Half the width of an interval; `null` when one value is all there is. */
export function halfWidth(estimate: Estimate): number | null {
  const { low, high } = estimate;
  return low === null || high === null || !Number.isFinite(high - low) ? null : (high - low) / 2;
}

/** An interval narrower than this share of its mean is what rounding leaves of none. */
const NO_WIDTH = 1e-6;

/** Half the width of an interval, where there is one that chance could have made. */
function spreadOf(estimate: Estimate): number | null {
  const half = halfWidth(estimate);
  return half === null || half <= NO_WIDTH * Math.abs(estimate.mean) ? null : half;
}

/** Digits behind the point that an estimate supports: two significant digits of its half-width. */
export function estimateDecimals(estimate: Estimate): number {
  const half = spreadOf(estimate);
  if (half === null) return significantDecimals(estimate.mean, 3);
  // Two digits of 0.0996 are 0.10: the magnitude is that of the rounded value.
  const magnitude = Math.floor(Math.log10(Number(half.toPrecision(2))));
  return Math.min(9, Math.max(0, 1 - magnitude));
}

/**
 * An estimate as `mean ± half-width`, both with the digits that the half-width supports; the mean alone when there is one
 * value, or when all values agree.
 *
 * @param most Digits behind the point at most, unless the half-width would be printed as 0.
 * @example
 * ```ts
 * import { formatEstimate } from "@heed/heed/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatEstimate({ mean: 14.2371, low: 13.8, high: 14.6742, count: 3 }), "14.24 ± 0.44");
 * assertEquals(formatEstimate({ mean: 14.2371, low: 13.8, high: 14.6742, count: 3 }, 1), "14.2 ± 0.4");
 * ```
 */
export function formatEstimate(estimate: Estimate, most = 9): string {
  const half = spreadOf(estimate);
  const supported = estimateDecimals(estimate);
  if (half === null) return formatNumber(estimate.mean, Math.min(supported, most));
  const least = Math.min(9, Math.max(0, Math.ceil(-Math.log10(2 * half))));
  const digits = Math.max(Math.min(supported, most), least);
  return `${formatNumber(estimate.mean, digits)} ± ${formatNumber(half, digits)}`;
}

/** The mean of an estimate, with the digits that its interval supports. */
export function formatMean(estimate: Estimate): string {
  return formatNumber(estimate.mean, estimateDecimals(estimate));
}

/**
 * An estimate as its mean and the ends of its interval, for intervals that aren't symmetric and signs that matter.
 *
 * @example
 * ```ts
 * import { formatRange } from "@heed/heed/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatRange({ mean: 5.451, low: 2.22, high: 8.68, count: 3 }), "5.5 (2.2 to 8.7)");
 * ```
 */
export function formatRange(estimate: Estimate): string {
  const digits = estimateDecimals(estimate);
  const { low, high } = estimate;
  const mean = formatNumber(estimate.mean, digits);
  return spreadOf(estimate) === null
    ? mean
    : `${mean} (${formatNumber(low!, digits)} to ${formatNumber(high!, digits)})`;
}

/**
 * A bound in words, "at most x": two significant digits, rounded up so that it stays true.
 *
 * @example
 * ```ts
 * import { formatAtMost } from "@heed/heed/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([0.0002541, 2.1, 89.88, 1234].map(formatAtMost), ["0.00026", "2.1", "90", "1,300"]);
 * ```
 */
export function formatAtMost(value: number): string {
  if (!(value > 0) || !Number.isFinite(value)) return formatNumber(value);
  const unit = Math.floor(Math.log10(value)) - 1;
  // Up to the next two digits, but not for what float64 leaves behind 2.1.
  const digits = Math.ceil(value / 10 ** unit - 1e-9);
  const rounded = Number(`${digits}e${unit}`);
  return rounded <= 1e-6 ? formatNumber(rounded) : formatExact(rounded);
}

/** A share, 0 to 1, in percent with two significant digits: `37%`, `0.11%`. */
export function formatShare(share: number): string {
  const percent = Number((100 * share).toPrecision(2));
  return `${formatNumber(percent, significantDecimals(percent, 2))}%`;
}

/** An estimate with its unit: `14.2 ± 0.4%`, `0.16 ± 0.37 nats`. */
export function formatMeasured(estimate: Estimate, unit: string): string {
  const name = unitName(unit);
  return `${formatEstimate(estimate)}${name === "" || name === "%" ? name : ` ${name}`}`;
}

/**
 * A value with its unit: `%` follows directly, bytes and seconds get a prefix, `1` stands for a bare number.
 *
 * @example
 * ```ts
 * import { formatQuantity } from "@heed/heed/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatQuantity(14.2371, "%"), "14.2%");
 * assertEquals(formatQuantity(0.00241, "s"), "2.41 ms");
 * assertEquals(formatQuantity(1_330_000, "bytes"), "1.33 MB");
 * assertEquals(formatQuantity(8192, "1"), "8,192");
 * ```
 */
export function formatQuantity(value: number, unit: string): string {
  if (unit === "%") return `${formatNumber(value)}%`;
  if (unit === "bytes") return formatBytes(value);
  if (unit === "s") return formatSeconds(value);
  if (unit === "1" || unit === "") return formatNumber(value);
  return `${formatNumber(value)} ${unit}`;
}

/** Bytes with decimal prefixes (1 kB is 1,000 bytes): `512 bytes`, `1.33 MB`. */
export function formatBytes(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) < 1000) return `${formatNumber(value)} bytes`;
  return prefixed(value, "B");
}

/** Seconds: `812 ns`, `2.41 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const value = Math.abs(seconds) < 100 ? Number(seconds.toPrecision(3)) : seconds;
  if (!Number.isFinite(value) || value === 0) return `${formatNumber(value)} s`;
  const size = Math.abs(value);
  if (size < 1e-6) return `${formatNumber(value * 1e9)} ns`;
  if (size < 1e-3) return `${formatNumber(value * 1e6)} µs`;
  if (size < 1) return `${formatNumber(value * 1e3)} ms`;
  if (size < 100) return `${formatNumber(value)} s`;
  const minutes = Math.floor(Math.round(value) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(value) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * A tick of an axis, with no more digits than the value has: `0.02`, `980`, `1,500`; on an axis that goes beyond 10,000
 * with a prefix: `5 k`, `12.5 k`, `2 M`; far below 1 as a power of ten.
 *
 * @param most The greatest value of the axis, so that its ticks are written alike.
 */
export function formatTick(value: number, most: number = value): string {
  const plain = Number(value.toPrecision(6)), size = Math.abs(plain);
  if (size >= 1000 && Math.max(size, Math.abs(most)) >= 10_000) return prefixed(value, "");
  if (size > 0 && size < 1e-3) {
    const [mantissa, power] = plain.toExponential().split("e");
    return mantissa === "1" ? `10${raised(power)}` : `${minus(mantissa)} × 10${raised(power)}`;
  }
  return formatExact(plain);
}

/** A number with all the digits that it has: what somebody else published, an exact count. */
export function formatExact(value: number): string {
  const plain = String(Math.abs(value));
  return plain.includes("e") ? formatNumber(value) : formatNumber(value, plain.split(".")[1]?.length ?? 0);
}

function prefixed(value: number, unit: string): string {
  const prefixes = ["k", "M", "G", "T", "P"];
  const rounded = Number(value.toPrecision(3));
  const power = Math.min(prefixes.length, Math.max(1, Math.floor(Math.log10(Math.abs(rounded)) / 3 + 1e-12)));
  const scaled = Number((rounded / 1000 ** power).toPrecision(3));
  return `${formatExact(scaled)} ${prefixes[power - 1]}${unit}`;
}

function exponential(value: number): string {
  const [mantissa, power] = value.toExponential(2).split("e");
  return `${minus(mantissa)} × 10${raised(power)}`;
}

const minus = (digits: string) => digits.replace("-", "−");

/** A power as superscript: `-6` is ⁻⁶. */
function raised(power: string): string {
  return [...power.replace("+", "")].map((sign) => sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]).join("");
}

/** A unit for a header or an axis: `1` has none. */
export function unitName(unit: string): string {
  return unit === "1" ? "" : unit;
}

/** The label of an axis with its unit, unless the label says it already: `Phoneme error rate, %`, `Bytes`. */
export function axisLabel(label: string, unit: string): string {
  const name = unitName(unit);
  return name === "" || label.toLowerCase().includes(name.toLowerCase()) ? label : `${label}, ${name}`;
}

/** Joins words as a sentence does: `a`, `a and b`, `a, b and c`. */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

/** A number with its noun: `1 seed`, `2 seeds`, `3 passes`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}

/**
 * Checks a name that becomes part of a file's name and of an address.
 *
 * @throws InputError unless it is lower-case letters, digits and single hyphens.
 */
export function assertSlug(what: string, name: string): void {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw new InputError(
      `Cannot name ${what} so, as names are lower-case letters, digits and hyphens: current value is ${
        JSON.stringify(name)
      }`,
    );
  }
}
