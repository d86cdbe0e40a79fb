import { assert, assertEquals } from "@std/assert";
import { delay, from, map, pipe } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { collate } from "../../operators/batch.ts";
import { type Loan, loanOf, transform } from "../../operators/loan.ts";
import { meanSequenceLoss } from "../../operators/losses.ts";
import { type BatchTensors, batchTensors, Callable, type Model } from "../../operators/model.ts";
import { adam } from "../../operators/numerics/adam.ts";
import { maskedCrossEntropy } from "../../operators/numerics/loss.ts";
import { lengthMask } from "../../operators/numerics/masks.ts";
import { attend } from "../../operators/numerics/attention.ts";
import { bidirectionalGru } from "../../operators/numerics/encoder.ts";
import { luongDecoder } from "../../operators/numerics/luong.ts";
import { Parameters } from "../../operators/numerics/parameters.ts";
import { constantRate } from "../../operators/numerics/schedules.ts";
import { scores } from "../../operators/numerics/scores.ts";
import { type Scalar, type Tensor, tf } from "../../operators/numerics/tf.ts";
import type { Batch } from "../../operators/records.ts";
import { train, type TrainOptions } from "../../operators/train.ts";
import { assertClose } from "../helpers/close.ts";
import { assertNothingLeft, outcomeOf, someWords, tinyModel, tokensOf } from "../helpers/streams.ts";

await useEngine();

const tokens = someWords.map(tokensOf);
const batches = [0, 3, 6].map((at) => collate(tokens.slice(at, at + 3)));
const usual = { optimiser: adam(), learningRate: constantRate(0.02), loss: meanSequenceLoss };

async function run<T>(model: Model<T>, given: readonly Batch[], options: TrainOptions<T>) {
  const { values, error } = await outcomeOf(from(given).pipe(train(model, options)));
  return { steps: values.map(({ seconds: _, ...step }) => step), error };
}

/** The tiny model with one operator more at its end. */
function broken(f: (tensors: BatchTensors) => void): Model<{ x: Scalar }> {
  return pipe(
    transform(({ source, ...tensors }: BatchTensors, loan) => {
      const w = loan.context.parameters!.group("w", () => ({ w: { shape: [1], values: Float32Array.of(2) } })).w;
      const x = tf.sum(tf.square(tf.mul(tf.exp(w), tf.cast(source, "float32")))) as Scalar;
      f({ source, ...tensors });
      return { x };
    }),
  );
}

Deno.test("train names a chain that is not synchronous in one line, leaks nothing, and training afterwards works", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(3);
    const late = pipe(tinyModel(), delay(1)) as ReturnType<typeof tinyModel>;
    const { error } = await run(late, batches, { ...usual, parameters });
    assertEquals(
      error?.message,
      "Cannot run the model as its chain must emit before next() returns: it emitted nothing",
    );
    assertEquals((await run(tinyModel(), batches, { ...usual, parameters })).steps.length, 3);
    parameters.unsubscribe();
  }));

Deno.test("a throw in the tape, forwards or backwards, leaks nothing, and training afterwards works", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(3);
    let calls = 0;
    const forwards = broken(() => {
      // The first call is the dry one, before the tape.
      if (++calls > 1) throw new Error("forwards");
    });
    const backwards = tf.customGrad((x) => ({
      value: (x as Tensor).clone(),
      gradFunc: () => {
        throw new Error("backwards");
      },
    }));
    const options = { ...usual, parameters };
    assertEquals(
      (await run(forwards, batches, { ...options, loss: ({ x }) => x })).error?.message,
      "forwards",
    );
    const watched: Model<{ x: Scalar }> = pipe(
      broken(() => {}),
      transform(({ x }, { context: { watch } }) => ({
        x: (watch ?? ((_, x) => x))("x", tf.square(backwards(tf.square(tf.exp(tf.mul(x, 1e-3))))) as Scalar),
      })),
    );
    assertEquals(
      (await run(watched, batches, { ...options, watch: true, loss: ({ x }) => tf.square(x) })).error?.message,
      "backwards",
    );
    assertEquals((await run(broken(() => {}), batches, { ...options, loss: ({ x }) => x })).steps.length, 3);
    parameters.unsubscribe();
  }));

Deno.test("a loss that is not finite ends training with a line that names the step", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(3);
    let calls = 0;
    const loss = ({ x }: { x: Scalar }) => tf.mul(x, ++calls > 1 ? NaN : 1) as Scalar;
    const { steps, error } = await run(broken(() => {}), batches, { ...usual, parameters, loss });
    assertEquals(steps.length, 1);
    assertEquals(error?.message, "Cannot go on training as the loss must be finite: at step 2 it is NaN");
    parameters.unsubscribe();
  }));

Deno.test("the gradients of the piped chain equal those of the plain function", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const gradients: number[][] = [];
    // An "optimiser" that moves nothing and shows what it is given.
    const spy = {
      ...adam(),
      slots: [],
      update: (value: Tensor, gradient: Tensor) => {
        gradients.push([...gradient.dataSync()]);
        return { value: value.clone(), slots: [] };
      },
    };
    await run(tinyModel(), batches.slice(0, 1), { ...usual, parameters, optimiser: spy });
    const group = (name: string) => parameters.group(name, () => assert(false, `${name} was not made`) as never);
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const batch = batchTensors(batches[0]);
        const { memory, final } = bidirectionalGru({ units: 2, embedding: 3 })
          .apply(group("encoder"), batch.source, batch.sourceLengths);
        const mask = lengthMask(batch.sourceLengths, batch.source.shape[1]!);
        const ask = attend(scores.general, group("attention"), memory, mask);
        const decoder = luongDecoder({ units: 3, embedding: 2 });
        const initial = decoder.initial(group("decoder"), { final });
        const { logits } = decoder.teacher(group("decoder"), ask, initial, batch.inputs, batch.targetLengths);
        const { sum, tokens } = maskedCrossEntropy(
          logits,
          batch.targets,
          lengthMask(batch.targetLengths, logits.shape[1]),
        );
        return tf.div(sum, tokens) as Scalar;
      }, parameters.variables);
      parameters.variables.forEach((variable, index) =>
        assertClose(gradients[index], grads[variable.name].dataSync(), 1e-6, variable.name)
      );
    });
    assert(gradients.flat().some((gradient) => Math.abs(gradient) > 1e-3));
    parameters.unsubscribe();
  }));

Deno.test("a run that is saved and restored, before or after first use, goes on bit for bit", () =>
  assertNothingLeft(async () => {
    const six = [...batches, ...batches];
    const whole = new Parameters(11);
    const uninterrupted = await run(tinyModel(), six, { ...usual, parameters: whole, clip: 1 });
    const first = new Parameters(11);
    const begun = await run(tinyModel(), six.slice(0, 3), { ...usual, parameters: first, clip: 1 });
    const saved = await first.save();
    const fresh = new Parameters(12);
    fresh.restore(saved);
    const used = new Parameters(13);
    await run(tinyModel(), six.slice(0, 2), { ...usual, parameters: used });
    used.restore(saved);
    for (const parameters of [fresh, used]) {
      const rest = await run(tinyModel(), six.slice(3), { ...usual, parameters, clip: 1 });
      assertEquals([...begun.steps, ...rest.steps], uninterrupted.steps);
    }
    for (const parameters of [whole, first, fresh, used]) parameters.unsubscribe();
  }));

Deno.test("restoring a state without moments forgets those that are there, and another shape is refused", () =>
  assertNothingLeft(async () => {
    const [one, two] = [new Parameters(11), new Parameters(11)];
    await run(tinyModel(), batches.slice(0, 1), { ...usual, parameters: one, learningRate: constantRate(0) });
    const { values } = await one.save();
    const learntOnly = Object.fromEntries(Object.entries(values).filter(([name]) => !name.includes(":")));
    assert(Object.keys(learntOnly).length < Object.keys(values).length);
    one.restore({ steps: 0, values: learntOnly });
    const again = await run(tinyModel(), batches, { ...usual, parameters: one });
    assertEquals(again.steps, (await run(tinyModel(), batches, { ...usual, parameters: two })).steps);
    const [name, { data }] = Object.entries(learntOnly)[0];
    try {
      one.restore({ steps: 0, values: { [name]: { shape: [data.length, 1, 1], data } } });
      assert(false, "the shape was accepted");
    } catch (error) {
      assert(/^Cannot restore .* as its shape must be /.test((error as Error).message), String(error));
    }
    one.unsubscribe();
    two.unsubscribe();
  }));

Deno.test("the same seed gives the same steps, another seed others", () =>
  assertNothingLeft(async () => {
    const [one, two, other] = [new Parameters(5), new Parameters(5), new Parameters(6)];
    const steps = [];
    for (const parameters of [one, two, other]) {
      steps.push((await run(tinyModel(), batches, { ...usual, parameters, clip: 1, watch: true })).steps);
      parameters.unsubscribe();
    }
    assertEquals(steps[0], steps[1]);
    assert(steps[0][0].loss !== steps[2][0].loss);
  }));

Deno.test("watched norms and the gradient norm are those of a direct computation", () =>
  assertNothingLeft(async () => {
    // loss = Σ (w x)², x = v [3, 4] watched, w = 2, v = 1: ∂/∂x = 2 w² x, norm 40; ∂/∂w = 100; ∂/∂v = 200.
    const parameters = new Parameters(1);
    const model: Model<{ y: Tensor }> = transform((_: BatchTensors, loan: Loan<BatchTensors, Batch>) => {
      const { w, v } = loan.context.parameters!.group("both", () => ({
        w: { shape: [], values: Float32Array.of(2) },
        v: { shape: [], values: Float32Array.of(1) },
      }));
      const x = (loan.context.watch ?? ((_, x) => x))("x", tf.mul(v, tf.tensor1d([3, 4])));
      return { y: tf.mul(w, x) };
    });
    const loss = ({ y }: { y: Tensor }) => tf.sum(tf.square(y)) as Scalar;
    const { steps: [step] } = await run(model, batches.slice(0, 1), { ...usual, parameters, loss, watch: true });
    assertClose([step.loss, step.gradientNorm, step.watched.x], [100, Math.hypot(100, 200), 40], 1e-6);
    parameters.unsubscribe();
  }));

Deno.test("clip bounds the gradient that the optimiser gets, and is checked beforehand", () =>
  assertNothingLeft(async () => {
    for (const clip of [0.01, 1e6, Infinity]) {
      const parameters = new Parameters(7);
      const options = { ...usual, parameters, clip };
      const { steps: [{ gradientNorm }] } = await run(tinyModel(), batches.slice(0, 1), options);
      assert(gradientNorm > 0.01);
      // After one step of Adam the first moment is 0.1 of the gradient that it was given.
      const moments = Object.entries((await parameters.save()).values).filter(([name]) => name.startsWith("adam/m:"));
      const given = Math.hypot(...moments.flatMap(([, { data }]) => [...data])) / 0.1;
      assertClose([given / Math.min(clip, gradientNorm)], [1], 1e-5);
      parameters.unsubscribe();
    }
    // An optimiser that does not scale by itself is given gradients that are scaled.
    const parameters = new Parameters(7);
    let square = 0;
    const spy = {
      ...adam(),
      slots: [],
      scales: false,
      update: (value: Tensor, gradient: Tensor) => {
        for (const g of gradient.dataSync()) square += g * g;
        return { value: value.clone(), slots: [] };
      },
    };
    await run(tinyModel(), batches.slice(0, 1), { ...usual, parameters, optimiser: spy, clip: 0.01 });
    assertClose([Math.sqrt(square) / 0.01], [1], 1e-5);
    parameters.unsubscribe();
    for (const clip of [0, -1, NaN]) {
      const parameters = new Parameters(7);
      try {
        train(tinyModel(), { ...usual, parameters, clip });
        assert(false, `${clip} was accepted`);
      } catch (error) {
        assertEquals((error as Error).message, `Cannot train as clip must be over 0: current value is ${clip}`);
      }
    }
  }));

Deno.test("a model that brings new parameters to old ones learns all of them from its first step", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    await run(broken(() => {}), batches.slice(0, 1), { ...usual, parameters, loss: ({ x }) => x });
    const old = parameters.variables.length;
    const seen: number[] = [];
    const spy = {
      ...adam(),
      slots: [],
      update: (value: Tensor, gradient: Tensor) => {
        assertEquals(gradient.shape, value.shape);
        seen.push(tf.tidy(() => tf.sum(tf.abs(gradient)).dataSync()[0]));
        return { value: value.clone(), slots: [] };
      },
    };
    const { error } = await run(tinyModel(), batches.slice(0, 1), { ...usual, parameters, optimiser: spy });
    assertEquals(error, undefined);
    assert(parameters.variables.length > old + 10);
    assertEquals(seen.length, parameters.variables.length);
    // The old parameter is no part of this model; each new group is.
    assert(seen.filter((sum) => sum > 0).length > 10);
    parameters.unsubscribe();
  }));

Deno.test("a chain that is called answers each call by its own loan", () =>
  assertNothingLeft(() => {
    const chain = new Callable<{ size: number }>(map((loan) => loanOf(loan.record, { size: loan.record.size })));
    for (const batch of batches) assertEquals(chain.call(loanOf(batch, {} as BatchTensors)).tensors.size, batch.size);
    chain.unsubscribe();
    return Promise.resolve();
  }));
