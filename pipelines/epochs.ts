/**
 * Learning in epochs, as every trial does that trains a model: go on from a checkpoint, learn what remains epoch after
 * epoch, store each with a new checkpoint, and tell the end in one event.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { concat, concatMap, defer, EMPTY, map, type Observable, range, reduce } from "rxjs";
import { type Parameters, withParameters } from "../operators/mod.ts";
import type { Measurement } from "../operators/records.ts";
import type { TrialContext, TrialEvent } from "./experiment.ts";

/** The share of a trial's progress that its epochs are; the rest is what is measured after them. */
const LEARNING = 0.95;

/** What a trial goes on from: epochs done and everything that was learnt. */
interface Checkpoint {
  readonly epochs: number;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
}

/** One epoch, learnt and then measured. */
export interface Epoch {
  /** Learns. Emits the share of the epoch that is done, 0 to 1, as often as a progress bar shall move. */
  readonly learn: Observable<number>;
  /** Rows of the epoch, measured when it is learnt. An epoch that emits none is not stored, nor is a checkpoint. */
  readonly rows: Observable<readonly Measurement[]>;
}

/** A trial's learning from beginning to end. */
export interface Course {
  /** Events before anything is learnt; a trial that goes on from a checkpoint has told them already. */
  begin(): Observable<TrialEvent>;
  readonly epochs: number;
  /** The epoch of this number, from 1. What is random in it must depend on the number, not on the epochs before. */
  epoch(epoch: number): Epoch;
  /** Rows of the end, measured when all epochs are learnt. */
  end(): Observable<readonly Measurement[]>;
}

/**
 * Runs a course with parameters of its own, which are freed when the stream ends, fails, or is left.
 *
 * @param seed Decides the initial values of parameters.
 * @param course What to learn, given parameters that hold the checkpoint's values.
 * @returns An event with a checkpoint for each epoch, events without rows on the way, and one event for the end. Errors
 * end the stream; a checkpoint that doesn't say how many epochs are done is one.
 */
export function learnInEpochs(
  seed: number,
  { checkpoint }: TrialContext,
  course: (parameters: Parameters) => Course,
): Observable<TrialEvent> {
  return withParameters(seed, (parameters) =>
    defer(() => {
      const done = checkpoint ? restore(parameters, checkpoint) : 0;
      const learning = course(parameters);
      const { epochs } = learning;
      return concat(
        done === 0 ? learning.begin() : EMPTY,
        range(done + 1, Math.max(0, epochs - done)).pipe(
          concatMap((epoch) => oneEpoch(parameters, learning.epoch(epoch), epoch, epochs)),
        ),
        // One event: the trial's end is stored whole or not at all.
        defer(() => learning.end()).pipe(reduce(joined, []), map((rows) => ({ rows, progress: 1 }))),
      );
    }));
}

/** Takes back what was learnt, and says after how many epochs. */
function restore(parameters: Parameters, checkpoint: Uint8Array): number {
  const { epochs, parameters: saved } = deserialize(checkpoint) as Checkpoint;
  if (!Number.isInteger(epochs)) {
    throw new TypeError(
      `Cannot go on from a checkpoint as it must say how many epochs are done: current value is ${epochs}`,
    );
  }
  parameters.restore(saved);
  return epochs;
}

function oneEpoch(
  parameters: Parameters,
  { learn, rows }: Epoch,
  epoch: number,
  epochs: number,
): Observable<TrialEvent> {
  const progress = (share: number) => LEARNING * (epoch - 1 + share) / epochs;
  return concat(
    learn.pipe(map((share) => ({ rows: [], progress: progress(share) }))),
    rows.pipe(
      reduce(joined),
      concatMap(async (rows): Promise<TrialEvent> => {
        const state: Checkpoint = { epochs: epoch, parameters: await parameters.save() };
        return { rows, checkpoint: serialize(state), progress: progress(1) };
      }),
    ),
  );
}

function joined(all: readonly Measurement[], some: readonly Measurement[]): readonly Measurement[] {
  return [...all, ...some];
}
