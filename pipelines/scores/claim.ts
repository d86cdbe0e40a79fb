/**
 * What one judged claim of the score comparison is.
 *
 * @module
 */
import type { Claim, Verdict } from "../../reports/mod.ts";
import type { ScoreRuns } from "./runs.ts";

/** A claim with the rule that its verdict follows. */
export interface Judged extends Claim {
  /** When the verdict is which, in a sentence. */
  readonly rule: string;
}

/** What of a claim doesn't depend on the rows. */
export interface Statement {
  readonly claim: string;
  readonly theory: string;
  readonly rule: string;
}

/** A claim with its verdict. */
export function judged(statement: Statement, verdict: Verdict, measured: string): Judged {
  return { ...statement, verdict, measured };
}

/** A claim that needs scores or rows that this run lacks. */
export function untested(statement: Statement, reason: string): Judged {
  return judged(statement, "not tested here", reason);
}

/** Names what a run lacks, or nothing when it has all of them. */
export function lacking(runs: ScoreRuns, needed: readonly string[]): string | undefined {
  const missing = needed.filter((score) => !runs.has(score));
  if (missing.length === 0) return undefined;
  return `This run has no trial of ${missing.join(" or ")}.`;
}

/** What is said when a score was run but its rows don't hold the number. */
export const noRows = "This run's rows don't hold the numbers that it needs.";
