/**
 * Search by hand: a tiny model whose next-symbol distribution depends on all symbols so far, every hypothesis of it by
 * enumeration, and beam search on plain lists.
 *
 * @module
 */

/** One hypothesis with its end mark, if it came to one. */
export interface Candidate {
  readonly ids: number[];
  readonly logProbability: number;
  readonly ended: boolean;
}

/** Marks that search treats in its own way. */
export interface Marks {
  readonly pad: number;
  readonly begin: number;
  readonly end: number;
}

/** Log-probabilities of the next symbol after a prefix (begin mark not included). */
export type NextLogProbabilities = (prefix: number[]) => number[];

/** Every hypothesis of at most `maxLength` symbols, end mark included: those that ended, and those cut off. */
export function allCandidates(next: NextLogProbabilities, marks: Marks, maxLength: number): Candidate[] {
  const found: Candidate[] = [];
  const extend = (ids: number[], logProbability: number) => {
    if (ids.length === maxLength) {
      found.push({ ids, logProbability, ended: false });
      return;
    }
    next(ids).forEach((logP, id) => {
      if (id === marks.pad || id === marks.begin) return;
      if (id === marks.end) found.push({ ids: [...ids, id], logProbability: logProbability + logP, ended: true });
      else extend([...ids, id], logProbability + logP);
    });
  };
  extend([], 0);
  return found;
}

/** A candidate's rank value: log-probability / length^alpha. */
export function rankValue(candidate: Candidate, alpha: number): number {
  return candidate.logProbability / candidate.ids.length ** alpha;
}

/** Beam search on plain lists, best first. */
export function beamReference(
  next: NextLogProbabilities,
  marks: Marks,
  { beams, maxLength, alpha = 0 }: { beams: number; maxLength: number; alpha?: number },
): Candidate[] {
  let beam: Candidate[] = [{ ids: [], logProbability: 0, ended: false }];
  for (let step = 0; step < maxLength; step++) {
    const candidates = beam.flatMap((hypothesis): Candidate[] =>
      hypothesis.ended
        ? [hypothesis]
        : next(hypothesis.ids).flatMap((logP, id) =>
          id === marks.pad || id === marks.begin ? [] : [{
            ids: [...hypothesis.ids, id],
            logProbability: hypothesis.logProbability + logP,
            ended: id === marks.end,
          }]
        )
    );
    beam = candidates.sort((a, b) => rankValue(b, alpha) - rankValue(a, alpha)).slice(0, beams);
  }
  return beam;
}
