import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { composed } from "../../../operators/numerics/device_kernels.ts";
import { gruStep } from "../../../operators/numerics/recurrence.ts";
import { type Tensor2D, tf } from "../../../operators/numerics/tf.ts";
import { packTest } from "../../helpers/builds.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient } from "../../helpers/gradient.ts";
import { type Found, lengthsOf, NAMES, run, shapes, type Sizes, values, weights } from "../../helpers/gru_cases.ts";
import { gruLayerReference } from "../../reference/gru_layer.ts";

const RESULTS = ["outputs", "final", ...NAMES] as const;
const listed = ({ outputs, final, gradients }: Found) => [outputs, final, ...gradients];
const kind = (value: number) => Number.isFinite(value) ? "finite" : String(value);

function reference(sizes: Sizes, at: ArrayLike<number>[] = values(sizes)) {
  const { batch, steps, units } = sizes;
  const above = [weights(batch * steps * units, 11), weights(batch * units, 13)];
  return { ...gruLayerReference({ ...sizes, lengths: lengthsOf(sizes) }, at, above[0], above[1]), above };
}

Deno.test("the float64 layer's gradient is what difference quotients give", () => {
  for (const reverse of [false, true]) {
    const sizes = { batch: 5, steps: 4, inputs: 3, units: 2, seed: 17, reverse };
    const at = values(sizes).map((values) => Array.from(values));
    const { gradients, above } = reference(sizes);
    gradients.forEach((gradient, which) => {
      const loss = (x: number[]) => {
        const { outputs, final } = reference(sizes, at.with(which, x));
        return outputs.reduce((sum, value, i) => sum + value * above[0][i], 0) +
          final.reduce((sum, value, i) => sum + value * above[1][i], 0);
      };
      assertClose(gradient, differenceGradient(loss, at[which]), 1e-8, NAMES[which]);
    });
  }
});

const side = fc.integer({ min: 1, max: 70 });

packTest("a fused layer and its gradient agree with float64 for any shape", () => {
  fc.assert(
    fc.property(
      fc.record({ batch: side, steps: side, inputs: side, units: side, seed: fc.nat(1000), reverse: fc.boolean() }),
      (sizes) => {
        const wanted = listed(reference(sizes) as unknown as Found);
        // Gradients at parameters are sums over all positions, added up in turn: rounding grows with their number.
        const positions = Math.max(1, sizes.batch * sizes.steps / 1000);
        const bounds = [4 * tolerances.forward, 4 * tolerances.forward].concat(
          NAMES.map((name) =>
            2 * tolerances.gradientAgainstFloat64 * (name === "x" || name === "initial" ? 1 : positions)
          ),
        );
        listed(run(sizes)).forEach((found, i) => assertClose(found, wanted[i], bounds[i], RESULTS[i]));
      },
    ),
    { numRuns: 12 },
  );
});

packTest("one sequence, one position, one input, one unit; and sides next to the tiles'", () => {
  const one = { batch: 1, steps: 1, inputs: 1, units: 1, seed: 4, reverse: false };
  const cases = [
    ...[one, { ...one, seed: 5 }, { ...one, reverse: true }],
    ...[2, 7, 8, 9, 31, 32, 33, 64, 65].flatMap((side) => [
      { ...one, batch: side },
      { ...one, steps: side },
      { ...one, inputs: side },
      { ...one, units: side },
    ]),
  ];
  for (const sizes of cases) {
    const wanted = listed(reference(sizes) as unknown as Found);
    listed(run(sizes)).forEach((found, i) => {
      assertClose(found, wanted[i], tolerances.gradientAgainstFloat64, `${RESULTS[i]} of ${JSON.stringify(sizes)}`);
    });
  }
});

packTest("sequences without a true position: outputs are 0, and the gradient passes to the initial state alone", () => {
  for (const reverse of [false, true]) {
    const sizes = { batch: 37, steps: 3, inputs: 2, units: 5, seed: 8, reverse };
    const { outputs, final, gradients } = run(sizes, values(sizes), new Array(37).fill(0));
    assert(outputs.every((value) => value === 0));
    assertEquals(final, values(sizes)[5]);
    gradients.slice(0, 5).forEach((gradient, i) => assert(gradient.every((value) => value === 0), NAMES[i]));
    assertEquals(gradients[5], weights(37 * 5, 13));
  }
});

/** Outputs and final state by the composed step, one position after the other; all sequences are whole. */
function stepped(sizes: Sizes, given: Float32Array[]): Float32Array[] {
  const { batch, steps, inputs, units, reverse } = sizes;
  return tf.tidy(() => {
    const [kernel, recurrent, bias, recurrentBias, x, initial] = given
      .map((values, index) => tf.tensor(values, shapes(sizes)[index]));
    let state = initial as Tensor2D;
    const states: Tensor2D[] = [];
    for (let step = 0; step < steps; step++) {
      const at = tf.slice(x, [0, reverse ? steps - 1 - step : step, 0], [batch, 1, inputs]).reshape([batch, inputs]);
      state = composed(() => gruStep({ kernel, recurrent, bias, recurrentBias }, at as Tensor2D, state));
      states.push(state);
    }
    const outputs = tf.stack(reverse ? states.reverse() : states, 1);
    assertEquals(outputs.shape, [batch, steps, units]);
    return [outputs, state].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

packTest("NaN, infinity and denormals come out as stock operations give them, forwards and backwards", () => {
  for (const units of [1, 5, 11]) {
    for (const reverse of [false, true]) {
      const sizes = { batch: 5, steps: 3, inputs: 2, units, seed: 3, reverse };
      const lengths = new Array(5).fill(3);
      for (const odd of [NaN, Infinity, -Infinity, 1e-40, -3e-39]) {
        for (let which = 0; which < NAMES.length; which++) {
          const given = values(sizes);
          given[which][given[which].length >> 1] = odd;
          const told = `${odd} in ${NAMES[which]}, ${units} units`;
          const found = listed(run(sizes, given, lengths));
          const layer = listed(composed(() => run(sizes, given, lengths)));
          const steps = stepped(sizes, given);
          // The composed layer says h - (1 - z)(h - n), in which infinite states cancel; its step doesn't.
          const wanted = NAMES[which] === "initial" && Math.abs(odd) === Infinity
            ? layer.with(0, steps[0]).with(1, steps[1])
            : layer;
          found.forEach((values, i) => {
            const name = `${told}: ${RESULTS[i]}`;
            assertEquals(Array.from(values, kind), Array.from(wanted[i], kind), name);
            const finite = (values: Float32Array) => values.map((value) => Number.isFinite(value) ? value : 0);
            assertClose(finite(values), finite(wanted[i]), tolerances.gradientAgainstFloat64, name);
          });
          steps.forEach((values, i) => assertEquals(Array.from(found[i], kind), Array.from(values, kind), told));
        }
      }
    }
  }
});

packTest("NaN and infinity stay in their own sequence, and shorter ones carry what they held", () => {
  const sizes = { batch: 35, steps: 4, inputs: 2, units: 9, seed: 3, reverse: false };
  const lengths = Array.from({ length: 35 }, (_, row) => row % 5);
  const clean = run(sizes, values(sizes), lengths);
  for (const odd of [NaN, Infinity]) {
    for (const which of [4, 5]) {
      const row = 33, given = values(sizes);
      given[which].fill(odd, row * given[which].length / 35, row * given[which].length / 35 + 1);
      const found = run(sizes, given, lengths), expected = composed(() => run(sizes, given, lengths));
      if (Number.isNaN(odd)) assert(found.final.subarray(row * 9, row * 9 + 9).every(Number.isNaN));
      [
        [found.outputs, clean.outputs],
        [found.final, clean.final],
        ...[4, 5].map((i) => [found.gradients[i], clean.gradients[i]]),
      ]
        .forEach(([values, before]) => {
          const own = values.length / 35;
          values.forEach((value, i) => {
            if (Math.floor(i / own) !== row) assertEquals(value, before[i]);
          });
        });
      assertEquals(Array.from(found.final, kind), Array.from(expected.final, kind));
    }
  }
});

packTest("denormal states and gradients are kept to the last bit", () => {
  // Without weights r = z = 1/2 and n = 0: the state is halved at each position, and so is its gradient on the way back.
  const sizes = { batch: 3, steps: 3, inputs: 1, units: 5, seed: 1, reverse: false };
  const given = values(sizes).map((values) => new Float32Array(values.length));
  const initial = Float32Array.from({ length: 15 }, (_, i) => (i - 7) * 2 ** -140);
  const { outputs, final } = run(sizes, given.with(5, initial), [3, 3, 3]);
  assertEquals([...final], [...initial].map((value) => value / 8));
  assertEquals([...outputs.subarray(0, 5)], [...initial.subarray(0, 5)].map((value) => value / 2));
  const gradient = tf.tidy(() => {
    const [kernel, recurrent, bias, recurrentBias] = given.map((values, i) => tf.tensor(values, shapes(sizes)[i]));
    const step = (h: tf.Tensor) => gruStep({ kernel, recurrent, bias, recurrentBias }, tf.zeros([3, 1]), h as Tensor2D);
    return tf.grad(step)(tf.zeros([3, 5]), tf.tensor2d(initial, [3, 5])).dataSync();
  });
  assertEquals([...gradient], [...initial].map((value) => value / 2));
});
