/**
 * Claims 1 and 7 to 10 of THEORY.md 3.1: what scores can say, how they learn, and which is best.
 *
 * @module
 */
import { formatEstimate, formatNumber, type Interval, listWords, type Verdict } from "../../reports/mod.ts";
import { type Judged, judged, noRows, type Statement, untested } from "../claims.ts";
import { knownScores, opening, percent, points, type ScoreRuns } from "./runs.ts";

const TEST = { set: "test" };

/** Below this relative departure a score counts as additive in its query: float32 leaves about 1e-6. */
const ADDITIVE = 1e-3;
/** A gradient norm this many times its trial's median counts as exploded. */
const EXPLODES = 100;
/** A gradient at the memory that ends below this share of its largest counts as vanished. */
const VANISHES = 1e-3;

/** Claim 1: the modelling power of general and concat. */
export function generalAndConcatPower(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "If encoder and decoder dimensions are equal, general and the tanh layer have the same modelling power; " +
      "otherwise the tanh layer is stronger.",
    theory:
      "Garbled in the notes, and wrong: the classes differ for any dimensions. General is bilinear, of rank at most min(l_d, l_e), with no " +
      "term of the key alone; concat is a network with one hidden layer. Neither contains the other at finite d_a, and " +
      "both take unequal dimensions.",
    rule:
      `A bilinear score is additive in its query. With a departure f(q + q′) ≠ f(q) + f(q′) under ${ADDITIVE} for ` +
      "general and over it for concat, the learnt functions are of different classes: it does not hold. If both are " +
      "additive, or neither, no difference is seen. Equal dimensions only; a small run says nothing of unequal ones.",
  };
  const missing = runs.lacking(["general", "concat"]);
  if (missing) return untested(statement, missing);
  const general = runs.estimate("general", "additivity");
  const concat = runs.estimate("concat", "additivity");
  if (!general || !concat) return untested(statement, noRows);
  const differ = general.mean < ADDITIVE && concat.mean >= ADDITIVE;
  const errors = runs.difference("general", "concat", "per", TEST);
  return judged(
    statement,
    differ ? "does not hold" : "no difference seen",
    `Relative departure from additivity in the query, after training: general ${small(general)}, concat ${
      small(concat)
    }.${errors ? ` In errors, PER of general − concat: ${points(errors)}.` : ""}`,
  );
}

function small(estimate: Interval): string {
  if (estimate.mean > 0 && estimate.mean < 1e-3) return `${formatNumber(estimate.mean * 1e6)} × 10⁻⁶`;
  return formatEstimate(estimate);
}

/** Claim 7: the range of tanh and of the score. */
export function tanhRange(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "tanh maps the score to [0, 1].",
    theory: "Wrong: tanh lies in (−1, 1), and the score is vᵀ tanh(·), in (−‖v‖₁, ‖v‖₁).",
    rule:
      "Does not hold when both tanh and the score leave [0, 1] in some trial; holds when neither does; one of the two, " +
      "in part.",
  };
  const missing = runs.lacking(["concat"]);
  if (missing) return untested(statement, missing);
  const range = (name: string) => {
    const low = [...runs.bySeed("concat", `${name}/min`).values()];
    const high = [...runs.bySeed("concat", `${name}/max`).values()];
    return low.length > 0 && high.length > 0 ? [Math.min(...low), Math.max(...high)] as const : undefined;
  };
  const [tanh, score, bounds] = [range("activation"), range("score"), [
    ...runs.bySeed("concat", "score/bound").values(),
  ]];
  if (!tanh || !score) return untested(statement, noRows);
  const inside = [tanh, score].filter(([low, high]) => low >= 0 && high <= 1).length;
  const verdict: Verdict = inside === 2 ? "holds" : inside === 1 ? "holds in part" : "does not hold";
  const print = ([low, high]: readonly [number, number]) => `[${formatNumber(low)}, ${formatNumber(high)}]`;
  return judged(
    statement,
    verdict,
    `Over the shown words and all seeds tanh lies in ${print(tanh)} and concat's score in ${print(score)}${
      bounds.length > 0 ? `; its bound ‖v‖₁ is ${formatNumber(Math.max(...bounds))}` : ""
    }.`,
  );
}

/** Claim 8: what the tanh does to gradients. */
export function tanhGradients(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "The tanh in the score prevents exploding and solves vanishing gradients.",
    theory:
      "Wrong: tanh′ = 1 − tanh² lies in (0, 1] and can only shrink a gradient; saturation causes vanishing. Whether an " +
      "RNN's gradients explode is up to its recurrent Jacobian, not to the scorer.",
    rule:
      `Explodes: a gradient norm over ${EXPLODES} times its trial's median, or not finite. Vanishes: the gradient at the ` +
      `memory ends under ${VANISHES} of its largest. If concat does either, it does not hold. If concat does neither but ` +
      "a score without tanh (dot, scaled dot, general) does both, it holds; one of them, in part. If none does, there was " +
      "nothing to prevent: no difference seen. Words are short, and the norm is clipped before each step, so a run like " +
      "this can hardly show an explosion.",
  };
  const without = ["dot", "scaled dot", "general"].filter((score) => runs.has(score));
  const missing = runs.lacking(["concat"]) ??
    (without.length === 0 ? "This run has no score without tanh to compare with." : undefined);
  if (missing) return untested(statement, missing);
  const seen = (score: string) => ({ explodes: explodes(runs, score), vanishes: vanishes(runs, score) });
  const [concat, others] = [seen("concat"), without.map((score) => ({ score, ...seen(score) }))];
  const slope = runs.estimate("concat", "slope");
  const ends = ["concat", ...without].map((score) => ({ score, norm: runs.estimate(score, "gradient/memory") }));
  if (concat.explodes === undefined || others.some((other) => other.explodes === undefined) || !slope) {
    return untested(statement, noRows);
  }
  const explode = others.some((other) => other.explodes), vanish = others.some((other) => other.vanishes);
  const verdict: Verdict = concat.explodes || concat.vanishes
    ? "does not hold"
    : explode && vanish
    ? "holds"
    : explode || vanish
    ? "holds in part"
    : "no difference seen";
  const troubled = [{ score: "concat", ...concat }, ...others].flatMap(({ score, explodes, vanishes }) => [
    ...(explodes ? [`${score} explodes`] : []),
    ...(vanishes ? [`${score} vanishes`] : []),
  ]);
  const norms = ends.flatMap(({ score, norm }) => norm ? [`${score} ${formatEstimate(norm)}`] : []);
  return judged(
    statement,
    verdict,
    `The mean slope of concat's tanh is ${
      formatEstimate(slope)
    }: gradients through it shrink by that factor on average. ${
      troubled.length === 0 ? "No gradient explodes or vanishes." : `By the rule below, ${listWords(troubled)}.`
    } Gradient norm at the memory at the end: ${listWords(norms)}.`,
  );
}

function explodes(runs: ScoreRuns, score: string): boolean | undefined {
  const trials = [...Map.groupBy(runs.every("gradient/global", { score }), ({ trial }) => trial).values()];
  if (trials.length === 0) return undefined;
  return trials.some((rows) => {
    const values = rows.map(({ value }) => value);
    if (values.some((value) => !Number.isFinite(value))) return true;
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[sorted.length - 1] > EXPLODES * sorted[Math.floor((sorted.length - 1) / 2)];
  });
}

function vanishes(runs: ScoreRuns, score: string): boolean {
  const trials = [...Map.groupBy(runs.select("gradient/memory", { score }), ({ trial }) => trial).values()];
  return trials.some((rows) => {
    const last = rows.reduce((a, b) => b.step >= a.step ? b : a);
    return last.value < VANISHES * Math.max(...rows.map(({ value }) => value));
  });
}

/** Claim 9: general is best. */
export function generalBest(runs: ScoreRuns): Judged {
  return bestClaim(runs, "general", {
    claim: "In sequence-to-sequence models general is best.",
    theory:
      "Wrong as a rule: in Luong et al. 2015, Table 4, dot is best for global attention (20.5 against 19.1 BLEU) and " +
      "general for local-p (20.9); in Britz et al. 2017 (secondary source) the additive score is slightly best.",
  });
}

/** Claim 10: location is better. */
export function locationBest(runs: ScoreRuns): Judged {
  return bestClaim(runs, "location", {
    claim: "Location gives the better result.",
    theory:
      "Wrong: in Luong et al. 2015, Table 4, location has the highest perplexity of global attention (6.4) and the " +
      "smallest gain from replacing unknown words (+1.2); the best is local-p with general. Before that replacement it " +
      "beats general (18.1 against 17.3 BLEU).",
  });
}

function bestClaim(runs: ScoreRuns, subject: string, about: Omit<Statement, "rule">): Judged {
  const statement: Statement = {
    ...about,
    rule:
      `PER on the test words, ${subject} − each other of Heed's scores in the run, paired by seed, 95% t-intervals, not ` +
      `corrected for their number. Some interval above 0: it does not hold. All below 0: it holds. ${
        opening(subject)
      } has the lowest mean and some are below 0: in part. Otherwise no difference is seen. One seed tests nothing. ` +
      "Short words pronounced by a small model are not translation: a verdict here is on this task only.",
  };
  const missing = runs.lacking([subject]);
  if (missing) return untested(statement, missing);
  const own = runs.estimate(subject, "per", TEST);
  const others = knownScores.filter((score) => score !== subject && runs.has(score)).flatMap((score) => {
    const difference = runs.difference(subject, score, "per", TEST);
    return difference ? [{ score, difference, mean: runs.mean(score, "per", TEST)! }] : [];
  });
  if (!own || others.length === 0) {
    return untested(statement, own ? "This run has no other score to compare with." : noRows);
  }
  const measured = `PER ${percent(own)}; ${subject} − other: ${
    listWords(others.map(({ score, difference }) => `${score} ${points(difference)}`))
  }.`;
  if (others.every(({ difference }) => difference.count < 2)) {
    return untested(statement, `${measured} One seed gives no interval, and can't tell a difference from chance.`);
  }
  const worse = others.some(({ difference }) => difference.low > 0);
  const better = others.filter(({ difference }) => difference.high < 0).length;
  const lowest = others.every(({ mean }) => own.mean < mean);
  const verdict: Verdict = worse
    ? "does not hold"
    : better === others.length
    ? "holds"
    : lowest && better > 0
    ? "holds in part"
    : "no difference seen";
  return judged(statement, verdict, measured);
}
