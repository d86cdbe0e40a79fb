/**
 * The figures of `kernels.html`.
 *
 * @module
 */
import { cost } from "../../operators/mod.ts";
import {
  dotInterval,
  type Figure,
  figure,
  formatNumber,
  formatSeconds,
  listWords,
  logLog,
  type LogLogMark,
  type LogLogRow,
  type TileRow,
  tiles,
} from "../../reports/mod.ts";
import { isPairwise, isSoftmax, labelOf } from "./contenders.ts";
import { type KernelRuns, type Setting, settingName } from "./runs.ts";

/** The panel that matters most first: the greatest width, not causal. */
export function panelOrder(settings: readonly Setting[]): Setting[] {
  return [...settings].sort((a, b) => b.d - a.d || Number(a.causal) - Number(b.causal));
}

/** Peak bytes against N. */
export function memoryFigure(runs: KernelRuns): Figure {
  const rows: LogLogRow[] = [], marks: LogLogMark[] = [];
  const settings = panelOrder(runs.settings);
  let worst = 0;
  for (const setting of settings) {
    const panel = settingName(setting);
    for (const mechanism of runs.mechanisms) {
      for (const kind of ["measured", "predicted"] as const) {
        for (const { n, value } of runs.series("bytes", setting, mechanism, { kind })) {
          rows.push({ panel, mechanism: labelOf(mechanism), kind, x: n, y: value, low: null, high: null });
        }
      }
    }
    const { memory } = cost.crossover({ d: setting.d, m: setting.d });
    marks.push({ panel, x: memory.materialised, label: `N² = C(M+1) at ${formatNumber(memory.materialised, 0)}` });
    const crossed = runs.memoryCrossing(setting, "poly2", "softmax-materialised", "measured")?.n;
    if (crossed) marks.push({ panel, x: crossed, label: `measured ${formatNumber(crossed, 0)}` });
    marks.push({ panel, x: memory.streaming, label: `N = C(M+1) at ${formatNumber(memory.streaming, 0)}` });
  }
  let farthest = "";
  for (const { relative, mechanism } of byteErrors(runs)) {
    if (Math.abs(relative) > worst) [worst, farthest] = [Math.abs(relative), labelOf(mechanism)];
  }
  return figure(
    logLog({
      id: "memory",
      title: rows.length === 0
        ? "No bytes were measured"
        : worst <= 0.05
        ? `Measured peak bytes are within ${
          worst < 1e-3 ? "0.1" : formatNumber(worst * 100, 1)
        }% of the closed form for every mechanism that has one, at every length`
        : `Measured peak bytes are up to ${formatNumber(worst * 100, 1)}% off the closed form (${farthest})`,
      caption:
        "Most bytes held at once beyond Q, K and V: the output, all between, and the scratch of device kernels, as the " +
        "backend's allocator saw it. Points are measured, lines predicted. The flat part at short lengths is the scratch of " +
        "matrix products (524,288 bytes), which doesn't grow. Vertical lines, in sight: where N × N scores, and the numbers that " +
        "streaming softmax keeps, one a position, are as many as the state of poly-2; and from where on poly-2 was seen to " +
        "hold less than all scores.",
      rows,
      marks,
      x: "N, positions",
      y: "Peak bytes beyond Q, K, V",
      unit: "bytes",
      visible: 2,
    }),
    [],
  );
}

/** Measured over predicted bytes, less 1, wherever both are known. */
export function byteErrors(runs: KernelRuns) {
  return runs.settings.flatMap((setting) =>
    runs.mechanisms.flatMap((mechanism) => {
      const predicted = new Map(
        runs.series("bytes", setting, mechanism, { kind: "predicted" }).map(({ n, value }) => [n, value]),
      );
      return runs.series("bytes", setting, mechanism, { kind: "measured" }).filter(({ n }) => predicted.has(n))
        .map(({ n, value }) => ({ setting, mechanism, n, relative: value / predicted.get(n)! - 1 }));
    })
  );
}

/** Who is faster, softmax or poly-2, at each width and length. */
export function winnerFigure(runs: KernelRuns, kernel = "poly2"): Figure | undefined {
  const rows: TileRow[] = runs.settings.flatMap((setting) => {
    const softmax = new Map(runs.best(setting, "softmax").map(({ n, seconds }) => [n, seconds]));
    return runs.best(setting, kernel).filter(({ n }) => softmax.has(n)).map(({ n, seconds }): TileRow => {
      const ratio = softmax.get(n)! / seconds;
      return {
        panel: setting.causal ? "causal" : "not causal",
        column: n,
        row: setting.d,
        mechanism: ratio > 1 ? labelOf(kernel) : "softmax",
        lead: Math.max(ratio, 1 / ratio),
      };
    });
  });
  if (rows.length === 0) return undefined;
  const won = rows.filter(({ mechanism }) => mechanism !== "softmax").length;
  return figure(
    tiles({
      id: `winner-${kernel}`,
      title: won === 0
        ? `Softmax is faster than ${labelOf(kernel)} at every size measured`
        : won === rows.length
        ? `${opening(labelOf(kernel))} is faster than softmax at every size measured`
        : `${opening(labelOf(kernel))} is faster than softmax at ${won} of ${rows.length} sizes`,
      caption: `Which of the two takes less time, and how many times less (least times).`,
      rows,
      column: "N, positions",
      row: "D",
    }),
    [],
  );
}

/** A name at the beginning of a sentence: `Poly-2`, but `elu + 1`, which is a formula. */
function opening(name: string): string {
  return name.includes("+") ? name : name[0].toUpperCase() + name.slice(1);
}

/** Error of each kernel's output against softmax's. */
export function errorFigure(runs: KernelRuns): Figure | undefined {
  const rows = runs.rows.filter(({ metric, labels, value }) =>
    metric === "error" && value > 0 && !isSoftmax(String(labels.mechanism))
  ).map((row) => ({
    ...row,
    trial: `${row.trial} ${row.labels.mechanism}`, // one value a mechanism and seed, not one a trial
    metric: `error/${row.labels.source}`,
    value: row.value * 100,
    unit: "%",
    labels: { ...row.labels, mechanism: labelOf(String(row.labels.mechanism)) },
  }));
  const real = rows.filter(({ metric }) => metric === "error/real").sort((a, b) => a.value - b.value);
  if (real.length === 0) return undefined;
  const [best, most] = [real[0], real[real.length - 1]];
  return figure(
    dotInterval({
      id: "error",
      title: `On a learnt model's queries and keys, outputs are ${
        formatNumber(best.value)
      }% (${best.labels.mechanism}) to ${formatNumber(most.value)}% (${most.labels.mechanism}) off softmax's`,
      caption:
        "Relative error of the output, ‖o − o*‖ / ‖o*‖, with o* softmax's, on a logarithmic axis. Real: queries and keys of an " +
        "encoder-decoder that has learnt to pronounce words, on words that it hasn't seen. Gaussian: normal noise of the " +
        "same shapes. No kernel was trained to take softmax's place here: the error is of a swap, not of a model that " +
        "learnt with the kernel.",
      metrics: [
        { metric: "error/real", label: "Real queries and keys", axis: "Relative error of the output" },
        { metric: "error/gaussian", label: "Gaussian noise", axis: "Relative error of the output" },
      ],
      by: "mechanism",
      scale: "log",
    }),
    rows,
  );
}

/** Decoding: time a token against position. */
export function decodeFigure(runs: KernelRuns): Figure | undefined {
  const rows: LogLogRow[] = [], marks: LogLogMark[] = [];
  const settings = panelOrder(runs.settings.filter(({ causal }) => causal));
  for (const setting of settings) {
    const panel = settingName(setting).replace(", causal", "");
    const { decode } = cost.crossover({ d: setting.d, m: setting.d });
    const crossed = runs.decodeCrossing(setting, "poly2")?.n;
    marks.push({ panel, x: decode, label: `predicted ${formatNumber(decode, 0)}` });
    if (crossed) marks.push({ panel, x: crossed, label: `measured ${formatNumber(crossed, 0)}` });
    for (const mechanism of runs.mechanisms) {
      for (const { n, value } of runs.series("decode", setting, mechanism)) {
        rows.push({
          panel,
          mechanism: labelOf(mechanism),
          kind: "measured",
          x: n,
          y: value,
          low: null,
          high: null,
        });
      }
    }
  }
  if (rows.length === 0) return undefined;
  const setting = settings[0];
  const ends = ["softmax", "poly2"].map((each) => runs.series("decode", setting, each));
  const [soft, poly] = ends.map((each) => each.at(-1));
  const grown = soft && ends[0][0] ? soft.value / ends[0][0].value : undefined;
  return figure(
    logLog({
      id: "decode",
      title: soft && poly && grown
        ? `Behind ${formatNumber(soft.n)} positions a token costs softmax ${formatSeconds(soft.value)}, ${
          formatNumber(grown)
        } times what it costs behind ${formatNumber(ends[0][0].n)}, and poly-2 ${formatSeconds(poly.value)}`
        : "Time a token against position",
      caption:
        `One token behind a filled state: softmax reads its key-value cache, which grows (and is copied, to be joined ` +
        `with the new token); a kernel's state has the same size at every position. Medians. Vertical lines, where ` +
        "they are in sight: behind how many positions poly-2 is predicted to take fewer operations a token than softmax, " +
        "and where it took less time.",
      rows,
      marks,
      x: "position",
      y: "Time a token",
      unit: "s",
      visible: 1,
    }),
    [],
  );
}

/** The planner's picture: predicted time of streaming softmax and of each kernel against N, beyond what was measured. */
export function planFigure(runs: KernelRuns, setting: Setting | undefined): Figure | undefined {
  if (!setting) return undefined;
  const lengths = Array.from({ length: 25 }, (_, i) => 64 * 2 ** (i / 2));
  const rows: LogLogRow[] = [];
  const panel = settingName(setting);
  for (const mechanism of runs.mechanisms.filter((each) => isSoftmax(each) || !isPairwise(each))) {
    const n = runs.times(setting, mechanism).at(-1)?.n;
    const rate = n === undefined ? undefined : runs.rate(setting, mechanism, n);
    const known = runs.closedForm(mechanism);
    if (!rate || !known) continue;
    for (const n of lengths) {
      const whole = Math.round(n);
      const operations = known({ n: whole, d: setting.d, m: setting.d, causal: setting.causal });
      if (operations) {
        rows.push({
          panel,
          mechanism: labelOf(mechanism),
          kind: "predicted",
          x: whole,
          y: operations / rate,
          low: null,
          high: null,
        });
      }
    }
  }
  if (rows.length === 0) return undefined;
  const far = Math.max(...rows.map(({ x }) => x));
  const end = rows.filter(({ x }) => x === far).sort((a, b) => a.y - b.y);
  return figure(
    logLog({
      id: "plan",
      title: `At N = ${formatNumber(far)}, the same speeds would need ${formatSeconds(end[0].y)} (${
        end[0].mechanism
      }) to ${formatSeconds(end[end.length - 1].y)} (${end[end.length - 1].mechanism})`,
      caption:
        "What deno task plan computes, drawn: closed forms at the speeds that this machine reached at the greatest " +
        "length measured. A prediction, not a measurement.",
      rows,
      x: "N, positions",
      y: "Predicted time of a pass",
      unit: "s",
    }),
    [],
  );
}

/** What a claim or caption says of several mechanisms at once. */
export function named(mechanisms: readonly string[]): string {
  return listWords(mechanisms.map(labelOf));
}
