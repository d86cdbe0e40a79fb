/** Every encoder against float64 loops: cells, one and two directions, layers, padding; values and gradients. */
import { assertEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { cells } from "../../../operators/numerics/cell.ts";
import { recurrentEncoder } from "../../../operators/numerics/encoder.ts";
import { normal } from "../../../operators/numerics/random.ts";
import type { TensorMap } from "../../../operators/numerics/shape.ts";
import { type Scalar, type Tensor, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient } from "../../helpers/gradient.ts";
import { shaken } from "../../helpers/path_cases.ts";
import { toTensors } from "../../helpers/tensors.ts";
import { type EncoderReference, encoderReference, type EncoderValues } from "../../reference/encoder.ts";
import { rows } from "../../reference/gru.ts";

const V = 7, E = 2, U = 3, B = 3, S = 5;
const LENGTHS = [5, 1, 3];
// Padding holds symbols that occur, too: they must not be read.
const IDS = Array.from({ length: B * S }, (_, i) => (i * 5) % V);

const cases: EncoderReference[] = (Object.keys(cells) as EncoderReference["cell"][]).flatMap((cell) =>
  (["unidirectional", "bidirectional"] as const).flatMap((direction) =>
    [1, 2].map((layers) => ({ cell, direction, layers, units: U }))
  )
);
const titled = ({ cell, direction, layers }: EncoderReference) => `${direction}, ${layers} × ${cell}`;

function madeOf({ cell, ...sizes }: EncoderReference) {
  const encoder = recurrentEncoder({ ...sizes, embedding: E, cell: cells[cell] });
  return { encoder, made: shaken(encoder.parameters(V, 5), 100) };
}

/** Everything that an encoder hands on, in one row a sequence: memory, final, backward. */
function flat(each: EncoderReference, values: EncoderValues): number[][] {
  const table = rows(values("embedding/table"), E);
  return LENGTHS.map((length, b) => {
    const embedded = IDS.slice(b * S, (b + 1) * S).map((id) => table[id]);
    const { memory, final, backward = [] } = encoderReference(each, values, embedded, length);
    return [...memory.flat(), ...final, ...backward];
  });
}

/** The same of tensors. */
function flatTensor(encoder: ReturnType<typeof madeOf>["encoder"], params: TensorMap): Tensor {
  const ids = tf.tensor2d(IDS, [B, S], "int32");
  const { memory, final, backward } = encoder.apply(params, ids, tf.tensor1d(LENGTHS, "int32"));
  return tf.concat([memory.reshape([B, -1]), final, ...(backward ? [backward] : [])], 1);
}

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`memory, final and backward state of every encoder equal the float64 loops, on ${backend}`, async () => {
    await useEngine({ backend });
    for (const each of cases) {
      tf.tidy(() => {
        const { encoder, made } = madeOf(each);
        const found = flatTensor(encoder, toTensors(made));
        // One direction: memory and final. Two: both twice as wide, and the backward state.
        const one = each.direction === "unidirectional";
        assertEquals(encoder.width, one ? U : 2 * U);
        assertEquals(found.shape, [B, one ? (S + 1) * U : (S + 1) * 2 * U + U]);
        assertClose(found.dataSync(), flat(each, (name) => made[name].values).flat(), 5e-6, titled(each));
      });
    }
  });
}

Deno.test("every encoder has the float64 loops' gradient at every parameter, through memory, final and backward state", async () => {
  await useEngine({ backend: "wasm" });
  for (const each of cases) {
    const { encoder, made } = madeOf(each);
    const names = Object.keys(made);
    const width = flat(each, (name) => made[name].values)[0].length;
    const weights = normal([B, width], 1, 11).values;
    const inputs = Object.values(toTensors(made));
    const gradients = tapeGradient(
      (...values) =>
        tf.sum(tf.mul(
          flatTensor(encoder, Object.fromEntries(names.map((name, i) => [name, values[i]]))),
          tf.tensor2d(weights, [B, width]),
        )) as Scalar,
      inputs,
    );
    tf.dispose(inputs);
    names.forEach((name, which) => {
      const loss = (changed: number[]) =>
        flat(each, (other) => other === name ? changed : made[other].values).flat()
          .reduce((sum, value, i) => sum + value * weights[i], 0);
      const slopes = differenceGradient(loss, made[name].values);
      assertClose(gradients[which], slopes, tolerances.gradientAgainstFloat64, `${titled(each)}: ${name}`);
    });
  }
});
