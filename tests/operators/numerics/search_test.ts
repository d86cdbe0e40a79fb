import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { backtrack, type Hypothesis } from "../../../operators/numerics/backtrack.ts";
import { normal, seedFrom } from "../../../operators/numerics/random.ts";
import {
  beamSearch,
  greedySearch,
  IMPOSSIBLE,
  type SearchStep,
  type SearchTrace,
} from "../../../operators/numerics/search.ts";
import { type Tensor1D, type Tensor2D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose } from "../../helpers/close.ts";
import { rows } from "../../reference/gru.ts";
import { allCandidates, beamReference, type NextLogProbabilities, rankValue } from "../../reference/search.ts";

const MARKS = { pad: 0, begin: 1, end: 2 };
const V = 5, H = 7, S = 3, B = 2;

/** A tiny recurrent model, on tensors and on plain numbers: h' = tanh(h A + E[token]), logits = h' C. */
function tinyModel(seed: number, sharpness = 2) {
  const make = (name: string, shape: [number, number], deviation: number) =>
    normal(shape, deviation, seedFrom(seed, name)).values;
  const a = make("a", [H, H], 0.8),
    e = make("e", [V, H], 1),
    c = make("c", [H, V], sharpness),
    h0 = make("h0", [B, H], 1);
  const step: SearchStep = ({ h }, tokens) => {
    const state = tf.tanh(
      tf.add(tf.matMul(h as Tensor2D, tf.tensor2d(a, [H, H])), tf.gather(tf.tensor2d(e, [V, H]), tokens)),
    );
    // Alignment rows that tell which state they came from.
    const alignment = tf.slice(state, [0, 0], [state.shape[0], S]) as Tensor2D;
    return { logits: tf.matMul(state, tf.tensor2d(c, [H, V])) as Tensor2D, state: { h: state }, alignment };
  };
  const [A, Em, C] = [rows(a, H), rows(e, H), rows(c, V)];
  const stateAfter = (example: number, prefix: number[]) =>
    [MARKS.begin, ...prefix].reduce(
      (h, token) => h.map((_, j) => Math.tanh(h.reduce((sum, value, i) => sum + value * A[i][j], 0) + Em[token][j])),
      Array.from(h0.slice(example * H, (example + 1) * H)),
    );
  const next = (example: number): NextLogProbabilities => (prefix) => {
    const h = stateAfter(example, prefix);
    const logits = C[0].map((_, v) => h.reduce((sum, value, i) => sum + value * C[i][v], 0));
    const highest = Math.max(...logits);
    const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - highest), 0)) + highest;
    return logits.map((value) => value - total);
  };
  return { step, next, stateAfter, initial: () => ({ h: tf.tensor2d(h0, [B, H]) }) };
}

function read(trace: SearchTrace, rank = 0): Hypothesis[] {
  const [steps, batch, beams, width] = trace.alignment.shape;
  return backtrack({
    tokens: trace.tokens.dataSync(),
    parents: trace.parents.dataSync(),
    logProbability: trace.logProbability.dataSync(),
    alignment: trace.alignment.dataSync() as Float32Array,
    steps,
    batch,
    beams,
    width,
  }, { end: MARKS.end, rank });
}

const withEnd = ({ ids, ended }: Hypothesis) => ended ? [...ids, MARKS.end] : ids;

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`beamSearch() with one hypothesis is greedySearch(), bit for bit, on ${backend}`, async () => {
    await useEngine({ backend });
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, maxLength) =>
        tf.tidy(() => {
          const { step, initial } = tinyModel(seed);
          const greedy = greedySearch(step, initial(), { ...MARKS, maxLength });
          const beam = beamSearch(step, initial(), { ...MARKS, maxLength, beams: 1 });
          for (const name of ["tokens", "parents", "logProbability", "alignment"] as const) {
            assertEquals(beam[name].shape, greedy[name].shape);
            assertEquals(beam[name].dtype, greedy[name].dtype);
            assertEquals(beam[name].dataSync(), greedy[name].dataSync(), name);
          }
        })),
      { numRuns: 17 },
    );
  });

  Deno.test(`beamSearch() equals beam search on plain lists, every rank, on ${backend}`, async () => {
    await useEngine({ backend });
    for (const alpha of [0, 0.6, 1]) {
      for (const seed of [1, 2, 3, 4, 5]) {
        tf.tidy(() => {
          const { step, next, initial } = tinyModel(seed);
          const options = { maxLength: 5, beams: 4, alpha };
          const trace = beamSearch(step, initial(), { ...MARKS, ...options });
          const expected = Array.from({ length: B }, (_, example) => beamReference(next(example), MARKS, options));
          for (let rank = 0; rank < 4; rank++) {
            read(trace, rank).forEach((found, example) => {
              assertEquals(withEnd(found), expected[example][rank].ids);
              assertEquals(found.ended, expected[example][rank].ended);
              assertClose([found.logProbability], [expected[example][rank].logProbability], 2e-6);
            });
          }
        });
      }
    }
  });
}

Deno.test("beamSearch() wide enough to hold everything finds the best of all hypotheses", async () => {
  await useEngine({ backend: "wasm" });
  for (const seed of [11, 12, 13]) {
    for (const alpha of [0, 1]) {
      tf.tidy(() => {
        const { step, next, initial } = tinyModel(seed);
        const maxLength = 3;
        const everything = Array.from({ length: B }, (_, example) =>
          allCandidates(next(example), MARKS, maxLength)
            .sort((x, y) => rankValue(y, alpha) - rankValue(x, alpha)));
        // Symbols other than the marks: 2. Ended: 1 + 2 + 4; cut off: 8.
        assertEquals(everything[0].length, 15);
        const trace = beamSearch(step, initial(), { ...MARKS, maxLength, beams: 17, alpha });
        for (let rank = 0; rank < 15; rank++) {
          read(trace, rank).forEach((found, example) => {
            assertEquals(withEnd(found), everything[example][rank].ids);
            assertClose([found.logProbability], [everything[example][rank].logProbability], 2e-6);
          });
        }
        const rest = tf.slice(trace.logProbability, [0, 15], [B, 2]).dataSync();
        assert(rest.every((value) => value <= IMPOSSIBLE / 2), "there is no sixteenth hypothesis");
        const all = everything[0].reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0);
        assert(all < 1, "marks that can't be produced keep their share of the probability");
      });
    }
  }
});

Deno.test("a hypothesis' alignment rows are those of the states it went through", async () => {
  await useEngine({ backend: "wasm" });
  tf.tidy(() => {
    const { step, stateAfter, initial } = tinyModel(21, 1);
    const trace = beamSearch(step, initial(), { ...MARKS, maxLength: 6, beams: 3 });
    for (let rank = 0; rank < 3; rank++) {
      read(trace, rank).forEach((found, example) => {
        const produced = withEnd(found);
        assertEquals(found.alignment.length, produced.length);
        produced.forEach((_, at) =>
          assertClose(found.alignment[at], stateAfter(example, produced.slice(0, at)).slice(0, S), 2e-6)
        );
      });
    }
  });
});

Deno.test("beamSearch()'s scores fall with rank, and its hypotheses differ", async () => {
  await useEngine({ backend: "wasm" });
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 4 }), (seed, beams) =>
      tf.tidy(() => {
        const { step, initial } = tinyModel(seed);
        const trace = beamSearch(step, initial(), { ...MARKS, maxLength: 5, beams });
        const ranked = Array.from({ length: beams }, (_, rank) => read(trace, rank));
        for (let example = 0; example < B; example++) {
          const scores = ranked.map((found) => found[example].logProbability);
          assert(scores.every((score, rank) => rank === 0 || score <= scores[rank - 1]));
          assertEquals(new Set(ranked.map((found) => withEnd(found[example]).join(" "))).size, beams);
        }
      })),
    { numRuns: 17 },
  );
});

Deno.test("greedySearch() by hand: two symbols, the end, and only pads after it", async () => {
  await useEngine({ backend: "cpu" });
  tf.tidy(() => {
    // After begin comes 3, after 3 comes 4, after 4 the end; every other symbol has logit 0, the begin mark a huge one.
    const follows = tf.tensor2d([[0, 9, 0, 0, 0], [0, 9, 0, 5, 0], [0, 9, 0, 5, 0], [0, 9, 0, 0, 5], [0, 9, 5, 0, 0]]);
    const step: SearchStep = (state, tokens: Tensor1D) => ({
      logits: tf.gather(follows, tokens),
      state,
      alignment: tf.ones([tokens.shape[0], 1]) as Tensor2D,
    });
    const trace = greedySearch(step, { none: tf.zeros([1, 1]) }, { ...MARKS, maxLength: 5 });
    assertEquals([...trace.tokens.dataSync()], [3, 4, 2, 0, 0]);
    const [found] = read(trace);
    assertEquals(found.ids, [3, 4]);
    assertEquals(found.alignment.length, 3);
    const share = 5 - Math.log(Math.exp(9) + Math.exp(5) + 3);
    assertClose([found.logProbability], [3 * share], 2e-6);
    const cut = read(greedySearch(step, { none: tf.zeros([1, 1]) }, { ...MARKS, maxLength: 2 }))[0];
    assertEquals([cut.ids, cut.ended, cut.alignment.length], [[3, 4], false, 2]);
  });
});

Deno.test("backtrack() follows parents and cuts alignments to the source, hand case", () => {
  const trace = {
    // Step 0: beams hold 3 and 4. Step 1: beam 0 continues 4 with the end, beam 1 continues 3 with 4.
    tokens: [3, 4, 2, 4],
    parents: [0, 0, 1, 0],
    logProbability: [-1, -2],
    alignment: Float32Array.of(0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6),
    steps: 2,
    batch: 1,
    beams: 2,
    width: 2,
  };
  const [best] = backtrack(trace, { end: 2, sourceLengths: [1] });
  assertEquals(best.ids, [4]);
  assertEquals(best.ended, true);
  assertEquals(best.alignment, [Float32Array.of(0.2), Float32Array.of(0.3)]);
  const [second] = backtrack(trace, { end: 2, rank: 1 });
  assertEquals([second.ids, second.ended, second.logProbability], [[3, 4], false, -2]);
  assertEquals(second.alignment, [Float32Array.of(0.1, 0.9), Float32Array.of(0.4, 0.6)]);
  assertThrows(() => backtrack(trace, { end: 2, rank: 2 }), RangeError, "rank must be in 0..1: current value is 2");
});

Deno.test("searches refuse counts that can't be", async () => {
  await useEngine({ backend: "cpu" });
  tf.tidy(() => {
    const { step, initial } = tinyModel(1);
    assertThrows(() => greedySearch(step, initial(), { ...MARKS, maxLength: 0 }), RangeError, "maxLength must be");
    const wrong = { ...MARKS, maxLength: 3 };
    assertThrows(() => beamSearch(step, initial(), { ...wrong, beams: 1.5 }), RangeError, "current value is 1.5");
    assertThrows(() => beamSearch(step, initial(), { ...wrong, alpha: -1 }), RangeError, "current value is -1");
    assertThrows(() => beamSearch(step, {}, wrong), RangeError, "same first axis");
  });
});
