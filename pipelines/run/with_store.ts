/**
 * Rows of a chain of one's own in a run store: what `record` writes to.
 *
 * @module
 */
import { defer, from, type Observable, switchMap, tap, using } from "rxjs";
import type { RowSink } from "../../operators/mod.ts";
import type { Trial } from "../experiment.ts";
import { Store } from "./store.ts";
import { trialId } from "./trial.ts";

/** What names the rows of one chain: together they are the trial's identity, as those of a pipeline's trials are. */
export interface StoredChain {
  /** What the chain is called. */
  readonly pipeline: string;
  /** What it was made with. @default {} */
  readonly options?: Trial["options"];
  readonly seed: number;
  /** Raise it when the chain measures something else. @default "1" */
  readonly version?: string;
}

/** Where a chain's rows go. */
export interface TrialSink extends RowSink {
  /** The id that every row must carry as its `trial`. */
  readonly trial: string;
}

/**
 * A stream that may write to a run store as long as its subscription lives. The trial is finished when the stream
 * completes, and failed when it fails; what was stored until then stays in either case. A trial that was left or failed
 * begins anew: its earlier rows are taken away at the next subscription.
 *
 * ```ts
 * import { range, map } from "rxjs";
 * import { record } from "@heed/heed/operators";
 * import { withStore } from "@heed/heed/pipelines";
 *
 * const squares = withStore("rows.sqlite", { pipeline: "squares", seed: 1 }, (sink) =>
 *   range(1, 5).pipe(
 *     map((step) => ({ trial: sink.trial, metric: "square", step, value: step ** 2, unit: "1", labels: {} })),
 *     record(sink),
 *   ));
 * ```
 *
 * @param path The SQLite file, made when there is none; `new Store(path).rows([trial])` reads it.
 * @param stream What to measure; rows go through `record(sink)`.
 * @returns What the stream emits. It fails with an InputError when the store can't be used, and with an Error when the
 *     trial is finished already, or a row belongs to another trial.
 */
export function withStore<T>(
  path: string,
  { pipeline, options = {}, seed, version = "1" }: StoredChain,
  stream: (sink: TrialSink) => Observable<T>,
): Observable<T> {
  const content = { pipeline, options, seed, version };
  return defer(() => from(trialId(content))).pipe(
    switchMap((id) =>
      using(() => opened(path), (resource) => {
        const { store } = resource as ReturnType<typeof opened>;
        store.claim({ id, ...content });
        return stream({ trial: id, append: (rows) => store.append(id, { rows, progress: 0 }) }).pipe(
          tap({
            complete: () => store.finish(id),
            error: (error) => store.fail(id, String((error as Error)?.message ?? error).split("\n")[0]),
          }),
        );
      })
    ),
  );
}

function opened(path: string) {
  const store = new Store(path);
  return { store, unsubscribe: () => store.close() };
}
