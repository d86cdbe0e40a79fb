/**
 * Claims with the rules of their verdicts: how every pipeline judges what somebody says, and the section that shows it.
 *
 * @module
 */
import { type Claim, claims, html, type Section, section, type Verdict } from "../reports/mod.ts";

/** What of a claim doesn't depend on the rows. */
export interface Statement {
  /** The claim, quoted in short. */
  readonly claim: string;
  /** What theory says, with its source. */
  readonly theory: string;
  /** When the verdict is which, in a sentence. */
  readonly rule: string;
}

/** A claim with its verdict and the rule that the verdict follows. */
export interface Judged extends Claim, Statement {}

/** A claim with its verdict. */
export function judged(statement: Statement, verdict: Verdict, measured: string): Judged {
  return { ...statement, verdict, measured };
}

/** A claim that needs what this run lacks. */
export function untested(statement: Statement, reason: string): Judged {
  return judged(statement, "not tested here", reason);
}

/** What is said when something was run but its rows don't hold the number. */
export const noRows = "This run's rows don't hold the numbers that it needs.";

/** The section of a page: where the claims are from, each with its verdict, and the rules, folded away. */
export function claimsSection(origin: string, list: readonly Judged[]): Section {
  return section(
    "The claims",
    origin,
    claims(list),
    html`
      <details class="words">
        <summary>The rules of the verdicts</summary>
        <ol>${list.map(({ rule }) => html`<li>${rule}</li>`)}</ol>
      </details>
    `,
  );
}
