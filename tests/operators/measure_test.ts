/**
 * What is timed, and when, on a clock that only the measured work moves: what comes first is slow and isn't kept, as many
 * repetitions are kept as were asked for, and those of all mechanisms are taken in one random order.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { lastValueFrom, of } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { measure } from "../../operators/measure.ts";
import { measureAttention, measureDecoding } from "../../operators/measure_attention.ts";
import type { AttentionMechanism, AttentionState } from "../../operators/numerics/attention_mechanism.ts";
import { scores } from "../../operators/numerics/scores.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { assertClose } from "../helpers/close.ts";
import { assertNothingLeft } from "../helpers/streams.ts";

await useEngine();

/** Milliseconds. */
let clock = 0;

/** Runs with the clock that stands still but where something is said to take time. */
async function clocked(run: () => Promise<void>): Promise<void> {
  const original = performance.now;
  performance.now = () => clock;
  try {
    await assertNothingLeft(run);
  } finally {
    performance.now = original;
  }
}

/** A mechanism whose passes take what is listed, the last one from then on; `log` holds the names of all passes. */
function taking(name: string, log: string[], ...milliseconds: number[]): AttentionMechanism {
  let calls = 0;
  return {
    name,
    citation: "none",
    apply(_q, _k, v) {
      log.push(name);
      clock += milliseconds[Math.min(calls++, milliseconds.length - 1)];
      return tf.mul(v, 2);
    },
  };
}

const meter = { peakBytes: () => 0, resetPeak: () => {}, releaseScratch: () => {} };
const sizes = { engine: meter, d: 2, m: 2 };

async function timesOf(n: number, mechanisms: readonly AttentionMechanism[], more: { seed?: number } = {}) {
  const times = await lastValueFrom(of(n).pipe(measureAttention(() => mechanisms, { ...sizes, ...more })));
  return times.map(({ seconds }) => seconds);
}

const same = (seconds: number, count: number) => new Array(count).fill(seconds);

Deno.test("measure() leaves out what warms up, and keeps as many repetitions as it is asked for", () =>
  clocked(async () => {
    let calls = 0;
    const score = {
      ...scores.dot,
      apply(...given: Parameters<typeof scores.dot.apply>) {
        // One call counts; then forward and training in turn, slow in the first two repetitions.
        const call = calls++;
        clock += call < 5 ? 1000 : call % 2 === 1 ? 3 : 7;
        return scores.dot.apply(...given);
      },
    };
    const dims = { query: 2, key: 2, hidden: 2, positions: 5, queries: 3, keys: 5 };
    const found = await lastValueFrom(of(score).pipe(measure({ ...dims, repeats: 6 })));
    assertClose(found.forward, same(0.003, 6), 1e-12);
    assertClose(found.training, same(0.007, 6), 1e-12);
    assertEquals(calls, 1 + 2 * (2 + 6));
    assertEquals(found.counted.operations, found.predicted.operations);
  }));

Deno.test("measureAttention() keeps neither the first pass nor the second, and 7 repetitions of each", () =>
  clocked(async () => {
    const log: string[] = [];
    const [a, b] = await timesOf(3, [taking("a", log, 50, 20, 10), taking("b", log, 40, 8, 4)]);
    assertClose(a, same(0.010, 7), 1e-12);
    assertClose(b, same(0.004, 7), 1e-12);
    assertEquals(log.slice(0, 4), ["a", "b", "a", "b"]);
    assertEquals(log.slice(4).sort().join(""), "a".repeat(7) + "b".repeat(7));
  }));

Deno.test("measureAttention() mixes the repetitions of all mechanisms, by the seed and the length", () =>
  clocked(async () => {
    const order = async (n: number, seed: number) => {
      const log: string[] = [];
      await timesOf(n, ["a", "b", "c"].map((name) => taking(name, log, 10)), { seed });
      return log.slice(6).join("");
    };
    const first = await order(3, 1);
    assertEquals([...first].sort().join(""), "aaaaaaabbbbbbbccccccc");
    assertEquals(await order(3, 1), first);
    assertNotEquals(await order(3, 2), first);
    assertNotEquals(await order(4, 1), first);
    // One after another there would be 2 changes, by turns 20.
    const changes = [...first].filter((name, at) => at > 0 && name !== first[at - 1]).length;
    assert(changes > 5 && changes < 20, first);
  }));

Deno.test("measureAttention() repeats short passes within a repetition, and long ones less often", () =>
  clocked(async () => {
    const log: string[] = [];
    const [short, long, longest] = await timesOf(3, [
      taking("short", log, 0.1),
      taking("long", log, 200, 190),
      taking("longest", log, 700, 1),
    ]);
    // 20 passes are as long as the clock asks for: 2 ms.
    assertClose(short, same(0.0001, 7), 1e-12);
    // Of 0.2 s each, one fits into 0.3 s; over 0.6 s the first pass itself is kept.
    assertClose(long, [0.19], 1e-12);
    assertClose(longest, [0.7], 1e-12);
    const count = (name: string) => log.filter((each) => each === name).length;
    assertEquals(["short", "long", "longest"].map(count), [1 + 1 + 7 * 20, 2, 1]);
  }));

Deno.test("measureDecoding() times single tokens behind one filled state, the first two left out", () =>
  clocked(async () => {
    const steps: [position: number, tokens: number][] = [];
    let calls = 0;
    const stateAt = (position: number): AttentionState => ({
      position,
      tensors: [],
      with: () => stateAt(position),
      step(q, _k, v) {
        steps.push([position, q.shape[2]]);
        clock += calls++ < 3 ? 500 : 3;
        return { output: tf.mul(v, 1), next: stateAt(position + q.shape[2]) };
      },
    });
    const mechanism = { ...taking("a", [], 1), state: () => stateAt(0) };
    const found = await lastValueFrom(of(9).pipe(measureDecoding([mechanism], { d: 2, m: 2, repeats: 5 })));
    assertClose(found[0].seconds, same(0.003, 5), 1e-12);
    assertEquals(steps, [[0, 9], ...Array(7).fill([9, 1])]);
  }));
