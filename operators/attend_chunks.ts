/** @module attendChunks: causal attention over a sequence longer than memory, chunk by chunk */
import { Observable, type OperatorFunction } from "rxjs";
import { Gate } from "./demand.ts";
import { carry, lend, settle, type Settled } from "./loan.ts";
import type { AttentionMechanism, AttentionState } from "./numerics/attention_mechanism.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "./numerics/tf.ts";
import { type AttentionChunk, InputError, type Numbers } from "./records.ts";
import { subscribeWithin } from "./subscribe_within.ts";

/** Options of {@linkcode attendChunks}. */
export interface AttendChunksOptions {
  /** The most positions that the sequence will have, for mechanisms that know positions by number. */
  readonly positions?: number;
  /**
   * Chunks that may lie between a pulled source and its outputs at a time.
   * @default {2} one in work and the next one ready
   */
  readonly inFlight?: number;
}

/**
 * Attends over chunks of one sequence in order: each position sees all chunks before its own, and its own chunk up to
 * itself. Outputs `[B, H, n, M]` equal those of the whole sequence, up to rounding.
 *
 * What is held is the mechanism's state and `inFlight` chunks: with a kernel's constant state a sequence of any length
 * passes in bounded memory; softmax's key-value cache grows with every chunk.
 *
 * ```ts
 * import { attendChunks, featureMaps, kernelMechanism, pull } from "@heed/heed/operators";
 * const one = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
 * const chunks = [2, 4].map((value) => ({ q: one, k: one, v: { shape: [1, 1, 1, 1], data: Float32Array.of(value) } }));
 * pull(chunks).pipe(attendChunks(kernelMechanism(featureMaps.elu())))
 *   .subscribe(({ values }) => console.log(values.output.data)); // [ 2 ], [ 3 ]
 * ```
 *
 * @throws InputError at once, when the mechanism has no state or `inFlight` is no positive integer; a chunk whose shapes
 * don't fit arrives as the stream's error.
 */
export function attendChunks(
  mechanism: AttentionMechanism,
  { positions, inFlight = 2 }: AttendChunksOptions = {},
): OperatorFunction<AttentionChunk, Settled<"output", AttentionChunk>> {
  if (!mechanism.state) {
    throw new InputError(
      `Cannot attend over chunks as a mechanism must have a state: current value is "${mechanism.name}"`,
    );
  }
  if (!(Number.isSafeInteger(inFlight) && inFlight > 0)) {
    throw new InputError(
      `Cannot attend over chunks as inFlight must be a positive integer: current value is ${inFlight}`,
    );
  }
  const start = (): AttentionState => mechanism.state!({ positions });
  return (source) =>
    gated(source, inFlight).pipe(
      lend(({ q, k, v, mask }: AttentionChunk): ChunkTensors => ({
        q: tensor(q) as Tensor4D,
        k: tensor(k) as Tensor4D,
        v: tensor(v) as Tensor4D,
        mask: mask && tensor(mask) as Tensor2D,
      })),
      carry(start, (state: AttentionState, { q, k, v, mask }: ChunkTensors) => {
        const { output, next } = state.step(q, k, v, mask);
        return { tensors: { output }, state: next };
      }),
      settle(({ output }: { readonly output: Tensor4D }) => ({ output })),
    );
}

interface ChunkTensors {
  readonly q: Tensor4D;
  readonly k: Tensor4D;
  readonly v: Tensor4D;
  readonly mask?: Tensor2D;
}

function tensor({ shape, data }: Numbers): Tensor {
  return tf.tensor(data, [...shape]);
}

/** Lets a pulled source emit only while fewer than `inFlight` records are on their way. */
function gated<R extends object>(source: Observable<R>, inFlight: number): Observable<R> {
  return new Observable((subscriber) => {
    const gate = new Gate(inFlight);
    subscribeWithin(subscriber, source, {
      next: (record) => gate.emit(record, (record) => subscriber.next(record)),
    });
  });
}
