import { assert, assertEquals, assertThrows } from "@std/assert";
import { from, lastValueFrom, map, of, pipe, take, tap, toArray } from "rxjs";
import { attendChunks } from "../../operators/attend_chunks.ts";
import { useEngine } from "../../operators/backends/engine.ts";
import { pull } from "../../operators/demand.ts";
import { type Carried, carry, lend, type Loan } from "../../operators/loan.ts";
import { attentionMechanisms, kernelMechanism } from "../../operators/numerics/attention_mechanisms.ts";
import { featureMaps } from "../../operators/numerics/feature_maps.ts";
import { normal, randomFrom } from "../../operators/numerics/random.ts";
import { type Tensor, type Tensor4D, tf } from "../../operators/numerics/tf.ts";
import { type AttentionChunk, InputError, type Numbers } from "../../operators/records.ts";
import { awaitedBattery, marbleBattery, ONE_FOR_ONE } from "../helpers/battery.ts";
import { assertClose } from "../helpers/close.ts";
import { assertNothingLeft, outcomeOf } from "../helpers/streams.ts";

await useEngine();

const numbers = (shape: number[], seed: number): Numbers => ({
  shape,
  data: normal(shape, 0.7, seed).values,
});
const chunkOf = (length: number, seed: number): AttentionChunk => ({
  q: numbers([1, 2, length, 4], seed),
  k: numbers([1, 2, length, 4], seed + 1),
  v: numbers([1, 2, length, 3], seed + 2),
});
const chunks = [chunkOf(5, 1), chunkOf(1, 11), chunkOf(8, 21)];

/** The sum so far, in a tensor. */
class Total implements Carried<Total> {
  constructor(readonly tensors: readonly Tensor[]) {}
  with = (tensors: readonly Tensor[]) => new Total(tensors);
}
const records = { a: { value: 1 }, b: { value: 2 }, c: { value: 4 } };
const sums = pipe(
  lend((record: { value: number }) => tf.scalar(record.value)),
  carry(() => new Total([]), (state: Total, x: Tensor, _loan: Loan<Tensor, unknown>) => {
    const sum = state.tensors.length > 0 ? tf.add(state.tensors[0], x) : x.clone();
    return { tensors: sum, state: new Total([sum]) };
  }),
  map(({ tensors }) => tensors.dataSync()[0]),
);

marbleBattery("carry", {
  operator: sums,
  inputs: records,
  outputs: { a: 1, b: 3, c: 7 } as Record<string, number>,
  ...ONE_FOR_ONE,
});

Deno.test("carry leaves no tensor behind, whether its stream completes, fails, or is left", () =>
  assertNothingLeft(async () => {
    await lastValueFrom(from(Object.values(records)).pipe(sums, toArray()));
    await lastValueFrom(from(Object.values(records)).pipe(sums, take(2)));
    const broken = pipe(
      sums,
      tap((sum) => {
        if (sum > 2) throw new Error("broken");
      }),
    );
    assertEquals((await outcomeOf(from(Object.values(records)).pipe(broken))).error?.message, "broken");
    const throwing = pipe(
      lend((value: number) => tf.scalar(value)),
      carry(() => new Total([]), (_state: Total, x: Tensor, { record }: Loan<Tensor, number>) => {
        if (record > 1) throw new Error("thrown");
        return { tensors: x, state: new Total([tf.add(x, 1)]) };
      }),
    );
    assertEquals((await outcomeOf(from([1, 2]).pipe(throwing))).error?.message, "thrown");
  }));

const elu = kernelMechanism(featureMaps.elu());
/** The sequence that the chunks are cut from. */
function whole(): { q: Tensor4D; k: Tensor4D; v: Tensor4D } {
  const join = (name: "q" | "k" | "v") =>
    tf.concat(chunks.map((chunk) => tensorOf(chunk[name]) as Tensor4D), 2) as Tensor4D;
  return { q: join("q"), k: join("k"), v: join("v") };
}
const tensorOf = ({ shape, data }: { shape: readonly number[]; data: ArrayLike<number> }) =>
  tf.tensor(Float32Array.from(data), [...shape]);
/** Outputs of the whole sequence, cut as the chunks are. */
const expected: string[][] = [];
tf.tidy(() => {
  const { q, k, v } = whole();
  for (const part of tf.split(elu.apply(q, k, v, { causal: true }), [5, 1, 8], 2)) {
    expected.push(Array.from(part.dataSync(), (value) => value.toFixed(4)));
  }
});

awaitedBattery("attendChunks", {
  operator: () => attendChunks(elu),
  failing: () =>
    attendChunks({
      ...elu,
      state: () => ({
        ...elu.state!(),
        step: () => {
          tf.scalar(1);
          throw new Error("broken operator");
        },
      }),
    }),
  inputs: chunks,
  outputs: expected,
  read: ({ values }) => Array.from(values.output.data, (value) => value.toFixed(4)),
});

Deno.test("attendChunks gives what the whole sequence gives, for every mechanism", async () => {
  for (const mechanism of attentionMechanisms) {
    const found = await lastValueFrom(pull(chunks).pipe(attendChunks(mechanism, { positions: 14 }), toArray()));
    tf.tidy(() => {
      const { q, k, v } = whole();
      const outputs = found.map(({ values: { output } }) => tensorOf(output) as Tensor4D);
      const joined = tf.concat(outputs, 2);
      assertClose(joined.dataSync(), mechanism.apply(q, k, v, { causal: true }).dataSync(), 1e-4, mechanism.name);
    });
  }
});

Deno.test("2^20 positions pass through in bounded memory, and the last row is right", async () => {
  const engine = await useEngine();
  const [size, depth, width] = [4096, 4, 2];
  const values = (seed: number, wide: number, mean = 0): Numbers => {
    const random = randomFrom(seed);
    return {
      shape: [1, 1, size, wide],
      data: Float32Array.from({ length: size * wide }, () => mean + random.uniform()),
    };
  };
  const source = function* (length: number) {
    for (let at = 0; at < length / size; at++) {
      yield { q: values(3 * at, depth, -0.5), k: values(3 * at + 1, depth, -0.5), v: values(3 * at + 2, width) };
    }
  };
  for (const [mechanism, length] of [[kernelMechanism(featureMaps.poly2()), 2 ** 20], [elu, 2 ** 17]] as const) {
    await assertNothingLeft(async () => {
      engine.resetPeak();
      const before = engine.peakBytes();
      let positions = 0, waiting = 0, most = 0;
      const last = await lastValueFrom(
        pull(source(length)).pipe(
          tap(() => most = Math.max(most, ++waiting)),
          attendChunks(mechanism),
          tap(({ values }) => (waiting--, positions += values.output.shape[2])),
        ),
      );
      assertEquals(positions, length);
      assert(most <= 3, `${most} chunks at once`);
      const beyond = (engine.peakBytes() - before) / 2 ** 20;
      assert(beyond < 4, `${beyond} MiB for ${mechanism.name}`); // all of q, k, v and outputs at 2^20: 48 MiB
      const query = last.record.q.data.subarray(-depth);
      const out = lastRow(mechanism.name, query, source(length), depth, width);
      assertClose(last.values.output.data.subarray(-width), out, 2e-6, mechanism.name);
    });
  }
});

/** The last query over all keys, in float64. */
function lastRow(
  name: string,
  query: ArrayLike<number>,
  source: Iterable<AttentionChunk>,
  depth: number,
  width: number,
) {
  const sums = new Float64Array(width);
  let total = 0;
  const phi = (x: number) => x > 0 ? x + 1 : Math.exp(x);
  for (const { k, v } of source) {
    for (let j = 0; j < k.shape[2]; j++) {
      let weight = 0;
      for (let d = 0; d < depth; d++) {
        const key = k.data[j * depth + d];
        weight += name === "elu" ? phi(query[d]) * phi(key) : query[d] * key / Math.sqrt(depth);
      }
      if (name === "poly2") weight = (1 + weight) ** 2;
      total += weight;
      for (let m = 0; m < width; m++) sums[m] += weight * v.data[j * width + m];
    }
  }
  return [...sums].map((sum) => sum / total);
}

Deno.test("attendChunks refuses what can't be: no state, no place, chunks that don't fit", async () => {
  const stateless = { ...elu, name: "none", state: undefined };
  assertThrows(() => attendChunks(stateless), InputError, 'a mechanism must have a state: current value is "none"');
  assertThrows(() => attendChunks(elu, { inFlight: 0 }), InputError, "inFlight must be a positive integer");
  await assertNothingLeft(async () => {
    const wrong = { ...chunks[0], k: numbers([1, 2, 5, 3], 1) };
    const { error } = await outcomeOf(of(wrong).pipe(attendChunks(elu)));
    assertEquals(error?.message, "Cannot use k of shape [1, 2, 5, 3]: expected [1, 2, 5, 4]");
  });
});
