/**
 * The source notes' claims on decoder paths (THEORY.md 4.1, rows 1 to 6) and on scores inside them (3.1, rows 7 to 10),
 * each held against theory and against the stored rows. Verdicts are computed.
 *
 * @module
 */
import {
  type Effect,
  formatEstimate,
  formatNumber,
  formatRange,
  formatShare,
  meanInterval,
  type Verdict,
} from "../../reports/mod.ts";
import { type Judged, judged, noRows, type Statement, untested } from "../claims.ts";
import { EFFECTS, pathName } from "./design.ts";
import type { PathRuns } from "./runs.ts";

const TEST = { set: "test" };
/** A change of weights below this is rounding. */
const NOTHING = 1e-6;

/** All ten, those on paths first. */
export function claimsOf(runs: PathRuns): Judged[] {
  return [
    order(runs, "bahdanau"),
    order(runs, "luong"),
    twoDirections(runs),
    whichScores(runs),
    locationBest(runs, "Location is best (section on the two decoders)."),
    generality(runs),
    tanhRange(),
    tanhGradients(runs),
    generalBest(runs),
    locationBest(runs, "Location gives the better result (section b)."),
  ];
}

function order(runs: PathRuns, path: "bahdanau" | "luong"): Judged {
  const first = path === "bahdanau";
  const statement: Statement = {
    claim: first ? "First decoder: h(t−1) → α(t) → c(t) → h(t)." : "Second decoder: h(t) → α(t) → c(t) → h̃(t).",
    theory: first
      ? "Right: the weights of a step are made from the state before it, so that the symbol just said can't move them."
      : "Right: the weights are made from the state that has read the symbol just said. Luong et al. 2015, 3.1, say the same.",
    rule:
      `The symbol before a step is replaced by another. The step's weights stay (change under ${NOTHING}) when attention ` +
      "comes before the state, and move when it comes after. Holds when every trial of the path does what its order says.",
  };
  const rows = runs.select("precedes").filter(({ labels }) => String(labels.path).startsWith(path));
  if (rows.length === 0) return untested(statement, noRows);
  const most = Math.max(...rows.map(({ value }) => value)), least = Math.min(...rows.map(({ value }) => value));
  const holds = first ? most < NOTHING : least > NOTHING;
  return judged(
    statement,
    holds ? "holds" : "does not hold",
    `Largest change of a weight, over ${formatNumber(rows.length)} trials: ${formatNumber(least)} to ${
      formatNumber(most)
    }.`,
  );
}

function effectOn(runs: PathRuns, name: string, time = false): Effect | undefined {
  const fit = time ? runs.effects("speed/examples", {}, (speed) => -Math.log(speed)) : runs.effects("per", TEST);
  return fit?.effects.find((effect) => effect.name === name);
}

function said(effect: Effect | undefined): string {
  return effect === undefined
    ? "not measured"
    : `${effect.mean > 0 ? "+" : ""}${formatRange({ ...effect, count: 2 })} points of PER`;
}

function twoDirections(runs: PathRuns): Judged {
  const statement: Statement = {
    claim: "The first encoder is bidirectional, which costs more; the second is unidirectional.",
    theory:
      "Right: two directions of the same units are twice the encoder's layer, not twice the model. With half the units in " +
      "each, as here, the memory is as wide and the cost is lower.",
    rule:
      "Two parts. With as many units in each direction, the closed form of the encoder's operations says at least 1.5 times; and " +
      "at equal width of the memory, training on two directions is seen to take longer (95% t-interval above 1). Both: holds. " +
      "One: holds in part. None: does not hold.",
  };
  const ratios = runs.select("directions", { cell: "gru" }).map(({ value }) => value);
  const time = effectOn(runs, "direction", true);
  if (ratios.length === 0 || !time) return untested(statement, noRows);
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const parts = Number(mean >= 1.5) + Number(time.low > 0);
  const factor = { mean: Math.exp(time.mean), low: Math.exp(time.low), high: Math.exp(time.high), count: 2 };
  return judged(
    statement,
    (["does not hold", "holds in part", "holds"] as const)[parts],
    `Operations of the encoder with as many units in each direction: ${
      formatNumber(mean)
    } times. At equal width of the ` +
      `memory, training takes ${formatRange(factor)} times as long${
        time.distinguishable ? "" : ": no difference is seen"
      }. In errors, ${EFFECTS.direction}: ${said(effectOn(runs, "direction"))}.`,
  );
}

function whichScores(runs: PathRuns): Judged {
  const statement: Statement = {
    claim: "The first uses concat alone; the second dot, general, concat and location.",
    theory: "Right about the papers. Nothing in either path asks for it.",
    rule:
      "A claim about papers can't be measured. What can: when each path learnt with both general and concat (PER under 95%), " +
      "the restriction is the papers' and not the paths', and the claim holds in part. The four aren't held against each " +
      "other: the quick design changes the cell along with them.",
  };
  const combinations = ["luong", "bahdanau"].flatMap((path) => ["general", "concat"].map((score) => ({ path, score })));
  const found = combinations.map((labels) => ({
    ...labels,
    rows: runs.select("per", { ...TEST, part: "factorial", ...labels }),
  })).map((each) => ({
    ...each,
    per: each.rows.length === 0 ? undefined : meanInterval(each.rows.map(({ value }) => value)),
  }));
  if (found.some(({ per }) => per === undefined)) return untested(statement, noRows);
  return judged(
    statement,
    found.every(({ per }) => per!.mean < 95) ? "holds in part" : "holds",
    `PER on unseen words, over all else: ${
      found.map(({ path, score, per }) => `${pathName(path)} with ${score} ${formatEstimate(per!)}%`).join(", ")
    }.`,
  );
}

function locationBest(runs: PathRuns, claim: string): Judged {
  const statement: Statement = {
    claim,
    theory:
      "Wrong: in Luong et al. 2015, Table 4, the best is local-p with general; location has the highest perplexity of global " +
      "attention (6.4).",
    rule:
      "PER of location − general, both on Luong's path with all else at its low level, paired by seed, 95% t-interval. Above " +
      "0: does not hold. Below 0: holds in part (of two scores). Otherwise no difference is seen. One seed tests nothing.",
  };
  const base = { ...TEST, path: "luong", direction: "unidirectional", scope: "global", cell: "gru" };
  const difference = runs.difference(
    "per",
    { ...base, score: "location", part: "scores" },
    { ...base, score: "general", part: "factorial" },
  );
  if (!difference) return untested(statement, noRows);
  const measured = `PER, location − general: ${formatEstimate(difference)} points over ${
    formatNumber(difference.count)
  } seeds.`;
  if (difference.count < 2) return untested(statement, `${measured} One seed can't tell a difference from chance.`);
  return judged(statement, verdictOf(difference.low, difference.high), measured);
}

function verdictOf(low: number, high: number): Verdict {
  return low > 0 ? "does not hold" : high < 0 ? "holds in part" : "no difference seen";
}

function generality(runs: PathRuns): Judged {
  const statement: Statement = {
    claim: "An advantage of the second is its generality.",
    theory: "Right; local attention and input feeding are missing from the notes.",
    rule:
      "How many combinations of score and scope have a trial that learnt (PER under 95%) on each path. Luong's with more: " +
      "holds. As many: holds in part (each path takes all of them here). Fewer: does not hold.",
  };
  const count = (path: string) =>
    new Set(
      runs.select("per", { ...TEST, part: "factorial" })
        .filter(({ labels, value }) => labels.path === path && value < 95)
        .map(({ labels }) => `${labels.score} ${labels.scope}`),
    ).size;
  const [luong, bahdanau] = [count("luong"), count("bahdanau")];
  if (luong + bahdanau === 0) return untested(statement, noRows);
  return judged(
    statement,
    luong > bahdanau ? "holds" : luong === bahdanau ? "holds in part" : "does not hold",
    `Combinations of score and scope that learnt: Luong ${formatNumber(luong)}, Bahdanau ${formatNumber(bahdanau)}.`,
  );
}

function tanhRange(): Judged {
  return untested(
    {
      claim: "tanh maps the score to [0, 1].",
      theory: "Wrong: tanh lies in (−1, 1), and the score is vᵀ tanh(·), in (−‖v‖₁, ‖v‖₁).",
      rule: "Judged where the learnt score is measured: claim 7 of scores.html.",
    },
    "Claim 7 of scores.html (deno task pipeline scores) measures how far tanh and the learnt score reach, and judges it.",
  );
}

function tanhGradients(runs: PathRuns): Judged {
  const statement: Statement = {
    claim: "The tanh in the score prevents exploding and solves vanishing gradients.",
    theory:
      "Wrong: tanh′ = 1 − tanh² can only shrink a gradient. What shortens the way is attention as a whole, with any score.",
    rule:
      "Before learning, the gradient at the most distant source symbol over that at the nearest, on the copy task. If " +
      "attention without a tanh (general) keeps at least half as much as with it (concat), the tanh is not what does it: does not " +
      "hold. If only concat keeps more than no attention does, it holds. Otherwise no difference is seen.",
  };
  const kept = (labels: Record<string, string>) => runs.kept(labels)?.share;
  const concat = kept({ score: "concat", scope: "global" });
  const general = kept({ score: "general", scope: "global" });
  const without = kept({ scope: "none" });
  if (concat === undefined || general === undefined || without === undefined) return untested(statement, noRows);
  const verdict: Verdict = general >= concat / 2
    ? "does not hold"
    : concat > 2 * without && general <= 2 * without
    ? "holds"
    : "no difference seen";
  return judged(
    statement,
    verdict,
    `Share that is left at the greatest distance: ${formatShare(concat)} with concat, ${
      formatShare(general)
    } with general, ${formatShare(without)} without attention.`,
  );
}

function generalBest(runs: PathRuns): Judged {
  const statement: Statement = {
    claim: "In sequence-to-sequence models general is best.",
    theory:
      "Wrong as a rule: in Luong et al. 2015, Table 4, dot is best for global attention (20.5 against 19.1 BLEU) and general " +
      "for local-p (20.9).",
    rule:
      "The main effect general → concat on PER. Above 0: holds in part (of two scores). Below 0: does not hold. Otherwise no " +
      "difference is seen.",
  };
  const effect = effectOn(runs, "score");
  if (!effect) return untested(statement, noRows);
  return judged(
    statement,
    effect.low > 0 ? "holds in part" : effect.high < 0 ? "does not hold" : "no difference seen",
    `${EFFECTS.score}: ${said(effect)}.`,
  );
}
