import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { useEngine } from "../../../operators/backends/engine.ts";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import {
  poly2Attention,
  poly2Chunk,
  poly2Features,
  poly2Route,
  poly2Width,
} from "../../../operators/numerics/poly2_attention.ts";
import { normal } from "../../../operators/numerics/random.ts";
import { type Tensor2D, type Tensor4D, tf } from "../../../operators/numerics/tf.ts";
import { assertDenormals, denormalAt } from "../../helpers/attention_cases.ts";
import { ENGINES } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import { attend, check, draw, ROUTES } from "../../helpers/poly2_cases.ts";
import { poly2FeaturesReference, poly2GradientReference, poly2Reference } from "../../reference/poly2_attention.ts";

const side = fc.integer({ min: 1, max: 70 });
const cases = fc.tuple(
  fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), side, side, side, side),
  fc.boolean(),
  fc.integer({ min: 0, max: 2 }),
  fc.nat(1000),
  fc.constantFrom(...ROUTES),
);

Deno.test("the float64 gradient is what difference quotients give, and features give the similarity", () => {
  for (const causal of [false, true]) {
    const { at, q, k, v, dOut } = draw([2, 2, 3, 5, 2, 3], causal, 2, 3);
    const inputs = [q, k, v].map((values) => Array.from(values));
    poly2GradientReference(at, q, k, v, dOut).forEach((gradient, which) => {
      const loss = (x: number[]) => {
        const [q, k, v] = inputs.with(which, x);
        return poly2Reference(at, q, k, v).reduce((sum, value, i) => sum + value * dOut[i], 0);
      };
      assertClose(gradient, differenceGradient(loss, inputs[which]), 1e-7);
    });
  }
  const a = [0.5, -2, 3], b = [1, 0.25, -1];
  const left = poly2FeaturesReference(a), right = poly2FeaturesReference(b);
  assertEquals(left.length, poly2Width(3));
  assertClose([left.reduce((sum, value, i) => sum + value * right[i], 0)], [(1 + 0.5 - 0.5 - 3) ** 2], 1e-12);
});

Deno.test("the route of fewer operations changes at the crossover of the closed forms", () => {
  const lengthOf = (size: number, causal: boolean) => {
    let length = 1;
    while (poly2Route({ queries: length, keys: length, depth: size, width: size }, causal) === "quadratic") length++;
    return length;
  };
  for (const size of [8, 16, 32, 64]) {
    const features = poly2Width(size);
    assert(Math.abs(lengthOf(size, false) / features - 1) < 0.1);
    assert(Math.abs(lengthOf(size, true) / (2 * features) - 1) < 0.1);
  }
});

for (const pack of ENGINES) {
  Deno.test(`${pack}: poly-2 attention and its gradient agree with float64 by both routes`, async () => {
    assertEquals((await useEngine({ pack })).pack, pack);
    assertEquals(tf.getKernel("HeedPoly2Attention", "wasm") !== undefined, pack !== "off");
    fc.assert(
      fc.property(cases, ([sizes, causal, masking, seed, route]) => check(draw(sizes, causal, masking, seed), route)),
      {
        numRuns: pack === "off" ? 10 : 50,
      },
    );
  });

  Deno.test(`${pack}: more queries and keys than blocks, tiles and chunks hold`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      check(draw([1, 1, 269, 531, 5, 3], false, 0, 1), route);
      check(draw([1, 1, 389, 389, 5, 13], true, 0, 2), route);
      check(draw([2, 1, 137, 397, 8, 8], true, 2, 3), route);
      check(draw([1, 1, 307, 131, 3, 8], true, 1, 4), route);
    }
    if (pack !== "off") check(draw([1, 2, 131, 131, 64, 64], true, 1, 5), "linear");
  });

  Deno.test(`${pack}: one query, one key, one column; two by hand`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      // One key takes all weight: the output is its value, and queries learn nothing.
      const single = draw([1, 2, 3, 1, 2, 5], false, 0, 1);
      const [out, dQ, dK] = attend(single, route);
      for (let head = 0; head < 2; head++) {
        for (let i = 0; i < 3; i++) {
          const row = out.slice((3 * head + i) * 5, (3 * head + i + 1) * 5);
          assertClose(row, single.v.slice(5 * head, 5 * head + 5), 4 * tolerances.forward);
        }
      }
      assertClose(dQ, new Float32Array(dQ.length), tolerances.gradientAgainstFloat64);
      assertClose(dK, new Float32Array(dK.length), tolerances.gradientAgainstFloat64);
      check(draw([1, 1, 1, 1, 1, 1], true, 0, 2), route);
      // Query 1 has similarities 1 and 3 with keys 0 and sqrt 3 - 1: weights 1/4 and 3/4.
      const at = { ...single.at, heads: 1, queries: 2, keys: 2, depth: 1, width: 1, causal: true };
      const [hand] = attend({
        at,
        q: Float32Array.of(1, 1),
        k: Float32Array.of(0, Math.sqrt(3) - 1),
        v: Float32Array.of(8, 4),
        dOut: Float32Array.of(1, 1),
      }, route);
      assertClose(hand, [8, 5], tolerances.forward);
    }
  });

  Deno.test(`${pack}: a query that sees nothing gives zeros and passes none back`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      const results = attend(draw([2, 1, 11, 67, 3, 5], false, 2, 5), route);
      results.forEach((values) => assert(values.subarray(0, values.length / 2).every((value) => value === 0)));
      assert(results[0].subarray(results[0].length / 2).some((value) => value !== 0));
      // Causal: rows before the first visible key.
      const late = draw([1, 1, 300, 300, 3, 5], true, 1, 6);
      const mask = Array.from({ length: 300 }, (_, j) => Number(j >= 141 && j % 3 > 0));
      check({ ...late, at: { ...late.at, mask } }, route);
    }
  });

  Deno.test(`${pack}: what hidden keys hold changes nothing`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      for (const causal of [false, true]) {
        const clean = draw([2, 2, 71, 71, 3, 5], causal, 1, 6);
        const k = clean.k.slice(), v = clean.v.slice();
        for (let head = 0; head < 4; head++) {
          for (let j = 0; j < 71; j++) {
            if (clean.at.mask![(head >> 1) * 71 + j]) continue;
            k.fill(1e30, (head * 71 + j) * 3, (head * 71 + j + 1) * 3);
            v.fill(-1e38, (head * 71 + j) * 5, (head * 71 + j + 1) * 5);
          }
        }
        const before = attend(clean, route), after = attend({ ...clean, k, v }, route);
        before.forEach((values, i) => assertClose(after[i], values, tolerances.forward));
      }
    }
  });

  Deno.test(`${pack}: hidden padding changes nothing`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      const short = draw([1, 1, 19, 61, 3, 5], false, 0, 8), long = draw([1, 1, 19, 140, 3, 5], false, 0, 8);
      const mask = Array.from({ length: 140 }, (_, j) => Number(j < 61));
      const padded = { ...long, q: short.q, dOut: short.dOut, k: long.k.slice(), v: long.v.slice() };
      padded.k.set(short.k), padded.v.set(short.v);
      const [out] = attend(short, route), [other] = attend({ ...padded, at: { ...long.at, mask } }, route);
      assertClose(other, out, tolerances.forward);
    }
  });

  Deno.test(`${pack}: a causal query's output has the same bits whatever comes later`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      const clean = draw([1, 1, 271, 271, 3, 5], true, 0, 7);
      const [before] = attend(clean, route);
      for (const t of [0, 6, 63, 64, 127, 128, 200]) {
        const q = clean.q.slice().fill(1, 3 * (t + 1)), k = clean.k.slice().fill(3, 3 * (t + 1));
        const [after] = attend({ ...clean, q, k, v: clean.v.slice().fill(-2, 5 * (t + 1)) }, route);
        assertEquals(after.subarray(0, 5 * (t + 1)), before.subarray(0, 5 * (t + 1)));
      }
    }
  });

  Deno.test(`${pack}: keys in another order give the same; the last causal row is the last full row`, async () => {
    await useEngine({ pack });
    const { at, q, k, v, dOut } = draw([1, 1, 67, 67, 5, 3], false, 0, 9);
    const turned = (values: Float32Array, width: number) =>
      Float32Array.from(values, (_, i) => values[(66 - Math.floor(i / width)) * width + i % width]);
    for (const route of ROUTES) {
      const [out] = attend({ at, q, k, v, dOut }, route);
      const [other] = attend({ at, q, k: turned(k, 5), v: turned(v, 3), dOut }, route);
      assertClose(other, out, 2 * tolerances.forward);
      const [past] = attend({ at: { ...at, causal: true }, q, k, v, dOut }, route);
      assertClose(past.subarray(-3), out.subarray(-3), 2 * tolerances.forward);
    }
  });

  Deno.test(`${pack}: denominators that vanish give finite results`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      for (const causal of [false, true]) {
        const { at, v, dOut } = draw([1, 1, 150, 150, 2, 3], causal, 0, 11);
        // q k = -1 for all pairs.
        const q = Float32Array.from({ length: 300 }, (_, i) => i % 2 ? 0.3 : 1);
        const k = Float32Array.from({ length: 300 }, (_, i) => i % 2 ? 0 : -1);
        const results = attend({ at, q, k, v, dOut }, route);
        results.forEach((values) => assert(values.every(Number.isFinite), `${route}`));
        if (route === "quadratic") assert(results[0].every((value) => value === 0));
      }
    }
  });

  Deno.test(`${pack}: NaN and infinity come out as stock operations give them by the same route`, async () => {
    await useEngine({ pack });
    const kind = (value: number) => Number.isFinite(value) ? "finite" : String(value);
    for (const route of ROUTES) {
      for (const special of [NaN, Infinity, -Infinity]) {
        for (const where of ["q", "k", "v"] as const) {
          const drawn = draw([1, 1, 19, 67, 3, 5], false, 0, 9);
          const poisoned = { ...drawn, [where]: drawn[where].slice().fill(special, 7, 8) };
          const [expected] = attend(poisoned, route, composed), [found] = attend(poisoned, route);
          assertEquals(Array.from(found, kind), Array.from(expected, kind), `${route}: ${special} in ${where}`);
          const finite = (values: Float32Array) => values.map((value) => Number.isFinite(value) ? value : 0);
          assertClose(finite(found), finite(expected), 10 * tolerances.forward);
        }
      }
    }
  });

  Deno.test(`${pack}: gradients are finite where the composed form's are, and NaN does not come back from the future`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      for (const causal of [false, true]) {
        for (const special of [NaN, Infinity, -Infinity]) {
          for (const where of ["q", "k", "v", "dOut"] as const) {
            const drawn = draw([1, 1, 19, 67, 3, 5], causal, 0, 9);
            const poisoned = { ...drawn, [where]: drawn[where].slice().fill(special, 7, 8) };
            const expected = attend(poisoned, route, composed), found = attend(poisoned, route);
            found.slice(1).forEach((values, i) =>
              values.forEach((value, j) => {
                // Composed, 0 times NaN is NaN even for pairs that causality hides; hidden pairs are never read.
                const [here, there] = [value, expected[i + 1][j]].map(Number.isFinite);
                assert(
                  here === there || (causal && here),
                  `${route}, causal ${causal}: ${special} in ${where}, gradient ${i} at ${j}: ${value}`,
                );
              })
            );
          }
        }
      }
    }
  });

  Deno.test(`${pack}: denormal inputs are not taken for 0, forwards and backwards`, async () => {
    await useEngine({ pack });
    for (const route of ROUTES) {
      for (const causal of [false, true]) {
        for (const where of ["q", "k", "v", "dOut"] as const) {
          const drawn = denormalAt(draw([1, 2, 67, 67, 3, 5], causal, 0, 9), where);
          const { at, q, k, v, dOut } = drawn;
          const wanted = [poly2Reference(at, q, k, v), ...poly2GradientReference(at, q, k, v, dOut)];
          const bound = 10 * tolerances.gradientAgainstFloat64;
          assertDenormals(attend(drawn, route), wanted, bound, `${route}, ${where}`);
        }
      }
    }
  });

  Deno.test(`${pack}: no tensor is left behind`, async () => {
    await useEngine({ pack });
    const run = () => ROUTES.forEach((route) => attend(draw([1, 2, 67, 71, 8, 8], true, 1, 1), route));
    run();
    const before = tf.memory();
    run();
    assertEquals(tf.memory().numTensors, before.numTensors);
    assertEquals(tf.memory().numBytes, before.numBytes);
  });
}

Deno.test("features are the reference's, on the cpu backend, too", async () => {
  for (const backend of ["cpu", "wasm"] as const) {
    await useEngine({ backend, pack: false });
    const x = normal([2, 3, 5], 1, 3).values;
    const found = tf.tidy(() => poly2Features(tf.tensor4d(x, [1, 2, 3, 5])).dataSync());
    const wanted = Array.from({ length: 6 }, (_, i) => poly2FeaturesReference(x.subarray(5 * i, 5 * i + 5))).flat();
    assertClose(found, wanted, tolerances.forward);
    check(draw([1, 2, 7, 11, 3, 5], true, 1, 2), "linear");
  }
});

Deno.test("shapes and options that don't fit are refused", async () => {
  await useEngine({ pack: false });
  const of = (...shape: [number, number, number, number]) => tf.zeros(shape) as Tensor4D;
  tf.tidy(() => {
    const good = of(1, 2, 3, 4);
    assertThrows(() => poly2Attention(good, of(1, 2, 3, 5), good), RangeError, "Cannot use k of shape");
    assertThrows(() => poly2Attention(good, good, of(1, 2, 5, 4)), RangeError, "Cannot use v of shape");
    const mask = tf.zeros([1, 2]) as Tensor2D;
    assertThrows(() => poly2Attention(good, good, good, { mask }), RangeError, "Cannot use mask of shape");
    for (const eps of [0, -1, NaN, Infinity]) {
      assertThrows(() => poly2Attention(good, good, good, { eps }), RangeError, "as eps must be above 0");
    }
    const deep = of(1, 1, 1, 600);
    assertThrows(
      () => poly2Attention(deep, deep, of(1, 1, 1, 800), { route: "linear" }),
      RangeError,
      "at most 536870912 bytes",
    );
    const route = "fast" as "auto";
    assertThrows(() => poly2Attention(good, good, good, { route }), RangeError, "as the route must be one of");
    assertThrows(() => poly2Chunk(of(1, 2, 15, 4), good, good, good), RangeError, "Cannot use state of shape");
  });
});
