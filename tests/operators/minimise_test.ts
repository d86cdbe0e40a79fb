/** L-BFGS against known minima, and learning by it: a recursive autoencoder goes down at every step. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { from, lastValueFrom, pipe, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { batch } from "../../operators/batch.ts";
import { compose } from "../../operators/compose.ts";
import { labelNodes, recursiveSum } from "../../operators/label_nodes.ts";
import { minimise } from "../../operators/minimise.ts";
import { composers } from "../../operators/numerics/composers.ts";
import { lbfgs } from "../../operators/numerics/lbfgs.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { tokenize } from "../../operators/tokenize.ts";
import { vocabulary } from "../../operators/vocabulary.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { assertClose } from "../helpers/close.ts";

async function last<T>(steps: AsyncIterable<T>): Promise<T> {
  let found: T | undefined;
  for await (const step of steps) found = step;
  return found!;
}

Deno.test("lbfgs() finds the minimum of a quadratic and of Rosenbrock's valley", async () => {
  const scales = [1, 3, 10, 100, 1000];
  const quadratic = await last(lbfgs((x) => ({
    value: x.reduce((sum, value, k) => sum + scales[k] * (value - k) ** 2 / 2, 0),
    gradient: x.map((value, k) => scales[k] * (value - k)),
  }), new Float64Array(5).fill(7)));
  assertClose(quadratic.x, [0, 1, 2, 3, 4], 1e-5);
  const valley = await last(lbfgs(([a, b]) => ({
    value: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
    gradient: Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
  }), Float64Array.of(-1.2, 1)));
  assertClose(valley.x, [1, 1], 1e-5);
  assert(valley.step < 60, `${valley.step} steps`);
});

Deno.test("lbfgs() ends at once at a minimum, keeps to its limit, and refuses a start without a value", async () => {
  const square = (x: Float64Array) => ({ value: x[0] ** 4, gradient: Float64Array.of(4 * x[0] ** 3) });
  assertEquals(await last(lbfgs(square, Float64Array.of(0))), undefined!);
  assertEquals((await last(lbfgs(square, Float64Array.of(3), { iterations: 2 }))).step, 2);
  await assertRejects(
    () => last(lbfgs(() => ({ value: NaN, gradient: new Float64Array(1) }), new Float64Array(1))),
    RangeError,
    "NaN",
  );
});

Deno.test("minimise() learns a recursive autoencoder, going down at every step, and leaves no tensor behind", async () => {
  await useEngine();
  const before = tf.memory().numTensors;
  const sentences = ["a fine film", "a dull film", "good", "bad story", "a good story with a fine end"].map((
    text,
    at,
  ) => ({
    id: text,
    source: text.split(" "),
    targets: [[["positive", "negative", "positive", "negative", "positive"][at]]],
  }));
  const classes = ["negative", "positive"];
  const known = { source: vocabulary(sentences.flatMap(({ source }) => source)), target: vocabulary(classes) };
  const model = pipe(compose(composers.balanced, { vocabulary: known.source, width: 5 }), labelNodes({ classes }));
  const steps = await lastValueFrom(withParameters(1, (parameters) =>
    from(sentences).pipe(
      tokenize(known),
      batch({ size: 2 }),
      minimise(model, { parameters, loss: recursiveSum({ alpha: 0.2, decay: { recursive: 1e-3 } }), iterations: 30 }),
      toArray(),
    )));
  assertEquals(tf.memory().numTensors, before);
  assert(steps.length > 10);
  steps.slice(1).forEach(({ loss }, at) => assert(loss <= steps[at].loss + 1e-6, `${loss} after ${steps[at].loss}`));
  assert(steps[steps.length - 1].loss < 0.5 * steps[0].loss, `${steps[0].loss} to ${steps[steps.length - 1].loss}`);
});
