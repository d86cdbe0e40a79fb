/**
 * Time against length, of a forward pass and of training.
 *
 * @module
 */
import {
  type Figure,
  figure,
  type FigureSpec,
  formatNumber,
  logLog,
  type LogLogMark,
  type LogLogRow,
  small,
} from "../../reports/mod.ts";
import { labelOf } from "./contenders.ts";
import { panelOrder } from "./figures.ts";
import { type KernelRuns, type Pass, type Setting, settingName } from "./runs.ts";

/** Time against N, with the closed form's lines and the crossovers. */
export function timeFigure(runs: KernelRuns): Figure {
  const settings = panelOrder(runs.settings);
  const about = {
    id: "time",
    title: timeTitle(runs, settings),
    caption:
      "One forward pass of one head, one sequence, against its length. Points are medians of repetitions, bars their " +
      "quartiles; lines are the closed form's operations at the best speed of the greatest length, so that a point " +
      "above its line is overhead; a causal point below it is no longer than a chunk, which computes its pairs as pairs. " +
      "Vertical lines: where poly-2 is predicted to overtake softmax, and where it did.",
  };
  return figure(timesOf(runs, settings, runs.mechanisms, about), []);
}

/** Time of training against N: the same passes, forward and backward. */
export function trainingFigure(runs: KernelRuns): Figure | undefined {
  const settings = panelOrder(runs.settings);
  if (settings.every((setting) => runs.times(setting, "softmax", "training").length === 0)) return undefined;
  const about = {
    id: "training",
    title: timeTitle(runs, settings, "training"),
    caption:
      "A forward and a backward pass of one head, one sequence: the output, then the gradients at queries, keys and " +
      "values. Points are medians of repetitions, bars their quartiles; lines are the closed form's operations of both " +
      "passes at the best speed of the greatest length. Vertical lines: where poly-2 is predicted to overtake softmax in " +
      "training, and where it did.",
  };
  return figure(timesOf(runs, settings, runs.mechanisms, about, "training"), []);
}

/** The small figure of the list of questions: softmax and two kernels in the setting that matters most. */
export function thumbnail(runs: KernelRuns): Figure | undefined {
  const [setting] = panelOrder(runs.settings);
  if (!setting) return undefined;
  const shown = runs.mechanisms.filter((each) => ["softmax", "poly2", "elu"].includes(each));
  const spec = timesOf(runs, [setting], shown, {
    id: "time-small",
    title: `Time of a pass against its length, ${settingName(setting)}`,
    caption: "",
  });
  return figure(small(spec, { id: "time-small" }), []);
}

function timesOf(
  runs: KernelRuns,
  settings: readonly Setting[],
  mechanisms: readonly string[],
  about: { readonly id: string; readonly title: string; readonly caption: string },
  pass: Pass = "forward",
): FigureSpec<LogLogRow> {
  const rows: LogLogRow[] = [], marks: LogLogMark[] = [];
  for (const setting of settings) {
    const panel = settingName(setting);
    for (const mechanism of mechanisms) {
      const times = runs.times(setting, mechanism, pass), operations = runs.operations(setting, mechanism, pass);
      const last = times.at(-1);
      const rate = last && runs.rate(setting, mechanism, last.n, pass);
      for (const { n, low, median, high } of times) {
        const common = { panel, mechanism: labelOf(mechanism), x: n };
        rows.push({ ...common, kind: "measured", y: median, low, high });
        if (rate && operations.has(n)) {
          rows.push({ ...common, kind: "predicted", y: operations.get(n)! / rate, low: null, high: null });
        }
      }
    }
    const crossing = runs.crossing(setting, "poly2", pass);
    const predicted = runs.predicted(setting, "poly2", pass);
    if (predicted) marks.push({ panel, x: predicted, label: `N* predicted ${formatNumber(predicted, 0)}` });
    if (crossing?.n && !crossing.beyond) {
      marks.push({ panel, x: crossing.n, label: `measured ${formatNumber(crossing.n, 0)}` });
    }
  }
  return logLog({ ...about, rows, marks, x: "N, positions", y: "Time of a pass", unit: "s", visible: 2 });
}

function timeTitle(runs: KernelRuns, settings: readonly Setting[], pass: Pass = "forward"): string {
  const setting = settings[0];
  if (!setting) return "No times were measured";
  const where = pass === "training" ? "In training at" : "At";
  const [last, poly] = ["softmax", "poly2"].map((each) => runs.times(setting, each, pass).at(-1));
  if (!last || !poly || last.n !== poly.n) return `Times of ${formatNumber(runs.mechanisms.length)} attentions`;
  const ratio = last.median / poly.median;
  return ratio > 1
    ? `${where} N = ${formatNumber(last.n)} and ${settingName(setting)}, softmax takes ${
      formatNumber(ratio)
    } times as long as poly-2`
    : `${where} N = ${formatNumber(last.n)} and ${settingName(setting)}, softmax is still ${
      formatNumber(1 / ratio)
    } times faster than poly-2`;
}
