/**
 * What is scored within a pass: where passes are few, errors after each would make no curve.
 *
 * @module
 */
import { concatMap, defer, from, type Observable } from "rxjs";
import { type Parameters, withParameters } from "../../operators/mod.ts";
import type { Batch } from "../../operators/records.ts";

/** Passes from which on their ends are curve enough. */
const MANY = 5;

/** Shares of a pass after which dev words are scored besides its end: fifths of a single pass, halves of few. */
export function marksWithin(passes: number): readonly number[] {
  const parts = passes === 1 ? 5 : passes < MANY ? 2 : 1;
  return Array.from({ length: parts - 1 }, (_, at) => (at + 1) / parts);
}

/**
 * Copies of what was learnt as a pass goes by its marks. They are scored when the pass is over, with parameters of their
 * own, so that training is the same to the last digit with marks and without.
 */
export class Snapshots {
  readonly #taken: { readonly mark: number; readonly state: ReturnType<Parameters["save"]> }[] = [];
  #ahead: readonly number[];
  #seen = 0;

  /**
   * @param total Examples in the pass.
   * @param marks Shares of the pass, ascending.
   */
  constructor(readonly parameters: Parameters, readonly total: number, marks: readonly number[]) {
    this.#ahead = marks;
  }

  /**
   * Takes note of a batch before it is learnt from. A step is done when the next batch comes, while its report may come
   * later: so what is copied here is exactly what the batches before left.
   */
  before({ size }: Pick<Batch, "size">): void {
    const passed = this.#ahead.filter((mark) => mark * this.total <= this.#seen);
    // A long step may go by several marks: what it left stands for the last of them.
    if (passed.length > 0) this.#taken.push({ mark: passed[passed.length - 1], state: this.parameters.save() });
    this.#ahead = this.#ahead.slice(passed.length);
    this.#seen += size;
  }

  /** Hands each copy to `score`, one after the other, in the order of their marks. */
  each<T>(score: (mark: number, parameters: Parameters) => Observable<T>): Observable<T> {
    return defer(() => from(this.#taken)).pipe(
      concatMap(({ mark, state }) =>
        withParameters(this.parameters.seed, (parameters) =>
          defer(() => state).pipe(concatMap((state) => {
            parameters.restore(state);
            return score(mark, parameters);
          })))
      ),
    );
  }
}
