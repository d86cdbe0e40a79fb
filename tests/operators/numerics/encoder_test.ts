import { assert, assertEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { embed, embeddingParameters } from "../../../operators/numerics/embedding.ts";
import { bidirectionalGru } from "../../../operators/numerics/encoder.ts";
import { partOf } from "../../../operators/numerics/groups.ts";
import { type InitialValues, sizeOf, type TensorMap } from "../../../operators/numerics/shape.ts";
import { type Scalar, type Tensor2D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { tapeGradient } from "../../helpers/gradient.ts";
import { gruReference, rows } from "../../reference/gru.ts";

const V = 13, E = 5, U = 7, B = 3, S = 11;
const LENGTHS = [11, 1, 4];
const IDS = Array.from({ length: B * S }, (_, i) => i % S < LENGTHS[Math.floor(i / S)] ? 1 + (i * 7) % (V - 1) : 0);

const tensors = (made: InitialValues): TensorMap =>
  Object.fromEntries(Object.entries(made).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));

function gruOf(made: InitialValues, direction: string) {
  const part = partOf(direction, made);
  return {
    kernel: rows(part.kernel.values, 3 * U),
    recurrent: rows(part.recurrent.values, 3 * U),
    bias: Array.from(part.bias.values),
    recurrentBias: Array.from(part.recurrentBias.values),
  };
}

Deno.test("bidirectionalGru() is the two float64 directions side by side", async () => {
  await useEngine({ backend: "wasm" });
  const encoder = bidirectionalGru({ units: U, embedding: E });
  const made = encoder.parameters(V, 5);
  assertEquals(encoder.width, 2 * U);
  const table = rows(made["embedding/table"].values, E);
  tf.tidy(() => {
    const { memory, final } = encoder.apply(
      tensors(made),
      tf.tensor2d(IDS, [B, S], "int32"),
      tf.tensor1d(LENGTHS, "int32"),
    );
    assertEquals(memory.shape, [B, S, 2 * U]);
    assertEquals(final.shape, [B, 2 * U]);
    const zero = new Array(U).fill(0);
    const expected = LENGTHS.map((length, b) => {
      const xs = IDS.slice(b * S, (b + 1) * S).map((id) => table[id]);
      const forward = gruReference(gruOf(made, "forward"), xs, length, zero);
      const backward = gruReference(gruOf(made, "backward"), xs, length, zero, true);
      return {
        memory: xs.map((_, s) => [...forward.outputs[s], ...backward.outputs[s]]),
        final: [...forward.final, ...backward.final],
      };
    });
    assertClose(memory.dataSync(), expected.flatMap((e) => e.memory.flat()), tolerances.forward);
    assertClose(final.dataSync(), expected.flatMap((e) => e.final), tolerances.forward);
  });
});

Deno.test("bidirectionalGru()'s parameters depend on the seed alone, and cost() counts them", () => {
  const encoder = bidirectionalGru({ units: U, embedding: E });
  const made = encoder.parameters(V, 5);
  assertEquals(made, encoder.parameters(V, 5));
  const values = Object.values(made).map(({ values }) => values);
  const other = Object.values(encoder.parameters(V, 6)).map(({ values }) => values);
  assert(values.some((value, i) => value.some((x, j) => x !== other[i][j])));
  assert(made["forward/kernel"].values.some((x, i) => x !== made["backward/kernel"].values[i]), "directions differ");
  const count = Object.values(made).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assertEquals(encoder.cost({ vocabulary: V, batch: B, source: S }).parameters, count);
  // By hand: two directions, each 6·7·(5+7) + 16·7 a position.
  assertEquals(encoder.cost({ vocabulary: V, batch: B, source: S }).operations, 2 * B * S * (504 + 112));
});

Deno.test("embed() looks rows up, and its gradient adds up what each row was used for", async () => {
  await useEngine({ backend: "wasm" });
  const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
  tf.tidy(() => {
    const rowsOf = embed({ table }, tf.tensor2d([[2, 0], [2, 2]], [2, 2], "int32"));
    assertEquals(rowsOf.shape, [2, 2, 2]);
    assertEquals([...rowsOf.dataSync()], [5, 6, 1, 2, 5, 6, 5, 6]);
  });
  const [gradient] = tapeGradient(
    (t) => tf.sum(embed({ table: t }, tf.tensor2d([[2, 0], [2, 2]], [2, 2], "int32") as Tensor2D)) as Scalar,
    [table],
  );
  assertEquals(gradient, [1, 1, 0, 0, 3, 3]);
  table.dispose();
  assertEquals(embeddingParameters(V, E, 1).table.shape, [V, E]);
});
