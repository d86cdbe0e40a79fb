/**
 * The answer in one sentence, and the comparison that it rests on: every score against the one with the fewest errors,
 * paired by seed.
 *
 * @module
 */
import { type Difference, formatCount, formatNumber, type Interval, listWords } from "../../reports/mod.ts";
import { opening, percent, points, type ScoreRuns } from "./runs.ts";

const TEST = { set: "test" };
/** Word error rate, in %, from which on a model has learnt nothing that could be compared. */
const UNLEARNT = 99;

/** A PER in words: over 100% it is no share of the phonemes, because insertions count. */
function rateOf(estimate: Interval): string {
  return estimate.mean > 100 ? `${formatNumber(estimate.mean, 0)} edits per 100 phonemes` : percent(estimate);
}

/** One score's phoneme error rate on the test words, and how far it is from the best. */
export interface Ranked {
  readonly score: string;
  readonly estimate: Interval;
  /** This score − the best, paired by seed; none for the best itself, or where they share no seed. */
  readonly difference: Difference | undefined;
}

/** Scores with test words scored, fewest errors first. */
export function ranking(runs: ScoreRuns): Ranked[] {
  const ranked = runs.ranked("per", TEST);
  return ranked.map(({ score, estimate }, index) => ({
    score,
    estimate,
    difference: index === 0 ? undefined : runs.difference(score, ranked[0].score, "per", TEST),
  }));
}

/** The page's headline, from the rows alone. A difference is claimed only when its interval leaves out zero. */
export function headlineOf(runs: ScoreRuns): string {
  const ranked = ranking(runs);
  if (ranked.length === 0) return "No finished trial has scored the test words yet, so there is no answer.";
  const [best, ...others] = ranked;
  const wrong = runs.ranked("wer", TEST);
  if (wrong.length > 0 && wrong.every(({ estimate }) => estimate.mean >= UNLEARNT)) {
    return `Nothing was learnt yet, so no scores can be compared: ${
      wrong.length === 1 ? opening(wrong[0].score) : "every score"
    } gets at least ${formatNumber(UNLEARNT)}% of the unseen words wrong (PER ${rateOf(best.estimate)}${
      others.length === 0 ? "" : ` to ${rateOf(ranked[ranked.length - 1].estimate)}`
    }).`;
  }
  const words = runs.words("test");
  const unseen = words === undefined
    ? "unseen words"
    : `${formatNumber(words)} unseen ${words === 1 ? "word" : "words"}`;
  const rate = `PER ${percent(best.estimate)}`;
  if (others.length === 0) {
    const seeds = best.estimate.count;
    return `${opening(best.score)} mispronounces ${percent(best.estimate)} of the phonemes of ${unseen} ` +
      `(${formatCount(seeds, "seed")}${seeds === 1 ? ", so no interval" : ""}); it is the only score in this run, ` +
      "so nothing is compared.";
  }
  if (ranked.every(({ estimate }) => estimate.count === 1)) return oneSeed(best, others, unseen);
  const isSeen = ({ difference }: Ranked) => difference?.distinguishable === true;
  const alike = others.filter((other) => !isSeen(other));
  const worse = others.filter(isSeen);
  const leads = `${opening(best.score)} makes the fewest errors on ${unseen} (${rate})`;
  if (alike.length === 0) {
    const [nearest] = others;
    return others.length === 1
      ? `${leads}: ${nearest.score} is behind by ${behind(nearest)}, more than seeds explain.`
      : `${leads}: every other score is behind by more than seeds explain, ${nearest.score} by ${
        behind(nearest)
      } at the least.`;
  }
  const same = `no difference from ${
    worse.length === 0 && others.length > 1 ? "any other score" : listWords(alike.map(({ score }) => score))
  } is seen`;
  if (worse.length === 0) return `${leads}, but ${same}.`;
  const last = worse[worse.length - 1];
  return `${leads}, but ${same}; ${
    worse.length === 1
      ? `${last.score} is behind by ${behind(last)}`
      : `${listWords(worse.map(({ score }) => score))} are behind, ${last.score} by ${behind(last)}`
  }.`;
}

function behind({ difference }: Ranked): string {
  return points(difference!).replace(/^\+/, "");
}

function oneSeed(best: Ranked, others: readonly Ranked[], unseen: string): string {
  const equal = [best, ...others.filter(({ estimate }) => estimate.mean === best.estimate.mean)];
  const caution = "one seed gives no interval, so whether they differ is not known";
  if (equal.length > 1) {
    const names = listWords(equal.map(({ score }) => score));
    return `In one seed, ${names} make equally few errors on ${unseen} (PER ${percent(best.estimate)}); ${caution}.`;
  }
  return `In one seed, ${best.score} makes the fewest errors on ${unseen} (PER ${percent(best.estimate)}, ` +
    `next is ${others[0].score} with ${percent(others[0].estimate)}); ${caution}.`;
}
