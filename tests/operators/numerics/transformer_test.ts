import { assert, assertEquals, assertThrows } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { countOperations } from "../../../operators/numerics/counting.ts";
import { featureMaps } from "../../../operators/numerics/feature_maps.ts";
import { layerNorm, layerNormOperations } from "../../../operators/numerics/layer_norm.ts";
import { lengthMask } from "../../../operators/numerics/masks.ts";
import { learntPositions, sinusoidalPositions } from "../../../operators/numerics/position_encoding.ts";
import { normal } from "../../../operators/numerics/random.ts";
import type { AttentionMechanism } from "../../../operators/numerics/attention_mechanism.ts";
import { kernelMechanism, softmaxMechanism } from "../../../operators/numerics/attention_mechanisms.ts";
import { type InitialValues, sizeOf, type TensorMap } from "../../../operators/numerics/shape.ts";
import { shortConvolution, shortConvolutionOperations } from "../../../operators/numerics/short_convolution.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { transformer, type TransformerOptions } from "../../../operators/numerics/transformer.ts";
import { InputError } from "../../../operators/records.ts";
import { layerNormReference, transformerReference } from "../../reference/transformer.ts";

await useEngine();

const softmax = softmaxMechanism();

const VOCABULARY = 7, WIDTH = 6, IDS = [[1, 5, 3, 6, 2], [4, 4, 1, 0, 0], [2, 0, 0, 0, 0]], LENGTHS = [5, 3, 1];
const base: TransformerOptions = { attention: softmax, width: WIDTH, hidden: 11 };
const variants: Record<string, TransformerOptions> = {
  "one block, one head": base,
  "two blocks, three heads, causal": { ...base, heads: 3, blocks: 2, causal: true },
  "a short convolution and sinusoids": { ...base, heads: 2, window: 3, positions: sinusoidalPositions, causal: true },
  "learnt positions, no perceptron": { ...base, hidden: 0, positions: learntPositions(5), heads: 2 },
};
const tensorsOf = (initial: InitialValues): TensorMap =>
  Object.fromEntries(Object.entries(initial).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));
/** Initial values with gains and biases that aren't ones and zeros, so that each of them counts. */
const shaken = (options: TransformerOptions): InitialValues =>
  Object.fromEntries(
    Object.entries(transformer(options).parameters(VOCABULARY, 3)).map(([name, { shape, values }], at) => {
      const noise = normal(shape, 0.2, at).values;
      return [name, { shape, values: values.map((value, index) => value + noise[index]) }];
    }),
  );
const close = (got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string) => {
  for (let at = 0; at < wanted.length; at++) {
    const error = Math.abs(got[at] - wanted[at]) / Math.max(1, Math.abs(wanted[at]));
    assert(error <= tolerance, `${what}, element ${at}: ${got[at]} against ${wanted[at]}`);
  }
};

for (const [name, options] of Object.entries(variants)) {
  Deno.test(`transformer equals the reference in float64: ${name}`, () =>
    tf.tidy(() => {
      const initial = shaken(options);
      const states = transformer(options)
        .apply(tensorsOf(initial), tf.tensor2d(IDS, [3, 5], "int32"), tf.tensor1d(LENGTHS, "int32"));
      assertEquals(states.shape, [3, 5, WIDTH]);
      const got = states.arraySync();
      transformerReference(initial, IDS, LENGTHS, options).forEach((rows, b) =>
        rows.forEach((row, t) => close(got[b][t], row, 2e-5, `sequence ${b}, position ${t}`))
      );
    }) as unknown as void);

  Deno.test(`transformer's gradients equal difference quotients of the reference: ${name}`, () =>
    tf.tidy(() => {
      const initial = shaken(options);
      const names = Object.keys(initial);
      const model = transformer(options);
      const lengths = tf.tensor1d(LENGTHS, "int32") as Tensor1D;
      // Weights that tell elements apart, none at padding.
      const mask = lengthMask(lengths, 5).expandDims(2);
      const probe = Float32Array.from({ length: 3 * 5 * WIDTH }, (_, at) => Math.sin(at + 1));
      const weights = tf.mul(tf.tensor3d(probe, [3, 5, WIDTH]), mask);
      const loss = (...values: Tensor[]) => {
        const params = Object.fromEntries(names.map((each, at) => [each, values[at]]));
        const states = model.apply(params, tf.tensor2d(IDS, [3, 5], "int32"), lengths);
        return tf.sum(tf.mul(states, weights));
      };
      const gradients = tf.grads(loss)(names.map((each) => tensorsOf(initial)[each]));
      const value = (changed: InitialValues) =>
        transformerReference(changed, IDS, LENGTHS, options).reduce(
          (sum, rows, b) =>
            rows.reduce((sum, row, t) => row.reduce((sum, x, w) => sum + x * probe[(b * 5 + t) * WIDTH + w], sum), sum),
          0,
        );
      for (const [at, each] of names.entries()) {
        const { shape, values } = initial[each];
        const got = gradients[at].dataSync();
        const step = 1e-5;
        // Every seventh element of each parameter, the last among them.
        for (let index = (values.length - 1) % 7; index < values.length; index += 7) {
          const at = (move: number) => {
            const moved = Float64Array.from(values);
            moved[index] += move;
            return value({ ...initial, [each]: { shape, values: moved as unknown as Float32Array } });
          };
          const slope = (at(step) - at(-step)) / (2 * step);
          close([got[index]], [slope], 5e-4, `${each}[${index}]`);
        }
      }
    }) as unknown as void);

  Deno.test(`transformer's cost is what is made and executed: ${name}`, () =>
    tf.tidy(() => {
      // The attention gives its values back, so that what is counted is all the rest.
      const silent: AttentionMechanism = { ...softmax, apply: (_q, _k, v) => v };
      const model = transformer({ ...options, attention: silent });
      const initial = model.parameters(VOCABULARY, 1);
      const cost = model.cost({ vocabulary: VOCABULARY, batch: 3, positions: 5 });
      assertEquals(cost.parameters, Object.values(initial).reduce((sum, { shape }) => sum + sizeOf(shape), 0));
      const params = tensorsOf(initial);
      const ids = tf.tensor2d(IDS, [3, 5], "int32"), lengths = tf.tensor1d(LENGTHS, "int32");
      const masks = countOperations(() => lengthMask(lengths, 5)).operations;
      const counted = countOperations(() => model.apply(params, ids, lengths)).operations;
      assertEquals(counted - masks, cost.operations);
    }) as unknown as void);
}

Deno.test("padding changes nothing, and what comes later changes nothing where attention is causal", () =>
  tf.tidy(() => {
    const options = variants["a short convolution and sinusoids"];
    const model = transformer(options);
    const params = tensorsOf(shaken(options));
    const run = (ids: number[][], lengths: number[]) =>
      model.apply(params, tf.tensor2d(ids, [ids.length, ids[0].length], "int32"), tf.tensor1d(lengths, "int32"))
        .arraySync();
    const whole = run([[1, 5, 3, 6, 2]], [5])[0];
    close(run([[1, 5, 3, 6, 2, 0, 4]], [5])[0].slice(0, 5).flat(), whole.flat(), 1e-6, "padding");
    close(run([[1, 5, 3, 2, 4]], [5])[0].slice(0, 3).flat(), whole.slice(0, 3).flat(), 1e-6, "later symbols");
    const open = transformer({ ...base, heads: 2 });
    const parameters = tensorsOf(shaken({ ...base, heads: 2 }));
    const two = open.apply(parameters, tf.tensor2d([[1, 5, 6, 6]], [1, 4], "int32"), tf.tensor1d([2], "int32"))
      .arraySync();
    const short = open.apply(parameters, tf.tensor2d([[1, 5]], [1, 2], "int32"), tf.tensor1d([2], "int32")).arraySync();
    close(two[0].slice(0, 2).flat(), short[0].flat(), 1e-6, "padding without order");
  }) as unknown as void);

Deno.test("layerNorm: a row of equal values gives the bias, and rows of any scale have variance 1", () =>
  tf.tidy(() => {
    const params = { gain: tf.ones([3]), bias: tf.tensor1d([1, 2, 3]) };
    close((layerNorm(params, tf.tensor2d([[5, 5, 5]])) as Tensor2D).dataSync(), [1, 2, 3], 1e-6, "constant");
    const rows = [[1e4, 1e4 + 3, 1e4 - 7], [1e-2, 2e-2, 5e-2]];
    const got = layerNorm(params, tf.tensor2d(rows)).arraySync();
    rows.forEach((row, at) => close(got[at], layerNormReference(row, [1, 1, 1], [1, 2, 3]), 1e-3, `row ${at}`));
    assertEquals(countOperations(() => layerNorm(params, tf.tensor2d(rows))).operations, 2 * layerNormOperations(3));
  }) as unknown as void);

Deno.test("shortConvolution by hand, also where it is longer than the sequence", () =>
  tf.tidy(() => {
    const taps = tf.tensor2d([[1, 10], [2, 20], [3, 30]]);
    const x = tf.tensor3d([[[1, 1], [2, 2], [4, 4], [8, 8]]]);
    const got = shortConvolution({ taps }, x).arraySync()[0];
    assertEquals(got.map(([first]) => first), [1, 4, 11, 22]);
    assertEquals(got.map(([, second]) => second), [10, 40, 110, 220]);
    const two = tf.slice(x, [0, 0, 0], [1, 2, 2]) as Tensor3D;
    assertEquals(shortConvolution({ taps }, two).arraySync(), [[[1, 10], [4, 40]]]);
    assertEquals(countOperations(() => shortConvolution({ taps }, x)).operations, shortConvolutionOperations(3, 2, 4));
    assertEquals(
      countOperations(() => shortConvolution({ taps }, two)).operations,
      shortConvolutionOperations(3, 2, 2),
    );
  }) as unknown as void);

Deno.test("transformer refuses sizes that are none", () => {
  const message = (options: Partial<TransformerOptions>) =>
    assertThrows(() => transformer({ ...base, ...options }), InputError).message;
  assertEquals(
    message({ heads: 4 }),
    "Cannot make a transformer as heads must divide the width 6: current value is 4",
  );
  assertEquals(
    message({ blocks: 0 }),
    "Cannot make a transformer as blocks must be a whole number of at least 1: current value is 0",
  );
  assertEquals(
    message({ width: 2.5 }),
    "Cannot make a transformer as width must be a whole number of at least 1: current value is 2.5",
  );
  const short = assertThrows(() => learntPositions(3).encode({ rows: tf.zeros([3, 2]) }, 4, 2), InputError);
  assertEquals(
    short.message,
    "Cannot encode positions as a sequence may have 3 at most: current value is 4",
  );
});

Deno.test("transformer tells its attention's operations and the state that it carries", () => {
  const dims = { vocabulary: VOCABULARY, batch: 3, positions: 5 };
  const options = { width: 6, heads: 3, blocks: 2, causal: true };
  const each = { n: 5, d: 2, m: 2, heads: 3, batch: 3, causal: true };
  for (const { map, state } of [{ map: featureMaps.elu(), state: 2 * 3 * 2 * (2 + 1) }]) {
    const attention = kernelMechanism(map);
    const told = transformer({ ...options, attention }).cost(dims);
    assertEquals(told.attention, 2 * attention.cost!(each).operations);
    assertEquals(told.state, state);
  }
  // Softmax keeps every key and value: n (D + M), by head and block.
  assertEquals(transformer({ ...options, attention: softmax }).cost(dims).state, 2 * 3 * 5 * (2 + 2));
  const { cost: _, ...silent } = softmax;
  assertEquals(transformer({ ...options, attention: silent }).cost(dims).state, undefined);
});
