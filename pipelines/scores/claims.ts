/**
 * The source notes' ten claims on score functions (THEORY.md 3.1), each held against theory and against the stored rows.
 * Verdicts are computed; the rule of each stands beside it and on the page.
 *
 * @module
 */
import type { Judged } from "../claims.ts";
import {
  concatParameters,
  dotCheapest,
  dotParameters,
  generalAndConcatCost,
  generalParameters,
} from "./claims_cost.ts";
import { generalAndConcatPower, generalBest, locationBest, tanhGradients, tanhRange } from "./claims_learning.ts";
import type { ScoreRuns } from "./runs.ts";

/** All ten, in the notes' order. */
export function claimsOf(runs: ScoreRuns): Judged[] {
  return [
    generalAndConcatPower,
    generalAndConcatCost,
    dotParameters,
    generalParameters,
    concatParameters,
    dotCheapest,
    tanhRange,
    tanhGradients,
    generalBest,
    locationBest,
  ].map((judge) => judge(runs));
}
