/**
 * The rows of a kernel comparison as its page asks for them: by width, causal or not, by mechanism and length.
 *
 * @module
 */
import { type AttentionDims, cost } from "../../operators/mod.ts";
import type { Label, Measurement } from "../../operators/records.ts";
import { type Exponent, exponent } from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import { quantile } from "../rows.ts";
import { contender, contenderNames } from "./contenders.ts";

/** One width, causal or not. */
export interface Setting {
  readonly d: number;
  readonly causal: boolean;
}

/** What was timed: a forward pass, or forward and backward, as in training. */
export type Pass = "forward" | "training";

const METRIC = { forward: "time", training: "training" } as const;
const KIND = { forward: "predicted", training: "training" } as const;

/** One measured time: medians and quartiles, over the trials' own. */
export interface Timed {
  readonly n: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** Where two attentions took the same time, or the same bytes. */
export interface Crossing {
  /** N; nothing when one took less at every length. */
  readonly n: number | undefined;
  /** Whether N lies beyond the lengths that were measured. */
  readonly beyond: boolean;
  /** Softmax's value over the kernel's at the greatest length that both have. */
  readonly lastRatio: number;
  readonly lastN: number;
  /** The least length that both have. */
  readonly firstN: number;
}

/** A value at a length or position. */
interface Point {
  readonly n: number;
  readonly value: number;
}

/** Rows, looked up. */
export class KernelRuns {
  readonly settings: readonly Setting[];
  readonly mechanisms: readonly string[];
  readonly rows: readonly Measurement[];
  readonly seeds: number;
  readonly #index = new Map<string, Measurement[]>();

  constructor({ rows, trials }: Results) {
    this.rows = rows.filter(({ value }) => Number.isFinite(value));
    for (const row of this.rows) {
      const { mechanism = "", d = "", causal = "" } = row.labels;
      const key = [row.metric, mechanism, d, causal].join("|");
      const group = this.#index.get(key);
      if (group) group.push(row);
      else this.#index.set(key, [row]);
    }
    // The error against softmax is known of more attentions than are measured.
    const seen = new Set(
      this.rows.filter(({ metric, labels }) => metric !== "error" && labels.mechanism !== undefined)
        .map(({ labels }) => String(labels.mechanism)),
    );
    this.mechanisms = [
      ...contenderNames.filter((each) => seen.has(each)),
      ...[...seen].filter((each) => !contenderNames.includes(each)).sort(),
    ];
    const settings = new Map<string, Setting>();
    for (const { metric, labels } of this.rows) {
      if (metric === "time") {
        settings.set(`${labels.d} ${labels.causal}`, { d: Number(labels.d), causal: labels.causal === 1 });
      }
    }
    this.settings = [...settings.values()].sort((a, b) => Number(a.causal) - Number(b.causal) || a.d - b.d);
    this.seeds = new Set(trials.map(({ seed }) => seed)).size;
  }

  /** Rows of a metric and a mechanism at a setting, that carry these labels. */
  select(
    metric: string,
    setting: Setting | undefined,
    mechanism: string,
    labels: Record<string, Label> = {},
  ): Measurement[] {
    const key = [metric, mechanism, setting?.d ?? 64, setting ? Number(setting.causal) : ""].join("|");
    return (this.#index.get(key) ?? []).filter((row) =>
      Object.entries(labels).every(([name, value]) => row.labels[name] === value)
    );
  }

  /** Means over trials by step, in order of steps. */
  series(metric: string, setting: Setting | undefined, mechanism: string, labels: Record<string, Label> = {}) {
    const bySteps = new Map<number, number[]>();
    for (const { step, value } of this.select(metric, setting, mechanism, labels)) {
      bySteps.set(step, [...(bySteps.get(step) ?? []), value]);
    }
    return [...bySteps].map(([n, values]) => ({ n, value: values.reduce((a, b) => a + b, 0) / values.length }))
      .sort((a, b) => a.n - b.n);
  }

  times(setting: Setting, mechanism: string, pass: Pass = "forward"): Timed[] {
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) =>
      this.series(METRIC[pass], setting, mechanism, { quantile: q })
    );
    return median.map(({ n, value }, i) => ({ n, median: value, low: low[i].value, high: high[i].value }));
  }

  operations(setting: Setting, mechanism: string, pass: Pass = "forward"): Map<number, number> {
    const rows = this.series("operations", setting, mechanism, { kind: KIND[pass] });
    return new Map(rows.map(({ n, value }) => [n, value]));
  }

  /** The exponent of time in N, over lengths at which the pass takes at least four times what the shortest takes. */
  fit(setting: Setting, mechanism: string): Exponent | undefined {
    const times = this.best(setting, mechanism);
    const floor = 4 * Math.min(...times.map(({ seconds }) => seconds));
    const from = times.findIndex((_, i) => times.slice(i).every(({ seconds }) => seconds >= floor));
    return from < 0 ? undefined : exponent(times.slice(from).map(({ n, seconds }) => ({ x: n, y: seconds })));
  }

  /** The least time at each length: what other programs on the machine disturbed least. */
  best(
    setting: Setting,
    mechanism: string,
    pass: Pass = "forward",
  ): { readonly n: number; readonly seconds: number }[] {
    return this.series(METRIC[pass], setting, mechanism, { quantile: 0 })
      .map(({ n, value }) => ({ n, seconds: value }));
  }

  /** How many forward passes a forward and a backward pass take, by least times: the median over settings and lengths. */
  dearer(mechanism: string): number | undefined {
    const ratios = this.settings.flatMap((setting) => {
      const forward = new Map(this.best(setting, mechanism).map(({ n, seconds }) => [n, seconds]));
      return this.best(setting, mechanism, "training").flatMap(({ n, seconds }) =>
        forward.has(n) ? [seconds / forward.get(n)!] : []
      );
    });
    return ratios.length === 0 ? undefined : quantile(ratios, 0.5);
  }

  /** Operations a second at the length nearest to `n`, from the least time. */
  rate(setting: Setting, mechanism: string, n: number, pass: Pass = "forward"): number | undefined {
    const operations = this.operations(setting, mechanism, pass);
    const known = this.best(setting, mechanism, pass).filter((each) => operations.has(each.n));
    if (known.length === 0) return undefined;
    const nearest = known.reduce((a, b) => Math.abs(Math.log(b.n / n)) < Math.abs(Math.log(a.n / n)) ? b : a);
    return operations.get(nearest.n)! / nearest.seconds;
  }

  /** Where a kernel overtakes streaming softmax for good, by least times. */
  crossing(setting: Setting, mechanism: string, pass: Pass = "forward"): Crossing | undefined {
    const [softmax, kernel] = ["softmax", mechanism].map((each) =>
      this.best(setting, each, pass).map(({ n, seconds }) => ({ n, value: seconds }))
    );
    const found = crossingOf(softmax, kernel);
    if (!found || found.n !== undefined || found.lastRatio >= 1) return found;
    return { ...found, n: this.moved(setting, mechanism, found.lastN, pass), beyond: true };
  }

  /** Behind how many positions one more token costs a kernel less than softmax, by medians. */
  decodeCrossing(setting: Setting, mechanism: string): Crossing | undefined {
    return crossingOf(this.series("decode", setting, "softmax"), this.series("decode", setting, mechanism));
  }

  /** From which N on a kernel's peak bytes are less than softmax's, which is `softmax` or `softmax-materialised`. */
  memoryCrossing(
    setting: Setting,
    mechanism: string,
    softmax: string,
    kind: "measured" | "predicted",
  ): Crossing | undefined {
    return crossingOf(
      this.series("bytes", setting, softmax, { kind }),
      this.series("bytes", setting, mechanism, { kind }),
    );
  }

  /** Where closed forms at the measured speeds near `n` say that times are equal. */
  moved(setting: Setting, mechanism: string, n: number, pass: Pass = "forward"): number | undefined {
    const [soft, kernel] = ["softmax", mechanism].map((each) => this.rate(setting, each, n, pass));
    if (!soft || !kernel || !contenderNames.includes(mechanism)) return undefined;
    const { d, causal } = setting;
    const at = (n: number, name: string) => {
      const told = contender(name).cost({ n, d, m: d, causal });
      return told ? told.operations + (pass === "training" ? told.backward : 0) : NaN;
    };
    const gap = (n: number) => at(n, "softmax") / soft - at(n, mechanism) / kernel;
    let [low, high] = [1, 2 ** 26];
    if (!(gap(high) > 0) || gap(low) > 0) return undefined;
    // Closed forms are of whole numbers: a straight line goes from one to the next.
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (gap(middle) > 0) high = middle;
      else low = middle;
    }
    return high - gap(high) / (gap(high) - gap(low));
  }

  /** Operations by closed form, for mechanisms that Heed knows. */
  closedForm(mechanism: string): ((dims: AttentionDims) => number | undefined) | undefined {
    if (!contenderNames.includes(mechanism)) return undefined;
    const known = contender(mechanism);
    return (dims) => known.cost(dims)?.operations;
  }

  /** The crossover of operations, from the closed form; of a module's own, between the lengths of its stored rows. */
  predicted(setting: Setting, mechanism: string, pass: Pass = "forward"): number | undefined {
    const { d, causal } = setting;
    if (!contenderNames.includes(mechanism)) {
      const softmax = this.operations(setting, "softmax", pass);
      return overtaken(
        [...this.operations(setting, mechanism, pass)].filter(([n]) => softmax.has(n))
          .map(([n, operations]) => ({ n, ratio: softmax.get(n)! / operations })),
      );
    }
    const features = contender(mechanism).features?.(d);
    return features && cost.crossover({ d, m: d, causal, features })[pass === "training" ? "training" : "operations"];
  }
}

/** Where the second of two series falls below the first for good. */
function crossingOf(first: readonly Point[], second: readonly Point[]): Crossing | undefined {
  const values = new Map(first.map(({ n, value }) => [n, value]));
  const both = second.filter(({ n }) => values.has(n)).map(({ n, value }) => ({ n, ratio: values.get(n)! / value }));
  if (both.length < 2) return undefined;
  const last = both[both.length - 1];
  return { n: overtaken(both), beyond: false, lastRatio: last.ratio, lastN: last.n, firstN: both[0].n };
}

/** Where a ratio passes 1 for good, on a straight line between logarithms; nothing when it does so nowhere. */
function overtaken(both: readonly { readonly n: number; readonly ratio: number }[]): number | undefined {
  for (let i = both.length - 2; i >= 0; i--) {
    const [a, b] = [both[i], both[i + 1]];
    if (a.ratio >= 1 || b.ratio < 1) continue;
    const share = -Math.log(a.ratio) / Math.log(b.ratio / a.ratio);
    return a.n * (b.n / a.n) ** share;
  }
  return undefined;
}

/** `D = M = 64, causal`. */
export function settingName({ d, causal }: Setting): string {
  return `D = M = ${d}, ${causal ? "causal" : "not causal"}`;
}
