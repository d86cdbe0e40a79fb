/**
 * What recall needs, in sentences: which attention solves it, and at which state size others fail.
 *
 * @module
 */
import { formatBytes, formatEstimate, formatNumber, type Interval, listWords } from "../../reports/mod.ts";
import { type ContextRuns, type Scored, SOFTMAX } from "./runs.ts";

/** Mean accuracy, in %, from which on recall counts as solved. */
export const SOLVED = 99;

/** What was seen of recall at its largest number of pairs that softmax solves (or the largest of all). */
export interface RecallVerdict {
  readonly pairs: number;
  /** Softmax at the smallest width that solves it; at the largest width where none does. */
  readonly softmax: Scored | undefined;
  readonly solved: boolean;
  /** Other attentions at the same width, worst first. */
  readonly others: readonly Scored[];
  /** The largest state of a kernel that failed, and the smallest that solved it, at any width. */
  readonly failing: Scored | undefined;
  readonly solving: Scored | undefined;
}

/** Judges recall; nothing when no trial scored it. */
export function recallVerdict(runs: ContextRuns): RecallVerdict | undefined {
  const recall = runs.of("recall");
  if (recall.length === 0) return undefined;
  const counts = [...new Set(recall.map(({ pairs }) => pairs!))].sort((a, b) => b - a);
  const verdicts = counts.map((pairs) => at(recall.filter((each) => each.pairs === pairs), pairs));
  return verdicts.find(({ solved }) => solved) ?? verdicts[0];
}

function at(cells: readonly Scored[], pairs: number): RecallVerdict {
  const softmaxes = cells.filter(({ attention }) => attention === SOFTMAX).sort((a, b) => a.width! - b.width!);
  const solvers = softmaxes.filter(solves);
  const softmax = solvers[0] ?? softmaxes[softmaxes.length - 1];
  const kernels = cells.filter(({ attention, state }) => !attention.startsWith(SOFTMAX) && state !== undefined);
  const bySize = (a: Scored, b: Scored) => a.state! - b.state!;
  return {
    pairs,
    softmax,
    solved: solvers.length > 0,
    others: cells.filter(({ attention, width }) =>
      !attention.startsWith(SOFTMAX) && (!softmax || width === softmax.width)
    ).sort((a, b) => a.accuracy.mean - b.accuracy.mean),
    failing: kernels.filter((each) => !solves(each)).sort(bySize).at(-1),
    solving: kernels.filter(solves).sort(bySize)[0],
  };
}

/** Whether every seed's mean is at least {@linkcode SOLVED}. */
export function solves({ accuracy }: Scored): boolean {
  return accuracy.mean >= SOLVED;
}

/** `14.2 ± 1.1%`, the mean alone where seeds agree or there is one. */
export function percent(estimate: Interval): string {
  return estimate.low === estimate.high ? `${formatNumber(estimate.mean)}%` : `${formatEstimate(estimate)}%`;
}

/** The page's headline. */
export function headlineOf(runs: ContextRuns): string {
  const verdict = recallVerdict(runs);
  if (!verdict) {
    const tasks = [...new Set(runs.scored.map(({ task }) => task))];
    if (tasks.length === 0) return "No finished trial has scored a test set yet, so there is no answer.";
    const said = listWords(tasks.map((task) => otherTask(runs, task)));
    return `${said[0].toUpperCase()}${said.slice(1)}; recall was not run.`;
  }
  const { softmax, pairs, others, solved } = verdict;
  const rest = listWords(
    ["listops", "bytes"].filter((task) => runs.of(task).length > 0).map((task) => otherTask(runs, task)),
  );
  const opening = !softmax
    ? `Softmax was not run, so nothing stands against the kernels' recall of ${formatNumber(pairs)} pairs`
    : solved
    ? `Softmax recalls ${percent(softmax.accuracy)} of ${formatNumber(pairs)} pairs in a model ${softmax.width} wide`
    : `Not even softmax learnt to recall ${formatNumber(pairs)} pairs (${
      percent(softmax.accuracy)
    }), so no state can be judged`;
  return `${opening}${softmax && solved && others.length > 0 ? `, where ${failure(others)}` : ""}${
    rest === "" ? "" : `; ${rest}`
  }.`;
}

/** At which state size recall fails, at one width. */
function failure(others: readonly Scored[]): string {
  const failing = others.filter((each) => !solves(each));
  if (failing.length === 0) return "every kernel does so too";
  const told = failing.map((each) =>
    `${each.attention} gets ${percent(each.accuracy)}${
      each.state === undefined ? "" : ` with a state of ${formatBytes(each.state)}`
    }`
  );
  const solving = others.filter(solves).map(({ attention }) => attention);
  return `${listWords(told)}${
    solving.length === 0 ? "" : `, and ${listWords(solving)} recall${solving.length === 1 ? "s" : ""} them too`
  }`;
}

/** What tasks are called in sentences. */
export const taskNames: Readonly<Record<string, string>> = {
  recall: "recall",
  listops: "ListOps",
  bytes: "bytes of reviews",
};

/** One clause on a task: the best against softmax, or that no difference is seen, or that nothing was learnt. */
export function otherTask(runs: ContextRuns, task: string): string {
  const cells = [...runs.of(task)].sort((a, b) => b.accuracy.mean - a.accuracy.mean);
  const name = taskNames[task] ?? task;
  const chance = runs.chance(task);
  const unlearnt = ({ accuracy }: Scored) => !((accuracy.count > 1 ? accuracy.low : accuracy.mean) > chance!);
  if (chance !== undefined && cells.every(unlearnt)) {
    return `on ${name} nothing is seen to be learnt beyond the commonest label (${formatNumber(chance)}%)`;
  }
  const softmax = cells.find(({ attention }) => attention === SOFTMAX);
  if (!softmax || cells.length < 2) return `on ${name} ${cells[0].attention} gets ${percent(cells[0].accuracy)}`;
  const compared = cells.filter((each) => each !== softmax).map((each) => ({
    each,
    difference: runs.difference(each, softmax),
  }));
  const sides = {
    behind: compared.filter(({ difference }) => difference?.distinguishable && difference.mean < 0),
    ahead: compared.filter(({ difference }) => difference?.distinguishable && difference.mean > 0),
  };
  if (cells.every(({ accuracy }) => accuracy.count === 1)) {
    return `on ${name} one seed can't tell ${listWords(cells.map(({ attention }) => attention))} apart`;
  }
  if (sides.behind.length + sides.ahead.length === 0) {
    return `on ${name} no difference from softmax (${percent(softmax.accuracy)}) is seen`;
  }
  const list = (side: typeof compared) =>
    listWords(side.map(({ each }) => `${each.attention} (${percent(each.accuracy)})`));
  const verb = (side: typeof compared) => side.length === 1 ? "is" : "are";
  return `on ${name} ${
    [
      ...(sides.ahead.length > 0 ? [`${list(sides.ahead)} ${verb(sides.ahead)} ahead of`] : []),
      ...(sides.behind.length > 0 ? [`${list(sides.behind)} ${verb(sides.behind)} behind`] : []),
    ].join(" and ")
  } softmax (${percent(softmax.accuracy)})`;
}
