/** compose: the battery, what comes out against the float64 reference, and one clear line for what can't be composed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { concatMap, from, lastValueFrom, map, type OperatorFunction } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { compose, type Composed } from "../../operators/compose.ts";
import { judge } from "../../operators/judge.ts";
import { lend, type LoanContext, settle, transform } from "../../operators/loan.ts";
import { batchTensors } from "../../operators/model.ts";
import { type Composer, composers } from "../../operators/numerics/composers.ts";
import { droppingFrom } from "../../operators/numerics/dropout.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { balancedTree } from "../../operators/numerics/trees.ts";
import { type Batch, InputError } from "../../operators/records.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { awaitedBattery, marbleBattery, ONE_FOR_ONE } from "../helpers/battery.ts";
import { assertClose, tolerances } from "../helpers/close.ts";
import {
  batchOf,
  known,
  rowsOf,
  sentence,
  someSentences,
  tinyRecursive,
  weightsIn,
  WIDTH,
  wordsIn,
} from "../helpers/sentences.ts";
import { assertNothingLeft, outcomeOf } from "../helpers/streams.ts";
import { childErrors, greedyMerges, nodesOf, PAPER } from "../reference/recursive.ts";

await useEngine();

const options = { vocabulary: known.source, width: WIDTH };
const batches = [1, 3, 4].map((at) => batchOf(someSentences[at]));
const [a, b, c] = batches;
const raise = (): never => {
  throw new Error("broken operator");
};

/** A chain from batches to batches whose parameters live as long as its subscription. */
const chain = (composer: Composer): OperatorFunction<Batch, Batch> => (source) =>
  withParameters(
    5,
    (parameters) =>
      source.pipe(lend(batchTensors, { parameters }), compose(composer, options), map(({ record }) => record)),
  );

marbleBattery("compose", {
  operator: chain(composers.greedy),
  inputs: { a, b, c },
  outputs: { a, b, c },
  ...ONE_FOR_ONE,
});

const settled = (composer: Composer): OperatorFunction<Batch, { record: Batch }> => (source) =>
  withParameters(5, (parameters) =>
    source.pipe(
      lend(batchTensors, { parameters }),
      compose(composer, options),
      settle(({ nodes, errors, weights }) => ({ nodes, errors, weights })),
    ));
for (const name of ["greedy", "balanced"] as const) {
  awaitedBattery(`compose with settle, ${name}`, {
    operator: () => settled(composers[name]),
    failing: () => settled({ ...composers[name], choose: raise }),
    inputs: batches,
    outputs: batches.map(({ examples }) => examples[0].id),
    read: ({ record }) => record.examples[0].id,
  });
}

/** What `read` sees of one composed batch, while it is on loan. */
function composed<T>(
  operator: ReturnType<typeof compose>,
  read: (composed: Composed) => T,
  context: LoanContext = {},
  batch = batchOf(...someSentences),
): T {
  const seen: T[] = [];
  withParameters(7, (parameters) =>
    from([batch]).pipe(
      lend(batchTensors, { parameters, ...context }),
      operator,
      transform((tensors) => seen.push(read(tensors))),
    )).subscribe();
  assertEquals(seen.length, 1);
  return seen[0];
}

Deno.test("compose gives the reference's vectors, errors and weights for sentences of many lengths in one batch", () =>
  assertNothingLeft(() =>
    lastValueFrom(withParameters(3, (parameters) =>
      from([batchOf(...someSentences)]).pipe(
        lend(batchTensors, { parameters }),
        tinyRecursive(),
        map(({ tensors: { nodes, errors, weights, candidates, forest } }) => ({
          candidates: [...candidates],
          forest,
          nodes: rowsOf(nodes.dataSync(), WIDTH),
          errors: rowsOf(errors.dataSync(), 2),
          weights: rowsOf(weights.dataSync(), 2),
        })),
        concatMap(async (found) => ({ found, saved: await parameters.save() })),
      ))).then(({ found, saved }) => {
        const weights = weightsIn(saved);
        const expected = someSentences.map((each) => {
          const words = wordsIn(saved, each);
          return nodesOf(words, greedyMerges(words, weights, PAPER), weights, PAPER);
        });
        const { forest } = found;
        forest.sentence.forEach((at, row) => {
          const wanted = expected[at][forest.node[row]];
          assertClose(found.nodes[row], wanted.vector, tolerances.forward);
          if (!wanted.children) return;
          const merge = row - forest.leaves;
          assertClose(found.errors[merge], childErrors(wanted, weights, PAPER), tolerances.forward);
          assertClose(found.weights[merge], wanted.children.map(({ words }) => words / wanted.words), 1e-6);
        });
        const [first, second, third, fifth, seventh] = found.candidates;
        assertEquals([first, second, third], [0, 1, 3]);
        assert(fifth >= 7 && fifth <= 9 && seventh >= 11 && seventh <= 15, `${found.candidates}`);
      })
  ));

Deno.test("compose begins with the vectors that it is given, by word, and draws the others", () =>
  assertNothingLeft(() => {
    const vectors = new Map([["good", [1, 2, 3]], ["elsewhere", [9, 9, 9]]]);
    const words = (given?: typeof vectors) =>
      composed(
        compose(composers.left, { ...options, vectors: given }),
        ({ nodes, forest }) => rowsOf(nodes.dataSync(), WIDTH).slice(0, forest.leaves),
      );
    const [begun, drawn] = [words(vectors), words()];
    const leaves = someSentences.flatMap(({ source }) => source);
    leaves.forEach((word, row) => assertEquals(begun[row], word === "good" ? [1, 2, 3] : drawn[row], word));
    return Promise.resolve();
  }));

Deno.test("compose gives unseen words one vector, the same for all of them", () =>
  assertNothingLeft(() => {
    const batch = batchOf(sentence("zebra film quagga", "negative"));
    const [first, film, last] = composed(
      compose(composers.left, options),
      ({ nodes }) => rowsOf(nodes.dataSync(), WIDTH),
      {},
      batch,
    );
    assertEquals(first, last);
    assert(first.some((value, k) => value !== film[k]));
    return Promise.resolve();
  }));

Deno.test("compose drops words' values in training alone, before trees are chosen", () =>
  assertNothingLeft(() => {
    const dropping = compose(composers.left, { ...options, dropout: 0.5 });
    const words = (context: LoanContext) =>
      composed(dropping, ({ nodes, forest }) => [...nodes.dataSync()].slice(0, forest.leaves * WIDTH), context);
    const kept = words({});
    assert(kept.every((value) => value !== 0));
    const dropped = words({ drop: droppingFrom(1) });
    const zeros = dropped.filter((value) => value === 0).length;
    assert(zeros > 0 && zeros < dropped.length, `${zeros} of ${dropped.length}`);
    dropped.forEach((value, k) => value === 0 || assertClose([value], [2 * kept[k]], tolerances.forward));
    return Promise.resolve();
  }));

Deno.test("compose weighs children by their words, or alike where its form says so", () =>
  assertNothingLeft(() => {
    const weights = (form: { weighted?: boolean }) =>
      composed(
        compose(composers.left, { ...options, ...form }),
        ({ weights }) => [...weights.dataSync()],
        {},
        batchOf(someSentences[2]),
      );
    assertClose(weights({}), [1 / 2, 1 / 2, 2 / 3, 1 / 3], tolerances.forward);
    assertEquals(weights({ weighted: undefined }), weights({ weighted: true }));
    assertEquals(weights({ weighted: false }), [0.5, 0.5, 0.5, 0.5]);
    return Promise.resolve();
  }));

Deno.test("compose refuses, in one line, what can't be composed, and nothing is left", () =>
  assertNothingLeft(async () => {
    const refused = async (composer: Composer, batch: Batch, message: string) => {
      const { error } = await outcomeOf(from([batch]).pipe(chain(composer)));
      assert(error instanceof InputError, `${error}`);
      assertEquals(error.message, message);
    };
    const empty = sentence("", "positive", { id: "review 7" });
    await refused(
      composers.greedy,
      batchOf(someSentences[0], empty),
      'Cannot compose "review 7" as a sentence must have at least 1 word: current value is 0',
    );
    const given =
      "Cannot compose along given trees as each sentence must come with one over its 2 words: current value";
    await refused(composers.given, batchOf(someSentences[1]), `${given} is none for "bad story"`);
    await refused(
      composers.given,
      batchOf({ ...someSentences[1], tree: balancedTree(3) }),
      `${given} is one over 3 for "bad story"`,
    );
    const twice: Composer = {
      ...composers.left,
      choose: () => ({
        trees: [{ words: 3, left: Int32Array.of(0, 0), right: Int32Array.of(1, 2) }],
        candidates: new Int32Array(1),
      }),
    };
    await refused(
      twice,
      batchOf(someSentences[2]),
      "Cannot compose sentence 1 as each node must be made before it is used, once: current value is node 0 in merge 2",
    );
  }));

Deno.test("compose says which operator lacks parameters", async () => {
  const { error } = await outcomeOf(from([a]).pipe(lend(batchTensors), compose(composers.left, options)));
  assertMatch(error!.message, /^Cannot compose as the loan must carry parameters/);
});

/** Runs on a backend by the name of webgpu that computes as cpu does, where no tensor can be read at once. */
async function onAsynchronousBackend(run: () => Promise<void>): Promise<void> {
  const quiet = tf.env().getBool("IS_TEST");
  tf.env().set("IS_TEST", true); // or cpu writes a banner
  tf.registerBackend("webgpu", tf.findBackendFactory("cpu"));
  tf.copyRegisteredKernels("cpu", "webgpu");
  await tf.setBackend("webgpu");
  const engine = tf.engine() as unknown as { readSync: (id: object) => unknown };
  // Over the engine's own, which hides behind it: kernels of cpu read their own memory without it.
  engine.readSync = raise;
  try {
    await run();
  } finally {
    delete (engine as { readSync?: unknown }).readSync;
    await tf.setBackend("wasm");
    tf.removeBackend("webgpu");
    for (const { kernelName } of tf.getKernelsForBackend("webgpu")) tf.unregisterKernel(kernelName, "webgpu");
    tf.env().set("IS_TEST", quiet);
  }
}

Deno.test("greedy refuses a backend that can't be read at once, in one line; other composers need no reading", () =>
  onAsynchronousBackend(async () => {
    const judged = (composer: Composer) =>
      outcomeOf(withParameters(5, (parameters) => from([b]).pipe(judge(tinyRecursive(composer), parameters))));
    const { error, values } = await judged(composers.greedy);
    assert(error instanceof InputError, `${error}`);
    assertEquals(
      error.message,
      "Cannot compose greedily as the backend must let errors be read at every step (wasm, cpu): current value is webgpu",
    );
    assertEquals(values, []);
    const { error: none, values: [[{ phrases }]] } = await judged(composers.balanced);
    assertEquals([none, phrases.length], [undefined, 9]);
  }));
