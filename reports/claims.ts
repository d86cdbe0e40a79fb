/**
 * Claims: what somebody says, what theory says, what was measured here, and the verdict.
 *
 * @module
 */

/** Every verdict, in the order of the legend. */
export const verdicts = [
  "holds",
  "holds in part",
  "does not hold",
  "no difference seen",
  "not tested here",
] as const;

/** What these runs say about a claim. */
export type Verdict = (typeof verdicts)[number];

/** One claim held against theory and measurement. */
export interface Claim {
  /** The claim, quoted in short. */
  readonly claim: string;
  /** What theory says, with its source. */
  readonly theory: string;
  /** What these runs measured, with numbers. */
  readonly measured: string;
  readonly verdict: Verdict;
}

/** The claims block of a page. */
export interface Claims {
  readonly kind: "claims";
  readonly claims: readonly Claim[];
}

/** Makes the claims block of a page; verdicts are computed by the pipeline, from rows. */
export function claims(list: readonly Claim[]): Claims {
  return { kind: "claims", claims: list };
}
