import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { softmaxAttention } from "../../../operators/numerics/softmax_attention.ts";
import { type Tensor2D, type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import {
  assertDenormals,
  denormalAt,
  drawAttention,
  type DrawnAttention,
  runAttention,
} from "../../helpers/attention_cases.ts";
import { ENGINES } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import {
  type AttentionCase,
  attentionGradientReference,
  attentionReference,
} from "../../reference/softmax_attention.ts";

/** Output and gradients at q, k and v, on the engine in place. */
function attend(drawn: DrawnAttention, wrap: <T>(f: () => T) => T = (f) => f()): Float32Array[] {
  const { causal, scale } = drawn.at;
  return runAttention(drawn, (q, k, v, mask) => wrap(() => softmaxAttention(q, k, v, { causal, mask, scale })));
}

function check(drawn: DrawnAttention, factor = 1): void {
  const { at, q, k, v, dOut } = drawn;
  const found = attend(drawn);
  const wanted = [attentionReference(at, q, k, v), ...attentionGradientReference(at, q, k, v, dOut)];
  // Sums over up to 200 products of numbers around 1.
  const bounds = [4 * tolerances.forward, ...new Array(3).fill(2 * tolerances.gradientAgainstFloat64)];
  ["out", "dQ", "dK", "dV"].forEach((name, i) => assertClose(found[i], wanted[i], factor * bounds[i], name));
}

const side = fc.integer({ min: 1, max: 70 });
const cases = fc.tuple(
  fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), side, side, side, side),
  fc.boolean(),
  fc.integer({ min: 0, max: 2 }),
  fc.nat(1000),
);

Deno.test("the float64 gradient is what difference quotients give", () => {
  for (const causal of [false, true]) {
    const { at, q, k, v, dOut } = drawAttention([2, 2, 3, 5, 2, 3], causal, 2, 3);
    const inputs = [q, k, v].map((values) => Array.from(values));
    attentionGradientReference(at, q, k, v, dOut).forEach((gradient, which) => {
      const loss = (x: number[]) => {
        const [q, k, v] = inputs.with(which, x);
        return attentionReference(at, q, k, v).reduce((sum, value, i) => sum + value * dOut[i], 0);
      };
      assertClose(gradient, differenceGradient(loss, inputs[which]), 1e-8);
    });
  }
});

for (const pack of ENGINES) {
  Deno.test(`${pack}: attention and its gradient agree with float64`, async () => {
    const engine = await useEngine({ pack });
    assertEquals(engine.pack, pack);
    assertEquals(tf.getKernel("HeedAttention", "wasm") !== undefined, pack !== "off");
    fc.assert(fc.property(cases, ([sizes, ...rest]) => check(drawAttention(sizes, ...rest))), {
      numRuns: pack === "off" ? 15 : 50,
    });
  });

  Deno.test(`${pack}: few keys, many queries, wide values: where dP and its mean nearly cancel`, async () => {
    await useEngine({ pack });
    const between = (min: number, max: number) => fc.integer({ min, max });
    const sizes = fc.tuple(
      between(1, 2),
      between(1, 3),
      between(40, 70),
      between(1, 8),
      between(1, 4),
      between(50, 70),
    );
    fc.assert(
      fc.property(
        fc.tuple(sizes, fc.boolean(), between(0, 2), fc.nat(100_000)),
        ([sizes, ...rest]) => check(drawAttention(sizes, ...rest)),
      ),
      { numRuns: 100 },
    );
    // Over 2e-5 where dP - rowsum(O dO) is taken as it stands.
    check(drawAttention([1, 3, 48, 2, 2, 66], false, 1, 471));
    check(drawAttention([1, 2, 61, 2, 3, 63], false, 1, 601));
  });

  Deno.test(`${pack}: blocks and tiles: more queries than a block, more keys than a tile`, async () => {
    await useEngine({ pack });
    check(drawAttention([1, 1, 269, 131, 5, 3], false, 0, 1));
    check(drawAttention([1, 1, 269, 269, 5, 3], true, 0, 2));
    check(drawAttention([2, 1, 137, 197, 8, 8], true, 2, 3));
    check(drawAttention([1, 2, 64, 64, 64, 64], true, 1, 4));
  });

  Deno.test(`${pack}: one query, one key, one column`, async () => {
    await useEngine({ pack });
    // One key takes all weight: the output is its value, and queries learn nothing.
    const single = drawAttention([1, 2, 3, 1, 2, 5], false, 0, 1);
    const [out, dQ, dK] = attend(single);
    for (let head = 0; head < 2; head++) {
      for (let i = 0; i < 3; i++) {
        assertEquals(out.slice((3 * head + i) * 5, (3 * head + i + 1) * 5), single.v.slice(5 * head, 5 * head + 5));
      }
    }
    assert(dQ.every((value) => value === 0));
    assert(dK.every((value) => value === 0));
    check(drawAttention([1, 1, 1, 1, 1, 1], true, 0, 2));
    check(drawAttention([1, 1, 1, 67, 3, 1], false, 0, 3));
  });

  Deno.test(`${pack}: two queries and two keys by hand`, async () => {
    await useEngine({ pack });
    const at: AttentionCase = { batch: 1, heads: 1, queries: 2, keys: 2, depth: 1, width: 1, causal: true, scale: 1 };
    const third = Math.log(3);
    // Query 1 scores 0 and ln 3: weights 1/4 and 3/4.
    const [out] = attend({
      at,
      q: Float32Array.of(1, 1),
      k: Float32Array.of(0, third),
      v: Float32Array.of(8, 4),
      dOut: Float32Array.of(1, 1),
    });
    assertClose(out, [8, 5], tolerances.forward);
  });

  Deno.test(`${pack}: a query that sees nothing gives zeros and passes none back`, async () => {
    await useEngine({ pack });
    const drawn = drawAttention([2, 1, 11, 67, 3, 5], false, 2, 5);
    const [out, dQ, dK, dV] = attend(drawn);
    const first = [out, dQ, dK, dV].map((values) => values.subarray(0, values.length / 2));
    first.forEach((values) => assert(values.every((value) => value === 0)));
    assert(out.subarray(out.length / 2).some((value) => value !== 0));
  });

  Deno.test(`${pack}: what hidden keys hold changes nothing`, async () => {
    await useEngine({ pack });
    const clean = drawAttention([2, 2, 13, 71, 3, 5], false, 1, 6);
    const k = clean.k.slice(), v = clean.v.slice();
    for (let head = 0; head < 4; head++) {
      for (let j = 0; j < 71; j++) {
        if (clean.at.mask![(head >> 1) * 71 + j]) continue;
        k.fill(1e18, (head * 71 + j) * 3, (head * 71 + j + 1) * 3);
        v.fill(-1e6, (head * 71 + j) * 5, (head * 71 + j + 1) * 5);
      }
    }
    const before = attend(clean), after = attend({ ...clean, k, v });
    [0, 1].forEach((i) => assertEquals(after[i], before[i]));
    assertClose(after[2], before[2], tolerances.forward);
    assertClose(after[3], before[3], tolerances.forward);
  });

  Deno.test(`${pack}: a causal query's output has the same bits whatever comes later`, async () => {
    await useEngine({ pack });
    const clean = drawAttention([1, 1, 131, 131, 3, 5], true, 0, 7);
    const [before] = attend(clean);
    for (const t of [0, 6, 63, 64, 100]) {
      const k = clean.k.slice().fill(3, 3 * (t + 1)), v = clean.v.slice().fill(-2, 5 * (t + 1));
      const [after] = attend({ ...clean, k, v });
      assertEquals(after.subarray(0, 5 * (t + 1)), before.subarray(0, 5 * (t + 1)));
    }
  });

  Deno.test(`${pack}: scores up to ±1e4`, async () => {
    await useEngine({ pack });
    // Products of small integers are exact in float32, so that only the softmax is measured.
    for (const [causal, masking] of [[false, 0], [true, 1]] as const) {
      const drawn = drawAttention([1, 2, 37, 97, 3, 5], causal, masking, 8, 58);
      const whole = { ...drawn, q: drawn.q.map(Math.round), k: drawn.k.map(Math.round), at: { ...drawn.at, scale: 1 } };
      const { at, q, k, v, dOut } = whole;
      const found = attend(whole);
      assertClose(found[0], attentionReference(at, q, k, v), 2 * tolerances.forward);
      const wanted = attentionGradientReference(at, q, k, v, dOut);
      // dQ and dK are slopes times numbers near 100.
      wanted.forEach((values, i) => assertClose(found[i + 1], values, 100 * tolerances.gradientAgainstFloat64));
    }
  });

  Deno.test(`${pack}: NaN and infinity come out as the composed form gives them`, async () => {
    await useEngine({ pack });
    for (const special of [NaN, Infinity, -Infinity]) {
      for (const where of ["q", "k", "v"] as const) {
        const drawn = drawAttention([1, 1, 19, 67, 3, 5], false, 0, 9);
        const poisoned = { ...drawn, [where]: drawn[where].slice().fill(special, 7, 8) };
        const expected = attend(poisoned, composed), found = attend(poisoned);
        const kind = (value: number) => Number.isFinite(value) ? "finite" : String(value);
        assertEquals(Array.from(found[0], kind), Array.from(expected[0], kind), `${special} in ${where}`);
        const finite = (values: Float32Array) => values.map((value) => Number.isFinite(value) ? value : 0);
        assertClose(finite(found[0]), finite(expected[0]), 2 * tolerances.forward);
      }
    }
  });

  Deno.test(`${pack}: gradients are finite where the composed form's are, and NaN does not come back from the future`, async () => {
    await useEngine({ pack });
    for (const causal of [false, true]) {
      for (const special of [NaN, Infinity, -Infinity]) {
        for (const where of ["q", "k", "v", "dOut"] as const) {
          const drawn = drawAttention([1, 1, 19, 67, 3, 5], causal, 0, 9);
          const poisoned = { ...drawn, [where]: drawn[where].slice().fill(special, 7, 8) };
          const expected = attend(poisoned, composed), found = attend(poisoned);
          found.slice(1).forEach((values, i) =>
            values.forEach((value, j) => {
              // Composed, 0 times NaN is NaN even for pairs that causality hides; tiles of hidden pairs are never read.
              const [here, there] = [value, expected[i + 1][j]].map(Number.isFinite);
              assert(here === there || (causal && here), `${special} in ${where}, gradient ${i} at ${j}: ${value}`);
            })
          );
        }
      }
    }
  });

  Deno.test(`${pack}: denormal inputs are not taken for 0, forwards and backwards`, async () => {
    await useEngine({ pack });
    for (const causal of [false, true]) {
      for (const where of ["q", "k", "v", "dOut"] as const) {
        const drawn = denormalAt(drawAttention([1, 2, 67, 71, 3, 5], causal, 0, 9), where);
        const { at, q, k, v, dOut } = drawn;
        const wanted = [attentionReference(at, q, k, v), ...attentionGradientReference(at, q, k, v, dOut)];
        assertDenormals(attend(drawn), wanted, 2 * tolerances.gradientAgainstFloat64, where);
      }
    }
  });

  Deno.test(`${pack}: no tensor is left behind`, async () => {
    await useEngine({ pack });
    attend(drawAttention([1, 2, 67, 71, 8, 8], true, 1, 1));
    const before = tf.memory();
    attend(drawAttention([1, 2, 67, 71, 8, 8], true, 1, 1));
    attend(drawAttention([1, 1, 300, 300, 16, 16], false, 0, 1));
    assertEquals(tf.memory().numTensors, before.numTensors);
    assertEquals(tf.memory().numBytes, before.numBytes);
  });
}

for (const pack of ENGINES.slice(1)) {
  Deno.test(`${pack}: sharp queries meet no denormal weights: what float32 can't tell from 0 is 0`, async () => {
    await useEngine({ pack });
    // Scores 0, -1.5, -3, ... down to -199.5, in two tiles of keys: both ways round, so that the maximum moves.
    for (const turn of [1, -1]) {
      const keys = 134;
      const at: AttentionCase = { batch: 1, heads: 1, queries: 3, keys, depth: 1, width: 2, causal: false, scale: 1 };
      const k = Float32Array.from({ length: keys }, (_, j) => -1.5 * (turn === 1 ? j : keys - 1 - j));
      const q = new Float32Array(3).fill(1), v = normal([2 * keys], 1, 2).values;
      const drawn = { at, q, k, v, dOut: normal([6], 1e-6, 3).values };
      check(drawn);
      const [, , dK, dV] = attend(drawn);
      const [, , expected] = attentionGradientReference(at, q, k, v, drawn.dOut);
      for (const value of [...dK, ...dV]) {
        assert(value === 0 || Math.abs(value) >= 2 ** -126, `denormal ${value}`);
      }
      expected.forEach((wanted, i) => {
        if (Math.abs(wanted) > 2 ** -80) assert(Math.abs(dV[i] / wanted - 1) < 1e-4, `dV ${i}: ${dV[i]}, ${wanted}`);
      });
    }
  });

  Deno.test(`${pack}: memory beyond inputs and outputs grows with N, not with its square`, async () => {
    const engine = await useEngine({ pack });
    const [heads, length, depth] = [2, 1024, 16];
    const inputs = [1, 2, 3].map((seed) =>
      tf.tensor4d(normal([heads * length * depth], 1, seed).values, [
        1,
        heads,
        length,
        depth,
      ])
    );
    engine.resetPeak();
    const before = engine.peakBytes();
    const out = softmaxAttention(inputs[0], inputs[1], inputs[2]);
    const beyond = engine.peakBytes() - before - 4 * out.size;
    assert(beyond <= 2 * heads * length * 4 + 65536 * 2, `${beyond} bytes`);
    tf.dispose([...inputs, out]);
  });
}

Deno.test("shapes that don't fit are refused", async () => {
  await useEngine({ pack: false });
  const of = (...shape: [number, number, number, number]) => tf.zeros(shape) as Tensor4D;
  const refusals: [string, () => unknown][] = [
    ["k", () => softmaxAttention(of(1, 2, 3, 4), of(1, 2, 3, 5), of(1, 2, 3, 4))],
    ["v", () => softmaxAttention(of(1, 2, 3, 4), of(1, 2, 3, 4), of(1, 2, 5, 4))],
    ["mask", () => {
      const mask = tf.zeros([1, 2]) as Tensor2D;
      return softmaxAttention(of(1, 2, 3, 4), of(1, 2, 3, 4), of(1, 2, 3, 4), { mask });
    }],
  ];
  tf.tidy(() => {
    for (const [name, run] of refusals) {
      let message = "";
      try {
        run();
      } catch (error) {
        message = (error as Error).message;
      }
      assert(message.startsWith(`Cannot use ${name} of shape`), `${name}: ${message}`);
    }
  });
});
