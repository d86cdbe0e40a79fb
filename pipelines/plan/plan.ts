/**
 * Which attention for a sequence of this length: operations, bytes and time predicted for every mechanism, where they
 * cross, and a recommendation in a sentence.
 *
 * @module
 */
import { type AttentionDims, checkAttentionDims, cost, type Crossovers } from "../../operators/mod.ts";
import { InputError } from "../../operators/records.ts";
import { formatBytes, formatNumber, formatSeconds } from "../../reports/mod.ts";
import { totalBytes } from "../kernels/bytes.ts";
import { contender, contenderNames, isPairwise, isSoftmax } from "../kernels/contenders.ts";
import { type Calibration, rateOf } from "./calibration.ts";

/** One mechanism's prediction. */
export interface Planned {
  readonly mechanism: string;
  readonly operations: number;
  /** Most bytes at once, Q, K and V included; null for a mechanism that doesn't tell its bytes. */
  readonly bytes: number | null;
  readonly milliseconds: number;
  /** Within the memory limit. */
  readonly fits: boolean;
}

/** The answer. */
export interface Plan {
  readonly sizes: Required<AttentionDims>;
  /** Bytes of Q, K and V. */
  readonly inputs: number;
  readonly limit: number | undefined;
  readonly mechanisms: readonly Planned[];
  /** Each kernel against softmax, by its name. */
  readonly crossovers: Readonly<Record<string, Crossovers>>;
  readonly recommendation: string;
}

/** What the command line gave, as it stands there. */
export type PlanFlags = Readonly<Partial<Record<"n" | "d" | "m" | "heads" | "batch" | "memory", string>>>;

/** Q, K, V and output may take this much when nobody gives a limit. */
const MOST = 2 ** 40;

/**
 * Sizes and the memory limit in bytes, checked before anything is allocated.
 *
 * @throws InputError for a size that is missing, no positive whole number, or too large for the limit
 */
export function parsePlan(flags: PlanFlags, causal: boolean): { sizes: Required<AttentionDims>; limit?: number } {
  const size = (name: "n" | "d" | "m" | "heads" | "batch", fallback?: string) => {
    const text = flags[name] ?? fallback;
    if (text === undefined) throw new InputError(`Cannot plan as --${name} is needed: current value is none`);
    return /^[+-]?(\d+\.?\d*|\.\d+)(e\+?\d+)?$/i.test(text) ? Number(text) : NaN;
  };
  const names = ["n", "d", "m", "heads", "batch"] as const;
  const [n, d, m, heads, batch] = [size("n"), size("d"), size("m", flags.d), size("heads", "1"), size("batch", "1")];
  const bad = [n, d, m, heads, batch].findIndex((each) => Number.isNaN(each));
  if (bad >= 0) {
    throw new InputError(
      `Cannot plan as ${names[bad]} must be a positive whole number: current value is ${flags[names[bad]] ?? flags.d}`,
    );
  }
  const sizes = { n, d, m, heads, batch, causal };
  const limit = flags.memory === undefined ? undefined : bytesOf(flags.memory);
  checkAttentionDims(sizes, "plan", limit ?? MOST);
  return { sizes, limit };
}

/** `512MiB`, `2GB`, `1000000`. */
function bytesOf(text: string): number {
  const [, count, prefix = "", binary] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(text) ?? [];
  const bytes = Number(count) * (binary ? 1024 : 1000) ** ["", "k", "m", "g", "t"].indexOf(prefix.toLowerCase());
  if (!(bytes >= 1)) {
    throw new InputError(`Cannot plan as --memory must be a size such as 512MiB or 2GB: current value is ${text}`);
  }
  return bytes;
}

/** Predicts. */
export function planFor(sizes: Required<AttentionDims>, limit: number | undefined, calibration: Calibration): Plan {
  const { n, d, m, heads, batch, causal } = sizes;
  const inputs = 4 * batch * heads * n * (2 * d + m);
  const mechanisms = contenderNames.flatMap((mechanism): Planned[] => {
    const { cost, bytes } = contender(mechanism);
    const operations = cost(sizes)?.operations, told = bytes(sizes);
    if (operations === undefined) return [];
    const all = told ? inputs + totalBytes(told) : null;
    const milliseconds = 1000 * operations / rateOf(calibration, mechanism, d, causal);
    return [{
      mechanism,
      operations,
      bytes: all,
      milliseconds,
      fits: limit === undefined || all !== null && all <= limit,
    }];
  });
  const crossovers = Object.fromEntries(
    contenderNames.filter((name) => !isPairwise(name)).flatMap((name) => {
      const features = contender(name).features?.(d);
      return features ? [[name, cost.crossover({ d, m, causal, features })]] : [];
    }),
  );
  return { sizes, inputs, limit, mechanisms, crossovers, recommendation: recommend(mechanisms, limit, sizes) };
}

function recommend(
  all: readonly Planned[],
  limit: number | undefined,
  sizes: Required<AttentionDims>,
): string {
  const fitting = all.filter(({ fits }) => fits);
  if (fitting.length === 0) {
    const least = all.reduce((a, b) => (b.bytes ?? Infinity) < (a.bytes ?? Infinity) ? b : a);
    return `Nothing fits in ${formatBytes(limit!)}: ${least.mechanism} needs the least, ${
      formatBytes(least.bytes!)
    }; a ` +
      "stream of chunks needs no more than one chunk and the state.";
  }
  const fastest = fitting.reduce((a, b) => b.milliseconds < a.milliseconds ? b : a);
  const softmax = fitting.find(({ mechanism }) => mechanism === "softmax") ??
    fitting.find(({ mechanism }) => isSoftmax(mechanism));
  if (!softmax) {
    return `Use ${fastest.mechanism}: softmax doesn't fit in ${
      formatBytes(limit!)
    }. It is another function than softmax, so train with it.`;
  }
  if (isSoftmax(fastest.mechanism)) {
    return `Use softmax: nothing that fits is faster at N = ${formatNumber(sizes.n)}.`;
  }
  const times = softmax.milliseconds / fastest.milliseconds;
  const exact = `${softmax.mechanism} (${formatSeconds(softmax.milliseconds / 1000)})`;
  return times < 1.2
    ? `Use ${exact}: ${fastest.mechanism} would be only ${
      formatNumber(times, 2)
    } times faster, and is another function.`
    : `Use ${fastest.mechanism} (${formatSeconds(fastest.milliseconds / 1000)}, ${
      formatNumber(times)
    } times faster) if a model ` +
      `that is trained with it is good enough; it is another function than softmax, and ${exact} is the exact one.`;
}

/** The plan for people. */
export function planText({ sizes, inputs, limit, mechanisms, crossovers, recommendation }: Plan): string {
  const { n, d, m, heads, batch, causal } = sizes;
  const cells = mechanisms.map((each) => [
    each.mechanism,
    formatNumber(each.operations),
    each.bytes === null ? "not given" : formatBytes(each.bytes),
    formatSeconds(each.milliseconds / 1000),
    each.fits ? "" : "too large",
  ]);
  const whole = (value: number) => value === 0 ? "any" : formatNumber(value, 0);
  const crossed = Object.entries(crossovers).map((
    [name, { operations, training, decode, memory }],
  ) => [name, ...[operations, training, decode, memory.materialised, memory.streaming, memory.cache].map(whole)]);
  return [
    `N ${formatNumber(n)}, D ${d}, M ${m}, heads ${heads}, sequences ${batch}, ${
      causal ? "causal" : "not causal"
    }; Q, K and V ` +
    `${formatBytes(inputs)}${limit === undefined ? "" : `, limit ${formatBytes(limit)}`}`,
    "",
    ...aligned([["mechanism", "operations", "bytes in all", "time", ""], ...cells]),
    "",
    "Against softmax, from which N on a kernel takes fewer operations in a forward pass, in training (backward, too), and for",
    "one more token, and less memory than N x N scores, than streaming softmax, and than a key-value cache:",
    "",
    ...aligned([["kernel", "forward", "training", "one token", "N x N", "streaming", "cache"], ...crossed]),
    "",
    recommendation,
  ].join("\n");
}

/** Columns of a table, the first to the left and the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    "  " + row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ").trimEnd()
  );
}
