/**
 * The page `engine.html`: how fast the engine is, and where the limit is, from stored rows alone.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  type Block,
  dotInterval,
  type Figure,
  figure,
  formatNumber,
  listWords,
  type Page,
  page,
  section,
  small,
  type Table,
  table,
} from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import { engineMethod } from "./method.ts";

const BOUNDS = {
  products: "Kernels bound by multiply-adds",
  functions: "Kernels bound by exponentials and their kin",
  memory: "Kernels bound by memory",
} as const;

/** One kernel's medians. */
interface Speed {
  readonly kernel: string;
  readonly transposes: string;
  readonly bound: keyof typeof BOUNDS;
  /** Share of the peak in %: the best, and quartiles; none for a kernel that only moves values. */
  readonly share?: readonly [best: number, low: number, median: number, high: number];
  readonly operations?: number;
  readonly bytes: number;
}

/** Draws the page. */
export function enginePage(results: Results): Promise<Page> {
  const { rows, profile } = results;
  const speeds = speedsOf(rows), step = stepOf(rows), peak = mean(rows, "peak", { quantile: 1 });
  const measured = speeds.length > 0 || step !== undefined;
  return Promise.resolve(page({
    name: "engine",
    question: "How fast is the engine, and where is the limit?",
    headline: measured
      ? headlineOf(speeds, step)
      : "Nothing was measured: the kernel pack was not in place (it needs the wasm backend and a host with SIMD).",
    scope: [`${profile} profile`, `${speeds.length} kernels and sizes`, "one core"].join(" · "),
    rows,
    thumbnail: figureOf(rows.filter(({ labels }) => SHOWN.includes(String(labels.kernel))), "products", true),
    sections: [
      section(
        "What the processor can do",
        peak !== undefined &&
          `A loop of multiply-adds on vectors of four numbers, in registers alone, reached ${
              giga(peak)
            } thousand million operations a second on one core: the limit that WebAssembly's 128-bit vectors set here. ` +
            "Native libraries with vectors of 8 or 16 numbers have a higher one. Every kernel below is held against this " +
            `loop, timed beside it.${busy(speeds)}`,
        ...Object.keys(BOUNDS).map((bound) => figureOf(rows, bound as Speed["bound"])),
      ),
      section("Training", ...trainingBlocks(rows, step)),
      section("Every number", speeds.length > 0 ? speedTable(speeds) : "No kernel was measured."),
      section("Method", engineMethod(results)),
    ],
  }));
}

/** Kernels of the small figure: what a reader has heard of. */
const SHOWN = ["product 512×512×512", "recurrent layer", "softmax attention", "kernel attention of degree 2"];

const giga = (value: number) => formatNumber(value / 1e9, 1);
const percent = (value: number) => `${formatNumber(value, 0)}%`;

/** A warning where repetitions were far from the best one: other work had the processor, too. */
function busy(speeds: readonly Speed[]): string {
  const typical = speeds.flatMap(({ share }) => share ? [share[2] / share[0]] : []).sort((a, b) => a - b);
  const middle = typical[typical.length >> 1];
  return middle === undefined || middle > 0.85
    ? ""
    : ` The machine was busy: a typical repetition had ${
      percent(100 * middle)
    } of the best one's speed, and kernels that ` +
      "take many milliseconds are shown slower than they are.";
}

/** Mean over trials of a metric's rows with these labels; undefined where there is none. */
function mean(rows: readonly Measurement[], metric: string, labels: Measurement["labels"]): number | undefined {
  const found = rows.filter((row) =>
    row.metric === metric &&
    Object.entries(labels).every(([key, value]) => row.labels[key] === value)
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0) / found.length;
}

function speedsOf(rows: readonly Measurement[]): Speed[] {
  const all = rows.filter(({ metric, labels }) => metric === "bytes" && labels.kernel !== undefined);
  const keys = new Map(all.map(({ labels }) => [`${labels.kernel} ${labels.transposes}`, labels]));
  return [...keys.values()].map(({ kernel, transposes, bound }) => {
    const at = (metric: string, quantile = 1) => mean(rows, metric, { kernel, transposes, quantile });
    const share = [1, 0.25, 0.5, 0.75].map((quantile) => at("share", quantile));
    return {
      kernel: String(kernel),
      transposes: String(transposes),
      bound: bound as Speed["bound"],
      share: share.includes(undefined) ? undefined : share as [number, number, number, number],
      operations: at("operations"),
      bytes: at("bytes")!,
    };
  });
}

interface Step {
  readonly units: string;
  readonly batch: string;
  /** Median and quartiles over pairs of steps. */
  readonly speedup: readonly [low: number, median: number, high: number];
  readonly stock: number;
  readonly pack: number;
}

function stepOf(rows: readonly Measurement[]): Step | undefined {
  const found = rows.find(({ metric }) => metric === "speedup");
  if (!found) return undefined;
  const { units, batch } = found.labels;
  const time = (engine: string) => mean(rows, "time/step", { engine, quantile: 0.5 })!;
  const speedup = (quantile: number) => mean(rows, "speedup", { quantile })!;
  return {
    units: String(units),
    batch: String(batch),
    speedup: [0.25, 0.5, 0.75].map(speedup) as [number, number, number],
    stock: time("stock"),
    pack: time("pack"),
  };
}

function headlineOf(speeds: readonly Speed[], step: Step | undefined): string {
  const products = speeds.filter(({ bound }) => bound === "products").flatMap(({ share }) => share ? [share[0]] : []);
  const said = [
    ...(products.length === 0 ? [] : [
      `kernels made of products reach ${percent(Math.min(...products))} to ${
        percent(Math.max(...products))
      } of what one core can do with 128-bit vectors`,
    ]),
    ...(step === undefined ? [] : [
      `a training step is ${formatNumber(step.speedup[1], 1)} times faster than on the stock backend`,
    ]),
  ];
  const text = listWords(said);
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** Kernels that one limit bounds. The slowest of a product's transposes counts, so that no layout hides behind another. */
function figureOf(rows: readonly Measurement[], bound: Speed["bound"], thumbnail = false): Figure | undefined {
  const traffic = bound === "memory";
  const medians = rows.filter(({ metric, labels }) =>
    metric === (traffic ? "bytes" : "share") && labels.bound === bound && labels.quantile === 1
  ).map((row) => traffic ? { ...row, value: row.value / 1e9, unit: "GB/s" } : row);
  if (medians.length === 0) return undefined;
  const least = new Map<string, Measurement>();
  for (const row of medians) {
    const key = `${row.trial} ${row.labels.kernel}`;
    if (row.value < (least.get(key)?.value ?? Infinity)) least.set(key, row);
  }
  // The figure takes one value a trial and kernel.
  const shown = [...least.values()].map((row) => ({ ...row, trial: `${row.trial} ${row.labels.kernel}` }));
  const means = [...new Set(shown.map(({ labels }) => labels.kernel))].map((kernel) => {
    const own = shown.filter(({ labels }) => labels.kernel === kernel);
    return { kernel: String(kernel), mean: own.reduce((sum, { value }) => sum + value, 0) / own.length };
  }).sort((a, b) => a.mean - b.mean);
  const [slowest, fastest] = [means[0], means.at(-1)!];
  const told = ({ kernel, mean }: typeof slowest) =>
    `${traffic ? `${formatNumber(mean, 0)} GB/s` : percent(mean)} (${kernel})`;
  const spec = dotInterval({
    id: bound,
    title: `${thumbnail ? "Well-known kernels" : BOUNDS[bound]} ${traffic ? "move" : "reach"} ${
      slowest === fastest ? told(fastest) : `${told(slowest)} to ${told(fastest)}`
    }${traffic ? "" : " of the peak"}`,
    caption: bound === "products"
      ? "Of the four ways to transpose a product, the slowest is shown."
      : bound === "functions"
      ? "An exponential counts as the 20 operations that it is made of."
      : "Few operations a byte: arithmetic isn't what they wait for. What fits the caches moves faster than main memory.",
    metrics: [traffic ? { metric: "bytes", label: "Traffic" } : { metric: "share", label: "Share of the peak" }],
    by: "kernel",
    // So many kernels have no colour each; those that one limit bounds share one.
    ink: bound,
  });
  return figure(thumbnail ? small(spec, { id: `${bound}-small` }) : spec, shown);
}

function trainingBlocks(rows: readonly Measurement[], step: Step | undefined): Block[] {
  if (!step) return ["No training step was measured."];
  const names: Record<string, string> = { stock: "stock wasm backend", pack: "with the kernel pack" };
  const times = rows.filter(({ metric, labels }) => metric === "time/step" && labels.quantile === 0.5).map((row) => ({
    ...row,
    value: 1e3 * row.value,
    unit: "ms",
    trial: `${row.trial} ${row.labels.engine}`,
    labels: { ...row.labels, engine: names[String(row.labels.engine)] },
  }));
  return [
    figure(
      dotInterval({
        id: "step",
        title: `A training step takes ${formatNumber(1e3 * step.pack)} ms instead of ${
          formatNumber(1e3 * step.stock)
        } ms; side by side, ${formatNumber(step.speedup[1], 1)} times less`,
        caption:
          `Bidirectional GRU encoder, GRU decoder, general score, ${step.units} units, batches of ${step.batch} ` +
          "words of 10 letters and 9 phonemes, Adam with clipping. Steps of both take turns; medians, and the median ratio of neighbours.",
        metrics: [{ metric: "time/step", label: "Time of a training step" }],
        by: "engine",
      }),
      times,
    ),
    `In half of the pairs of neighbouring steps the stock backend takes ${formatNumber(step.speedup[0], 1)} to ${
      formatNumber(step.speedup[2], 1)
    } times as long.`,
  ];
}

function speedTable(speeds: readonly Speed[]): Table {
  const products = speeds.filter(({ bound }) => bound === "products");
  const above = products.filter(({ share }) => share && share[0] >= 50).length;
  return table({
    id: "kernels",
    title: `${above} of ${products.length} products and kernels made of products reach half of the peak or more`,
    caption: "Speed, share and traffic are the best of all repetitions; median and quartiles are of the share. " +
      "Transposes: which of the two operands is transposed (T).",
    columns: [
      { key: "kernel", heading: "Kernel", kind: "text" },
      { key: "transposes", heading: "Transposes", kind: "text" },
      { key: "bound", heading: "Bound by", kind: "text" },
      { key: "rate", heading: "Speed", unit: "GFLOP/s", digits: 1 },
      { key: "share", heading: "Share of the peak", unit: "%", digits: 0 },
      { key: "median", heading: "Median", unit: "%", digits: 0 },
      { key: "quartiles", heading: "Quartiles", unit: "%" },
      { key: "bytes", heading: "Traffic", unit: "GB/s", digits: 1 },
    ],
    rows: speeds.map(({ kernel, transposes, bound, share, operations, bytes }) => ({
      kernel,
      transposes: transposes || null,
      bound,
      rate: operations === undefined ? null : operations / 1e9,
      share: share ? share[0] : null,
      median: share ? share[2] : null,
      quartiles: share ? `${formatNumber(share[1], 0)} to ${formatNumber(share[3], 0)}` : null,
      bytes: bytes / 1e9,
    })),
  });
}
