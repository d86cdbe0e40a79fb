import { assert, assertEquals } from "@std/assert";
import { EMPTY, from, lastValueFrom, of, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { collate } from "../../operators/batch.ts";
import type { Decoded } from "../../operators/decode.ts";
import { evaluate } from "../../operators/evaluate.ts";
import { transform } from "../../operators/loan.ts";
import { metrics } from "../../operators/metrics.ts";
import type { BatchTensors, Model } from "../../operators/model.ts";
import { Parameters } from "../../operators/numerics/parameters.ts";
import { greedySearch } from "../../operators/numerics/search.ts";
import { type Tensor2D, type Tensor3D, tf } from "../../operators/numerics/tf.ts";
import { predict } from "../../operators/predict.ts";
import type { Batch } from "../../operators/records.ts";
import { SPECIAL } from "../../operators/vocabulary.ts";
import { assertClose } from "../helpers/close.ts";
import { alphabet, assertNothingLeft, someWords, tinyModel, tokensOf, words } from "../helpers/streams.ts";

await useEngine();

/** Says A, A, end, whatever it is given: log-odds ln 6 for the symbol that it says, over `size` symbols. */
const A = alphabet.target.encode(["A"])[0];
const size = alphabet.target.size;
const script = [A, A, SPECIAL.end];
const rigged: Model<Decoded> = transform((tensors: BatchTensors): Decoded => {
  const [rows, steps] = tensors.targets.shape;
  const sources = tensors.source.shape[1]!;
  const say = (step: number) =>
    Array.from({ length: size }, (_, id) => id === script[Math.min(step, 2)] ? Math.log(6) : 0);
  const first = tf.oneHot(tf.zeros([rows], "int32"), sources).asType("float32") as Tensor2D;
  return {
    ...tensors,
    logits: tf.tile(tf.tensor3d([Array.from({ length: steps }, (_, step) => say(step))]), [rows, 1, 1]),
    search: ({ maxLength }: { maxLength: number }) => {
      let step = 0;
      return greedySearch(
        (state) => ({
          logits: tf.tile(tf.tensor2d([say(step++)]), [rows, 1]) as Tensor2D,
          state,
          alignment: first,
        }),
        { none: tf.zeros([rows, 1]) },
        { begin: SPECIAL.begin, end: SPECIAL.end, pad: SPECIAL.pad, maxLength },
      );
    },
    alignment: tf.zeros([rows, steps, sources]) as Tensor3D,
  } as unknown as Decoded;
});

const options = (parameters: Parameters) => ({ parameters, vocabulary: alphabet.target, maxLength: 5 });

Deno.test("evaluate gives the values that a hand computes", () =>
  assertNothingLeft(async () => {
    // Said: A A. Wanted: A A (0 edits), A (1), B C (2), and of two targets the nearer: C A A (1), not B B B B (4).
    const examples = [
      ...words("aa", "a", "cb"),
      { id: "two", source: ["c"], targets: [[..."BBBB"], [..."CAA"]] },
    ];
    const batches = [examples.slice(0, 2), examples.slice(2)].map((part) => collate(part.map(tokensOf)));
    const parameters = new Parameters(1);
    const said = await lastValueFrom(
      from(batches).pipe(
        evaluate(
          rigged,
          [metrics.per, metrics.wer, metrics.loss, metrics.perplexity, metrics.entropy],
          options(parameters),
        ),
      ),
    );
    // Edits 0 + 1 + 2 + 1 over symbols 2 + 1 + 2 + 3; three of four words wrong.
    // Loss a token: -ln(6 / (size + 5)) where the script says the target, -ln(1 / (size + 5)) elsewhere. Tokens wanted,
    // end mark last: A A $ (3 of 3), A $ (1 of 2), B C $ (1 of 3), B B B B $ (from the third step on it says $: 1 of 5).
    const hits = 3 + 1 + 1 + 1;
    const tokens = 3 + 2 + 3 + 5;
    const loss = Math.log(size + 5) - hits / tokens * Math.log(6);
    assertClose(
      ["per", "wer", "loss", "perplexity", "entropy"].map((name) => said[name].value),
      [50, 75, loss, Math.exp(loss), 0],
      1e-5,
    );
    assertEquals([said.per.unit, said.loss.unit], ["%", "nats"]);
    parameters.unsubscribe();
  }));

Deno.test("evaluate of an empty set says NaN, once", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(1);
    const metricsOf = evaluate(rigged, [metrics.per, metrics.loss], options(parameters));
    assertEquals(await lastValueFrom(EMPTY.pipe(metricsOf, toArray())), [
      { per: { value: NaN, unit: "%" }, loss: { value: NaN, unit: "nats" } },
    ]);
    parameters.unsubscribe();
  }));

Deno.test("a word's hypothesis, alignment and loss do not depend on its batch mates", () =>
  assertNothingLeft(async () => {
    for (const beams of [1, 3]) {
      const parameters = new Parameters(17);
      const run = (batch: Batch) =>
        lastValueFrom(of(batch).pipe(predict(tinyModel(), { ...options(parameters), beams, maxLength: 7 })));
      const together = await run(collate(someWords.map(tokensOf)));
      let loss = 0;
      for (const [row, word] of someWords.entries()) {
        const alone = await run(collate([tokensOf(word)]));
        const [one, other] = [alone.predictions[0], together.predictions[row]];
        assertEquals(one.hypothesis, other.hypothesis);
        assertClose([one.logProbability], [other.logProbability], 1e-5);
        assertEquals(one.alignment.map(({ length }) => length), other.alignment.map(() => word.source.length));
        one.alignment.forEach((weights, step) => assertClose(weights, other.alignment[step], 1e-5));
        loss += alone.loss;
      }
      assertClose([together.loss], [loss], 1e-5);
      assertEquals(together.tokens, someWords.reduce((sum, { targets }) => sum + targets[0].length + 1, 0));
      parameters.unsubscribe();
    }
  }));

Deno.test("symbols that nobody has seen are read, and never break a prediction", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(17);
    const strange = words("ξqa");
    const batch = collate(strange.map(tokensOf));
    assertEquals([...batch.source.ids.slice(0, 2)], [SPECIAL.unknown, SPECIAL.unknown]);
    const { predictions: [{ hypothesis }], loss } = await lastValueFrom(
      of(batch).pipe(predict(tinyModel(), options(parameters))),
    );
    assert(Number.isFinite(loss));
    assert(hypothesis.every((symbol) => alphabet.target.symbols.includes(symbol)));
    parameters.unsubscribe();
  }));
