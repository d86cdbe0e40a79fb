/** Every path × attention × cell against float64 loops: values, gradients, steps, masks, padding. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import type { Attention } from "../../../operators/numerics/attention.ts";
import { cells } from "../../../operators/numerics/cell.ts";
import { countOperations } from "../../../operators/numerics/counting.ts";
import { concatCost } from "../../../operators/numerics/costs.ts";
import { bahdanauDecoder } from "../../../operators/numerics/bahdanau.ts";
import { normal, randomFrom } from "../../../operators/numerics/random.ts";
import { type InitialValues, sizeOf, type TensorMap } from "../../../operators/numerics/shape.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor3D, tf } from "../../../operators/numerics/tf.ts";
import { assertClose, tolerances } from "../../helpers/close.ts";
import { differenceGradient, tapeGradient } from "../../helpers/gradient.ts";
import { attentions, composed, paths, sizes, sourceLengths, targetLengths } from "../../helpers/path_cases.ts";
import type { AttentionReference } from "../../reference/attentions.ts";
import { rows } from "../../reference/gru.ts";
import { fromFinal, type PathReference, pathReference } from "../../reference/paths.ts";

const { B, S, T, V, E, U, M, N, hidden, positions } = sizes;
const random = randomFrom(3);
const INPUTS = Array.from({ length: B * T }, () => random.integer(V));
const MEMORY = normal([B, S, M], 1, 3).values;
const FINAL = normal([B, N + 3], 0.7, 5).values;
const BACKWARD = normal([B, N], 0.7, 7).values;
const MASK = sourceLengths.map((length) => Array.from({ length: S }, (_, s) => s < length ? 1 : 0));

type Case = {
  path: PathReference["path"];
  attention: Attention;
  reference: AttentionReference;
  cell: keyof typeof cells;
  layers: number;
};

const names = Object.keys(paths) as PathReference["path"][];
/** Every attention on every path, cells and layers in turn: each pair of path and cell occurs. */
const cases: Case[] = names.flatMap((path, p) =>
  attentions.map(([attention, reference], a): Case => ({
    path,
    attention,
    reference,
    cell: (Object.keys(cells) as (keyof typeof cells)[])[(a + p) % 3],
    layers: 1 + (a % 5 === 1 ? 1 : 0),
  }))
);
const titled = ({ path, attention, cell, layers }: Case) => `${path} · ${attention.name} · ${layers} × ${cell}`;

const tensors = (made: InitialValues): TensorMap =>
  Object.fromEntries(Object.entries(made).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));

/** Teacher forcing with everything given. */
function taught(
  made: ReturnType<typeof composed>,
  params: TensorMap,
  attentionParams: TensorMap,
  memory: Tensor3D = tf.tensor3d(MEMORY, [B, S, M]),
  mask: number[][] = MASK,
) {
  const attend = made.composition.attention.over(attentionParams, { memory, mask: tf.tensor2d(mask) });
  const initial = made.decoder.initial(params, {
    final: tf.tensor2d(FINAL, [B, N + 3]),
    backward: tf.tensor2d(BACKWARD, [B, N]),
  });
  return made.decoder.teacher(
    params,
    attend,
    initial,
    tf.tensor2d(INPUTS, [B, T], "int32"),
    tf.tensor1d(targetLengths, "int32"),
  );
}

function expected(
  { path, cell, layers, reference }: Case,
  values: (name: string) => ArrayLike<number>,
  made: ReturnType<typeof composed>,
) {
  const read = (prefix: string, initial: InitialValues) =>
    Object.fromEntries(Object.keys(initial).map((name) => [name, values(prefix + name)]));
  const [params, attentionParams] = [read("", made.params), read("attention:", made.attentionParams)];
  const dims = { batch: B, queries: T, keys: S, query: U, key: M, hidden, positions };
  return Array.from({ length: B }, (_, b) =>
    pathReference(
      { path, cell, layers, attention: reference, units: U, embedding: E, vocabulary: V },
      params,
      attentionParams,
      dims,
      rows(MEMORY.slice(b * S * M, (b + 1) * S * M), M),
      sourceLengths[b],
      Array.from(
        fromFinal(path) ? FINAL.slice(b * (N + 3), (b + 1) * (N + 3)) : BACKWARD.slice(b * N, (b + 1) * N),
      ),
      INPUTS.slice(b * T, b * T + targetLengths[b]),
    ));
}

const valuesOf = (made: ReturnType<typeof composed>) => (name: string) =>
  (name.startsWith("attention:") ? made.attentionParams[name.slice(10)] : made.params[name]).values;

for (const backend of ["cpu", "wasm"] as const) {
  Deno.test(`every path with every attention equals the float64 loop, at once and step by step, on ${backend}`, async () => {
    await useEngine({ backend });
    const before = tf.memory().numTensors;
    for (const each of cases) {
      tf.tidy(() => {
        const made = composed(each.path, each.attention, each.cell, each.layers);
        const [params, attentionParams] = [tensors(made.params), tensors(made.attentionParams)];
        const { logits, alignment, queries } = taught(made, params, attentionParams);
        assertEquals([logits.shape, alignment.shape, queries.shape], [[B, T, V], [B, T, S], [B, T, U]]);
        const found = { logits: logits.arraySync(), alignment: alignment.arraySync() };
        const wanted = expected(each, valuesOf(made), made);
        wanted.forEach(({ logits, weights }, b) => {
          const cut = <X>(list: X[]) => list.slice(0, targetLengths[b]);
          assertClose(cut(found.logits[b]).flat(), logits.flat(), 5e-6, `${titled(each)}: logits`);
          assertClose(cut(found.alignment[b]).flat(), weights.flat(), 5e-6, `${titled(each)}: weights`);
        });
        // Step by step, as a search goes.
        const memory = tf.tensor3d(MEMORY, [B, S, M]);
        const attend = each.attention.over(attentionParams, { memory, mask: tf.tensor2d(MASK) });
        let state = made.decoder.initial(params, {
          final: tf.tensor2d(FINAL, [B, N + 3]),
          backward: tf.tensor2d(BACKWARD, [B, N]),
        });
        let previous: Tensor3D | undefined;
        tf.unstack(tf.tensor2d(INPUTS, [B, T], "int32"), 1).forEach((tokens, step) => {
          const next = made.decoder.step(params, (q) => attend(q, { step, previous }), state, tokens as Tensor1D);
          state = next.state;
          previous = tf.expandDims(next.alignment, 1);
          wanted.forEach(({ logits }, b) => {
            if (step < targetLengths[b]) {
              assertClose(
                next.logits.slice([b, 0], [1, V]).dataSync(),
                logits[step],
                2e-5,
                `${titled(each)}: step ${step}`,
              );
            }
          });
        });
      });
    }
    assertEquals(tf.memory().numTensors, before);
  });
}

Deno.test("every path with every attention has the float64 loop's gradient at every parameter", async () => {
  await useEngine({ backend: "wasm" });
  const weights = normal([B, T, V], 1, 11).values;
  const present = targetLengths.map((length) => Array.from({ length: T }, (_, t) => t < length ? 1 : 0));
  for (const each of cases) {
    const made = composed(each.path, each.attention, each.cell, each.layers);
    const own = Object.keys(made.params), others = Object.keys(made.attentionParams);
    const inputs: Tensor[] = [...Object.values(tensors(made.params)), ...Object.values(tensors(made.attentionParams))];
    const gradients = tapeGradient((...values) => {
      const params = Object.fromEntries(own.map((name, i) => [name, values[i]]));
      const attentionParams = Object.fromEntries(others.map((name, i) => [name, values[own.length + i]]));
      const { logits } = taught(made, params, attentionParams);
      const counted = tf.mul(tf.tensor3d(weights, [B, T, V]), tf.expandDims(tf.tensor2d(present), 2));
      return tf.sum(tf.mul(logits, counted)) as Scalar;
    }, inputs);
    tf.dispose(inputs);
    [...own, ...others.map((name) => `attention:${name}`)].forEach((name, which) => {
      const f = (changed: number[]) =>
        expected(each, (other) => other === name ? changed : valuesOf(made)(other), made).reduce(
          (sum, { logits }, b) =>
            sum +
            logits.reduce(
              (all, row, t) => all + row.reduce((s, value, v) => s + value * weights[(b * T + t) * V + v], 0),
              0,
            ),
          0,
        );
      const slopes = differenceGradient(f, valuesOf(made)(name), 1e-6);
      assertClose(gradients[which], slopes, 3e-5, `${titled(each)}: ${name}`);
    });
  }
});

Deno.test("padding changes nothing, on any path with any attention; what it holds has no gradient", async () => {
  await useEngine({ backend: "wasm" });
  const wider = S + 3;
  const padded = Array.from(
    { length: B },
    (_, b) =>
      Array.from(
        { length: wider },
        (_, s) => Array.from({ length: M }, (_, m) => s < sourceLengths[b] ? MEMORY[(b * S + s) * M + m] : 50 + s),
      ),
  ).flat(2);
  const mask = sourceLengths.map((length) => Array.from({ length: wider }, (_, s) => s < length ? 1 : 0));
  for (const each of cases.filter(({ attention }) => attention.name !== "global(location)")) {
    tf.tidy(() => {
      const made = composed(each.path, each.attention, each.cell, each.layers);
      const [params, attentionParams] = [tensors(made.params), tensors(made.attentionParams)];
      const plain = taught(made, params, attentionParams);
      const { logits, alignment } = taught(made, params, attentionParams, tf.tensor3d(padded, [B, wider, M]), mask);
      assertClose(logits.dataSync(), plain.logits.dataSync(), tolerances.recurrent, titled(each));
      const cut = alignment.slice([0, 0, 0], [B, T, S]);
      assertClose(cut.dataSync(), plain.alignment.dataSync(), tolerances.recurrent, titled(each));
      if (each.attention.name === "none") return; // nothing flows to the memory at all
      const [atMemory] = tf.grads((memory) =>
        tf.sum(taught(made, params, attentionParams, memory as Tensor3D, mask).logits) as Scalar
      )([tf.tensor3d(padded, [B, wider, M])]);
      const visible = tf.tensor2d(mask).expandDims(2);
      assertEquals(tf.sum(tf.abs(atMemory.mul(tf.sub(1, visible)))).dataSync()[0], 0, titled(each));
      assert(atMemory.dataSync().every(Number.isFinite), titled(each));
    });
  }
});

Deno.test("a memory with nothing in it gives weights and contexts of zero, on any path, forwards and backwards", async () => {
  await useEngine({ backend: "wasm" });
  const empty = sourceLengths.map(() => new Array(S).fill(0));
  for (const each of cases) {
    tf.tidy(() => {
      const made = composed(each.path, each.attention, each.cell, each.layers);
      const [params, attentionParams] = [tensors(made.params), tensors(made.attentionParams)];
      const memory = tf.tensor3d(MEMORY, [B, S, M]);
      const { logits, alignment } = taught(made, params, attentionParams, memory, empty);
      assert(logits.dataSync().every(Number.isFinite), titled(each));
      assertEquals(tf.max(tf.abs(alignment)).dataSync()[0], 0, titled(each));
      if (each.attention.name === "none") return;
      const [atMemory] = tf.grads((m) =>
        tf.sum(taught(made, params, attentionParams, m as Tensor3D, empty).logits) as Scalar
      )([memory]);
      assertEquals(tf.max(tf.abs(atMemory)).dataSync()[0], 0, titled(each));
    });
  }
});

Deno.test("weights are never negative, sum to at most 1, and to 1 where nothing is cut off", async () => {
  await useEngine({ backend: "wasm" });
  for (const each of cases) {
    tf.tidy(() => {
      const made = composed(each.path, each.attention, each.cell, each.layers);
      const { alignment } = taught(made, tensors(made.params), tensors(made.attentionParams));
      assert(tf.min(alignment).dataSync()[0] >= 0, titled(each));
      const sums = tf.sum(alignment, 2).dataSync();
      const whole = /^(global|local-m|heads)/.test(each.attention.name);
      for (const sum of sums) {
        assert(sum <= 1 + 1e-6, `${titled(each)}: ${sum}`);
        if (whole) assertClose([sum], [1], tolerances.forward, titled(each));
      }
    });
  }
});

Deno.test("the paths disagree under shared weights: cell, embeddings and attention", async () => {
  await useEngine({ backend: "wasm" });
  tf.tidy(() => {
    const [general] = attentions.filter(([{ name }]) => name === "global(general)");
    const found = (["luong-feeding", "bahdanau"] as const).map((path) => {
      const made = composed(path, general[0], "gru");
      // The same kernel in both: U = M, so the fed part (h̃ or c) is equally wide.
      const shared = composed("bahdanau", general[0], "gru").params;
      const params = {
        ...made.params,
        ...Object.fromEntries(Object.entries(shared).filter(([name]) => name.startsWith("gru/"))),
      };
      const table = { "embedding/table": shared["embedding/table"] };
      return taught(made, tensors({ ...params, ...table }), tensors(made.attentionParams));
    });
    const apart = tf.max(tf.abs(found[0].alignment.sub(found[1].alignment))).dataSync()[0];
    assert(apart > 1e-2, `alignments differ by ${apart} only`);
  });
});

Deno.test("parameters are as many as the closed forms say; Bahdanau's aligner at n = n' = 1000 has 3,001,000", () => {
  for (const each of cases) {
    const { decoder, dims, params, attentionParams, composition } = composed(
      each.path,
      each.attention,
      each.cell,
      each.layers,
    );
    const count = (made: InitialValues) => Object.values(made).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    assertEquals(decoder.cost({ ...dims, batch: B, steps: T }).parameters, count(params), titled(each));
    const cost = composition.attention.cost({ query: U, key: M, hidden, positions, queries: T, keys: S });
    assertEquals(cost.parameters, count(attentionParams), titled(each));
  }
  const n = 1000, m = 620, l = 500, K = 30_000;
  assertEquals(
    concatCost({ query: n, key: 2 * n, hidden: n, positions: 1, queries: 1, keys: 1 }).parameters,
    3_001_000,
  );
  // The whole of Bahdanau's decoder: embeddings; W, C and U of three gates and their biases; W_s; U_o, V_o, C_o; W_o.
  const { cost } = bahdanauDecoder({ units: n, embedding: m, memoryWidth: 2 * n, maxout: l });
  const wanted = K * m + 3 * n * (m + 2 * n + n) + 3 * n + n * n + 2 * l * (n + m + 2 * n) + l * K;
  const dims = { vocabulary: K, memoryWidth: 2 * n, encoderFinal: 2 * n, encoderBackward: n, batch: 1, steps: 1 };
  assertEquals(cost(dims).parameters, wanted);
});

Deno.test("bahdanauDecoder() says in one line that it needs a backward direction", () => {
  const { decoder } = composed("bahdanau", attentions[0][0], "gru");
  const reason = decoder.refuses?.({ vocabulary: V, memoryWidth: M, encoderFinal: M });
  assert(reason?.includes("needs a bidirectional encoder"), reason);
  assertThrows(() => decoder.initial({}, { final: tf.zeros([1, 1]) }), RangeError, "must be bidirectional");
});

Deno.test("an attention's operations are counted as its closed form says", async () => {
  await useEngine({ backend: "wasm" });
  for (const [attention] of attentions) {
    tf.tidy(() => {
      const params = tensors(attention.parameters({ query: U, key: M, hidden, positions }, 1));
      const query = tf.tensor3d(normal([B, T, U], 1, 1).values, [B, T, U]);
      const memory = tf.tensor3d(MEMORY, [B, S, M]);
      const counted = countOperations(() => attention.over(params, { memory, mask: tf.tensor2d(MASK) })(query));
      const cost = attention.cost({ query: U, key: M, hidden, positions, queries: T, keys: S, batch: B });
      assertEquals(cost.operations, counted.operations, attention.name);
    });
  }
});
