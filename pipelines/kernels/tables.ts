/**
 * The tables of `kernels.html`.
 *
 * @module
 */
import {
  type Cell,
  type Column,
  formatBytes,
  formatMean,
  formatNumber,
  listWords,
  type Table,
  table,
} from "../../reports/mod.ts";
import { FUNCTION_OPERATIONS } from "../../operators/mod.ts";
import { executedCrossover } from "./executed.ts";
import { isPairwise, isSoftmax, labelOf } from "./contenders.ts";
import { type KernelRuns, type Pass, type Setting, settingName } from "./runs.ts";

/** Crossovers: predicted by operations, by operations at the measured speeds, and measured. */
export function crossoverTable(runs: KernelRuns): Table {
  const kernels = runs.mechanisms.filter((each) => !isSoftmax(each) && !isPairwise(each));
  const rows = runs.settings.flatMap((setting) =>
    kernels.map((mechanism) => {
      const crossing = runs.crossing(setting, mechanism), predicted = runs.predicted(setting, mechanism);
      const at = crossing?.n ?? predicted ?? 1024;
      return {
        setting: settingName(setting),
        mechanism: labelOf(mechanism),
        predicted: predicted ?? null,
        moved: runs.moved(setting, mechanism, at) ?? null,
        measured: measuredCell(crossing),
        ratio: crossing?.n && predicted ? crossing.n / predicted : null,
        softmax: gigas(runs.rate(setting, "softmax", at)),
        kernel: gigas(runs.rate(setting, mechanism, at)),
      };
    })
  );
  return table({
    id: "crossovers",
    title: crossoverTitle(rows.map(({ ratio }) => ratio), "Kernels overtake softmax"),
    caption:
      "N* predicted: equal operations by the closed form. At these speeds: equal predicted times, when each side runs " +
      "at the operations a second that it reached near the crossover. Measured: where the lines of least times cross " +
      "(straight between lengths, on logarithmic axes); ~ is extrapolated beyond the greatest length, < is under the least, > over the greatest.",
    columns: [
      { key: "setting", heading: "Setting", kind: "text" },
      { key: "mechanism", heading: "Kernel", kind: "text" },
      { key: "predicted", heading: "N* predicted", digits: 0 },
      { key: "measured", heading: "N* measured", digits: 0 },
      { key: "ratio", heading: "Measured / predicted", digits: 2 },
      { key: "moved", heading: "N* at these speeds", digits: 0 },
      { key: "softmax", heading: "Softmax", unit: "G op/s", digits: 1 },
      { key: "kernel", heading: "Kernel", unit: "G op/s", digits: 1 },
    ],
    rows,
  });
}

/** Crossovers of training beside those of a forward pass. */
export function trainingTable(runs: KernelRuns): Table | undefined {
  const kernels = runs.mechanisms.filter((each) => !isSoftmax(each) && !isPairwise(each));
  const rows = runs.settings.flatMap((setting) =>
    kernels.filter((each) => runs.times(setting, each, "training").length > 0).map((mechanism) => {
      const [forward, training] = (["forward", "training"] as const).map((pass) => ({
        predicted: runs.predicted(setting, mechanism, pass),
        crossing: runs.crossing(setting, mechanism, pass),
      }));
      return {
        setting: settingName(setting),
        mechanism: labelOf(mechanism),
        forward: measuredCell(forward.crossing),
        forwardPredicted: forward.predicted ?? null,
        training: measuredCell(training.crossing),
        predicted: training.predicted ?? null,
        ratio: training.crossing?.n && training.predicted ? training.crossing.n / training.predicted : null,
      };
    })
  );
  if (rows.length === 0) return undefined;
  const lengths = [...new Set(runs.rows.filter(({ metric }) => metric === "training").map(({ step }) => step))];
  return table({
    id: "training-crossovers",
    title: crossoverTitle(rows.map(({ ratio }) => ratio), "In training kernels overtake softmax"),
    caption: `Forward and backward together, timed at N = ${
      listWords(
        lengths.sort((a, b) => a - b).map((n) => formatNumber(n)),
      )
    }, beside the crossovers of a forward pass. Predicted: equal operations; of the backward pass, matrix products and ` +
      "features, what isn't kept computed again.",
    columns: [
      { key: "setting", heading: "Setting", kind: "text" },
      { key: "mechanism", heading: "Kernel", kind: "text" },
      { key: "forwardPredicted", heading: "Forward, predicted", digits: 0 },
      { key: "forward", heading: "Forward, measured", digits: 0 },
      { key: "predicted", heading: "Training, predicted", digits: 0 },
      { key: "training", heading: "Training, measured", digits: 0 },
      { key: "ratio", heading: "Measured / predicted", digits: 2 },
    ],
    rows,
  });
}

/** By how much measured crossovers are off what operations predict. */
function crossoverTitle(ratios: readonly (number | null)[], opening: string): string {
  const known = ratios.filter((ratio) => ratio !== null);
  if (known.length === 0) return `${opening} at no length that was measured`;
  const [least, most] = [Math.min(...known), Math.max(...known)].map((ratio) =>
    formatNumber(Number(ratio.toPrecision(2)))
  );
  return `${opening} at ${
    least === most ? least : `${least} to ${most}`
  } times the length that equal operations predict`;
}

/** A length, or the bound that lengths measured put on it. */
export function measuredCell(crossing: ReturnType<KernelRuns["crossing"]>): Cell {
  if (!crossing) return null;
  if (crossing.n === undefined) {
    return crossing.lastRatio >= 1 ? { sign: "<", value: crossing.firstN } : { sign: ">", value: crossing.lastN };
  }
  return crossing.beyond ? { sign: "~", value: crossing.n } : crossing.n;
}

/** Poly-2 against softmax, whose kernels are known operation by operation: each prediction beside what was measured. */
export function executedTable(runs: KernelRuns): Table | undefined {
  const rows = runs.settings.filter((setting) => runs.crossing(setting, "poly2")).map((setting) => ({
    setting: settingName(setting),
    ...Object.fromEntries((["forward", "training"] as const).flatMap((pass) => [
      [`${pass} predicted`, runs.predicted(setting, "poly2", pass) ?? null],
      [`${pass} executed`, executedCell(setting, pass, runs.crossing(setting, "poly2", pass)?.firstN)],
      [`${pass} measured`, measuredCell(runs.crossing(setting, "poly2", pass))],
    ])),
  }));
  if (rows.length === 0) return undefined;
  const columns = (pass: "forward" | "training", name: string): Column[] => [
    { key: `${pass} predicted`, heading: `${name}, predicted`, digits: 0 },
    { key: `${pass} executed`, heading: "as executed", digits: 0 },
    { key: `${pass} measured`, heading: "measured", digits: 0 },
  ];
  return table({
    id: "executed",
    title: "Poly-2 against softmax: crossovers predicted, predicted as executed, and measured",
    caption:
      `As executed: operations as the device kernels do them, an exponential as the ${FUNCTION_OPERATIONS.exp} that it ` +
      "takes and causal poly-2 by pairs within chunks, with sums from chunk to chunk.",
    columns: [
      { key: "setting", heading: "Setting", kind: "text" },
      ...columns("forward", "Forward"),
      ...columns("training", "Training"),
    ],
    rows,
  });
}

function executedCell(setting: Setting, pass: Pass, least: number | undefined): Cell {
  const n = executedCrossover(setting, pass);
  return n > 0 ? n : least === undefined ? null : { sign: "<", value: least };
}

function gigas(rate: number | undefined): number | null {
  return rate === undefined ? null : rate / 1e9;
}

/** How fast the parts run by themselves. */
export function partsTable(runs: KernelRuns): Table | undefined {
  const parts = [
    ...new Set(runs.rows.filter(({ metric }) => metric === "rate").map(({ labels }) => String(labels.part))),
  ];
  if (parts.length === 0) return undefined;
  const settings = runs.settings.filter(({ causal }) => !causal);
  const rateOf = (setting: Setting, part: string) => runs.series("rate", setting, "", { part }).at(-1);
  const rates = settings.flatMap((each) => parts.flatMap((part) => gigas(rateOf(each, part)?.value) ?? []));
  return table({
    id: "parts",
    title: `By themselves the parts run at ${formatNumber(Math.min(...rates), 0)} to ${
      formatNumber(Math.max(...rates), 0)
    } thousand million operations a second`,
    caption: `Operations a second, best of four, at N = ${
      listWords([...new Set(settings.map((each) => formatNumber(rateOf(each, parts[0])?.n ?? 0)))])
    }: products of all pairs and products with features by the matrix product alone, the softmax of all pairs (5 operations ` +
      "a pair). A crossover moves by the ratio of what both sides reach.",
    columns: [
      { key: "part", heading: "Part", kind: "text" },
      ...settings.map(({ d }) => ({ key: `d${d}`, heading: `D = M = ${d}`, unit: "G op/s", digits: 1 })),
    ],
    rows: parts.map((part) => ({
      part,
      ...Object.fromEntries(settings.map((each) => [`d${each.d}`, gigas(rateOf(each, part)?.value)])),
    })),
  });
}

/** Exponents of time in N. */
export function exponentTable(runs: KernelRuns): Table {
  return table({
    id: "exponents",
    title: exponentTitle(runs),
    caption:
      "Least squares on logarithms, on least times, over lengths at which a pass takes at least four times the shortest's time; ± is " +
      "half a 95% t-interval over lengths. Worst: the greatest distance of a point from the line. A slope between 1 and 2 " +
      "is a mixture, and no law.",
    columns: [
      { key: "mechanism", heading: "Mechanism", kind: "text" },
      { key: "setting", heading: "Setting", kind: "text" },
      { key: "slope", heading: "Exponent" },
      { key: "from", heading: "From N" },
      { key: "worst", heading: "Worst", unit: "%", digits: 0 },
    ],
    rows: runs.mechanisms.flatMap((mechanism) =>
      runs.settings.flatMap((setting) => {
        const fit = runs.fit(setting, mechanism);
        return fit
          ? [{
            mechanism: labelOf(mechanism),
            setting: settingName(setting),
            slope: fit,
            from: fit.from,
            worst: (fit.worst - 1) * 100,
          }]
          : [];
      })
    ),
  });
}

/** What the fit says of softmax and of the degree-2 kernel where heads are widest. */
function exponentTitle(runs: KernelRuns): string {
  const setting = runs.settings.filter(({ causal }) => !causal).at(-1) ?? runs.settings.at(-1);
  const said = ["softmax", "poly2", "elu"].flatMap((mechanism) => {
    const fit = setting && runs.fit(setting, mechanism);
    return fit ? [`${formatMean(fit)} (${labelOf(mechanism)})`] : [];
  });
  return said.length === 0
    ? "Too few lengths were measured for an exponent of time"
    : `At ${settingName(setting!)}, time grows with N to the power ${listWords(said)}`;
}

/** Operations, counted against the closed form. */
export function countTable(runs: KernelRuns): Table {
  return table({
    id: "operations",
    title: countTitle(runs),
    caption:
      "Every operation of a plain execution, position by position where it is causal, counted at a short length, against " +
      "the closed form. The scale of queries counts, so that poly-2's form has N D more than without.",
    columns: [
      { key: "mechanism", heading: "Mechanism", kind: "text" },
      { key: "setting", heading: "Setting", kind: "text" },
      { key: "n", heading: "N" },
      { key: "predicted", heading: "Closed form" },
      { key: "counted", heading: "Counted" },
    ],
    rows: countRows(runs),
  });
}

function countRows(runs: KernelRuns) {
  return runs.mechanisms.flatMap((mechanism) =>
    runs.settings.flatMap((setting) => {
      const counted = runs.series("operations", setting, mechanism, { kind: "counted" })[0];
      const predicted = counted && runs.operations(setting, mechanism).get(counted.n);
      return predicted === undefined ? [] : [{
        mechanism: labelOf(mechanism),
        setting: settingName(setting),
        n: counted.n,
        predicted,
        counted: counted.value,
      }];
    })
  );
}

function countTitle(runs: KernelRuns): string {
  const rows = countRows(runs), wrong = rows.filter(({ predicted, counted }) => predicted !== counted);
  if (rows.length === 0) return "No operations were counted";
  return wrong.length === 0
    ? `Counted operations equal the closed form exactly, ${rows.length} times of ${rows.length}`
    : `Counted operations differ from the closed form for ${
      listWords([...new Set(wrong.map(({ mechanism }) => mechanism))])
    }`;
}

/** Which tensors take the bytes, at the greatest length. */
export function bytesTable(runs: KernelRuns, setting: Setting): Table | undefined {
  const rows = runs.mechanisms.flatMap((mechanism) => {
    const parts = runs.select("bytes/part", setting, mechanism).map(({ labels, value, step }) => ({
      mechanism: labelOf(mechanism),
      tensor: String(labels.tensor),
      n: step,
      bytes: value as number | null,
    }));
    const last = runs.series("bytes", setting, mechanism, { kind: "measured" }).at(-1);
    if (parts.length > 0 || !last || runs.select("bytes", setting, mechanism, { kind: "predicted" }).length > 0) {
      return parts;
    }
    return [{ mechanism: labelOf(mechanism), tensor: "not given", n: last.n, bytes: null }];
  });
  if (rows.every(({ bytes }) => bytes === null)) return undefined;
  const seen = new Set<string>();
  const once = rows.filter((row) =>
    !seen.has(`${row.mechanism} ${row.tensor}`) && seen.add(`${row.mechanism} ${row.tensor}`)
  );
  const most = once.reduce((a, b) => (b.bytes ?? 0) > (a.bytes ?? 0) ? b : a);
  return table({
    id: "bytes",
    title: `At ${settingName(setting)} and N = ${formatNumber(once[0].n)}, the most bytes for one thing are ${
      formatBytes(most.bytes!)
    } (${most.mechanism}: ${most.tensor})`,
    caption: `The closed form by tensor, beyond Q, K and V.${
      once.some(({ bytes }) => bytes === null)
        ? " Not given: the module that brought the attention doesn't tell its bytes."
        : ""
    }`,
    columns: [
      { key: "mechanism", heading: "Mechanism", kind: "text" },
      { key: "tensor", heading: "For", kind: "text" },
      { key: "bytes", heading: "Predicted", kind: "bytes" },
    ],
    rows: once,
  });
}
