/** Variational dropout: a sequence drops the same units at every step, others than its batch mates do. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { global } from "../../../operators/numerics/attention.ts";
import { bahdanau, decoder, luong } from "../../../operators/numerics/composition.ts";
import { type Drop, droppingFrom, dropSteps } from "../../../operators/numerics/dropout.ts";
import { recurrentEncoder } from "../../../operators/numerics/encoder.ts";
import { scores } from "../../../operators/numerics/scores.ts";
import { type Tensor1D, type Tensor2D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose } from "../../helpers/close.ts";
import { randomTensor, tensorTest, toTensors } from "../../helpers/tensors.ts";

const B = 3, T = 7, S = 5;
const LENGTHS = [7, 3, 5], SOURCE_LENGTHS = [5, 2, 4];

/** The units that are 0 at each true step of each sequence: `[B][length]`, a 0 or 1 a unit. */
function zeros(x: Tensor3D, lengths: readonly number[]): string[][] {
  return (x.arraySync() as number[][][]).map((steps, b) =>
    steps.slice(0, lengths[b]).map((values) => values.map((value) => Number(value === 0)).join(""))
  );
}

/** Asserts one pattern a sequence, and that each sequence has its own. */
function assertVariational(x: Tensor3D, lengths: readonly number[], title: string): void {
  const patterns = zeros(x, lengths).map((steps) => new Set(steps));
  for (const seen of patterns) assertEquals(seen.size, 1, `${title}: ${[...seen].join(" ")}`);
  assertEquals(new Set(patterns.flatMap((seen) => [...seen])).size, lengths.length, `${title}: sequences differ`);
  for (const digit of "01") assert(patterns.every((seen) => [...seen][0].includes(digit)), `${title}: all or nothing`);
}

/** Dropout that notes the shapes of what it draws for. */
function noting(seed: number): { drop: Drop; shapes: number[][] } {
  const drop = droppingFrom(seed);
  const shapes: number[][] = [];
  return {
    shapes,
    drop: (x, rate) => {
      shapes.push(x.shape);
      return drop(x, rate);
    },
  };
}

tensorTest("dropSteps() keeps values and expectation, and drops by sequence or by step", () => {
  const [sequences, width, rate] = [97, 103, 0.3];
  const x = randomTensor<Tensor3D>([sequences, T, width], 1);
  const kept = Math.fround(1 / (1 - rate));
  for (const variational of [true, false]) {
    const found = tf.valueAndGrad((x) => dropSteps(droppingFrom(5), x as Tensor3D, { dropout: rate, variational }))(x);
    const factors = found.grad.arraySync() as number[][][];
    assertClose(found.value.dataSync(), tf.mul(x, found.grad).dataSync(), 1e-7);
    assertEquals(new Set(factors.flat(2)), new Set([0, kept]));
    if (variational) assertVariational(found.grad as Tensor3D, new Array(sequences).fill(T), "dropSteps()");
    else for (const [one, other] of zeros(found.grad as Tensor3D, [T, T])) assertNotEquals(one, other);
    // Four standard deviations of the mean of as many factors as were drawn independently.
    const drawn = sequences * width * (variational ? 1 : T);
    const mean = factors.flat(2).reduce((sum, factor) => sum + factor, 0) / (sequences * T * width);
    assertClose([mean], [1], 4 * Math.sqrt(rate / (1 - rate) / drawn));
    found.value.dispose();
    found.grad.dispose();
  }
});

Deno.test("encoders drop the same units of a sequence at every position: inputs, between layers, and the memory", async () => {
  await useEngine({ backend: "wasm" });
  for (const direction of ["unidirectional", "bidirectional"] as const) {
    for (const layers of [1, 2]) {
      tf.tidy(() => {
        const title = `${direction}, ${layers}`;
        const [units, embedding] = [17, 13];
        const encoder = recurrentEncoder({ units, embedding, direction, layers, dropout: 0.4, variational: true });
        const params = toTensors(encoder.parameters(7, 1));
        const ids = tf.tensor2d(Array.from({ length: B * S }, (_, i) => i % 7), [B, S], "int32");
        const lengths = tf.tensor1d(SOURCE_LENGTHS, "int32");
        const { drop, shapes } = noting(3);
        assertVariational(encoder.apply(params, ids, lengths, drop).memory, SOURCE_LENGTHS, title);
        assertEquals(shapes, [[B, 1, embedding], ...Array(layers).fill([B, 1, encoder.width])], title);
        assertEquals(
          zeros(encoder.apply(params, ids, lengths).memory, SOURCE_LENGTHS).flat().join("").includes("1"),
          false,
        );
      });
    }
  }
});

Deno.test("both paths drop the same units of a sequence at every step: inputs, between layers, and what is read", async () => {
  await useEngine({ backend: "wasm" });
  const [units, embedding] = [17, 13];
  const paths = [luong(), luong({ inputFeeding: true }), bahdanau({ begins: "final", maxout: units })];
  for (const path of paths) {
    for (const layers of [1, 2]) {
      tf.tidy(() => {
        const title = `${path.name}, ${layers}`;
        const attention = global({ score: scores.general });
        const made = decoder({ path, attention, units, embedding, layers, dropout: 0.4, variational: true })
          .decoderFor(units);
        // As many symbols as units and the identity before the softmax, so that logits are what was dropped from.
        const params = {
          ...toTensors(made.parameters({ vocabulary: units, memoryWidth: units, encoderFinal: units }, 1)),
          "output/kernel": tf.eye(units),
        };
        const attend = attention.over(
          toTensors(attention.parameters({ query: units, key: units, hidden: 1, positions: 1 }, 2)),
          { memory: randomTensor([B, S, units], 3), mask: tf.ones([B, S]) as Tensor2D },
        );
        const taught = (drop?: Drop) =>
          made.teacher(
            params,
            attend,
            made.initial(params, { final: randomTensor([B, units], 5) }),
            tf.tensor2d(Array.from({ length: B * T }, (_, i) => i % units), [B, T], "int32"),
            tf.tensor1d(LENGTHS, "int32") as Tensor1D,
            drop,
          ).logits;
        const { drop, shapes } = noting(3);
        assertVariational(taught(drop), LENGTHS, title);
        const drawn = [[B, 1, embedding], ...Array(layers).fill([B, 1, units])];
        assertEquals(shapes, drawn, title);
        assertEquals(zeros(taught(), LENGTHS).flat().join("").includes("1"), false, title);
      });
    }
  }
});
