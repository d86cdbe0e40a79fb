import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concat, from, lastValueFrom, of, Subject, tap, throwError, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { batch, collate } from "../../operators/batch.ts";
import { pull } from "../../operators/demand.ts";
import { meanSequenceLoss } from "../../operators/losses.ts";
import { adam } from "../../operators/numerics/adam.ts";
import { Parameters } from "../../operators/numerics/parameters.ts";
import { constantRate } from "../../operators/numerics/schedules.ts";
import { type ParallelOptions, partsOf, type Share, wholeOf } from "../../operators/parallel.ts";
import type { Batch, TrainStep } from "../../operators/records.ts";
import { train, type TrainOptions } from "../../operators/train.ts";
import type { Decoded } from "../../operators/decode.ts";
import { assertClose } from "../helpers/close.ts";
import { learner, type LearnerOptions } from "../helpers/parallel_learner.ts";
import { assertNothingLeft, outcomeOf, someWords, tokensOf } from "../helpers/streams.ts";

const module = import.meta.resolve("../helpers/parallel_learner.ts");
const tokens = someWords.map(tokensOf);
/** Sizes 5, 3, 1 and 2: fewer rows than workers among them. */
const batches = [tokens.slice(0, 5), tokens.slice(5, 8), tokens.slice(8, 9), tokens.slice(9, 11)].map(collate);
/** Below the norms of these steps, so that every gradient is clipped. */
const CLIP = 0.05;

const { model, loss } = learner();

function learning(parameters: Parameters, parallel?: Partial<ParallelOptions>): TrainOptions<Decoded> {
  return {
    parameters,
    optimiser: adam(),
    learningRate: constantRate(0.01),
    loss,
    clip: CLIP,
    watch: true,
    parallel: parallel && { workers: 2, module, ...parallel },
  };
}

/** Two rounds of the batches: every step's report but its duration, and what was learnt. */
async function run(parallel?: Partial<ParallelOptions>, options: Partial<TrainOptions<Decoded>> = {}) {
  const parameters = new Parameters(7);
  const source = from([...batches, ...batches]);
  const steps = await lastValueFrom(
    source.pipe(train(model, { ...learning(parameters, parallel), ...options }), toArray()),
  );
  const { values } = await parameters.save();
  parameters.unsubscribe();
  return { steps: steps.map(({ seconds: _, ...step }: TrainStep) => step), values };
}

type Run = Awaited<ReturnType<typeof run>>;

function assertSameRun(actual: Run, expected: Run): void {
  assertEquals(actual.steps.length, expected.steps.length);
  for (const [index, step] of expected.steps.entries()) {
    const numbers = (each: typeof step) => [each.loss, each.gradientNorm, ...Object.values(each.watched)];
    assertRelative(numbers(actual.steps[index]), numbers(step), `step ${index + 1}`);
    assertEquals(
      { ...actual.steps[index], loss: 0, gradientNorm: 0, watched: Object.keys(actual.steps[index].watched) },
      { ...step, loss: 0, gradientNorm: 0, watched: Object.keys(step.watched) },
    );
  }
  assertEquals(Object.keys(actual.values), Object.keys(expected.values));
  for (const [name, { data }] of Object.entries(expected.values)) {
    assertClose(actual.values[name].data, data, 1e-5, name);
  }
}

function assertRelative(actual: readonly number[], expected: readonly number[], message: string): void {
  assertClose(actual.map((each, index) => each / expected[index]), expected.map(() => 1), 1e-5, message);
}

for (const backend of ["cpu", "wasm"] as const) {
  for (const workers of [1, 2, 3]) {
    Deno.test(`training on ${workers} cores takes the steps of one, clipping and watched norms included (${backend})`, async () => {
      await useEngine({ backend });
      await assertNothingLeft(async () => {
        const alone = await run();
        assert(alone.steps.every(({ gradientNorm }) => gradientNorm > CLIP), "a gradient was not clipped");
        assertEquals(Object.keys(alone.steps[0].watched).sort(), ["memory", "query"]);
        assertSameRun(await run({ workers }), alone);
        assertSameRun(await run({ workers }, { clip: undefined }), await run(undefined, { clip: undefined }));
      });
    });
  }
}

Deno.test("a summed loss and its mean are one loss where one core trains", async () => {
  await useEngine();
  assertSameRun(await run(undefined, { loss: meanSequenceLoss }), await run());
});

Deno.test("training in parallel repeats bit for bit", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const first = await run({ workers: 3 });
    for (let again = 0; again < 2; again++) assertEquals(await run({ workers: 3 }), first);
  });
});

Deno.test("training in parallel goes on from where the parameters are, also in a second subscription", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const outcomes = [];
    for (const parallel of [undefined, { workers: 2 }]) {
      const parameters = new Parameters(7);
      const operator = train(model, learning(parameters, parallel));
      await lastValueFrom(from(batches).pipe(operator));
      const middle = await parameters.save();
      await lastValueFrom(of(batches[0]).pipe(operator));
      parameters.restore(middle);
      const { step, loss } = await lastValueFrom(of(batches[1]).pipe(operator));
      outcomes.push({ step, loss });
      parameters.unsubscribe();
    }
    assertEquals(outcomes[1].step, batches.length + 1);
    assertRelative([outcomes[1].loss], [outcomes[0].loss], "loss");
  });
});

Deno.test("parts hold every row once, in order, and differ by one row at most", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 23 }), fc.integer({ min: 1, max: 7 }), (size, count) => {
    const whole = collate(Array.from({ length: size }, (_, row) => tokens[row % tokens.length]));
    const parts = partsOf(whole, count);
    assertEquals(parts.length, Math.min(size, count));
    const sizes = parts.map(({ size }) => size);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1);
    assertEquals(parts.flatMap(({ examples }) => examples), whole.examples);
    for (const side of ["source", "target"] as const) {
      assertEquals(parts.flatMap((part) => [...part[side].ids]), [...whole[side].ids]);
      assertEquals(parts.flatMap((part) => [...part[side].lengths]), [...whole[side].lengths]);
      assertEquals(new Set(parts.map((part) => part[side].width)), new Set([whole[side].width]));
    }
  }));
});

Deno.test("shares are added in the order of their parts, and divided by all tokens", () => {
  const share = (gradient: number, square: number, tokens: number): Share => ({
    gradients: Float32Array.of(gradient, 2),
    sum: 6,
    tokens,
    squares: { query: square },
  });
  const whole = wholeOf([share(1e8, 1, 1), share(-1e8, 3, 1), share(3, 5, 2)]);
  assertEquals(whole, { gradients: Float32Array.of(3 / 4, 6 / 4), loss: 18 / 4, watched: { query: 3 / 4 } });
  // In float32, 3 + 1e8 is 1e8: another order, another answer.
  assertEquals(wholeOf([share(3, 1, 1), share(1e8, 2, 1), share(-1e8, 4, 2)]).gradients[0], 0);
});

/** The error of a run whose workers are made with options of their own. */
async function errorOf(options: LearnerOptions, rest: Partial<ParallelOptions> = {}): Promise<Error> {
  await useEngine();
  let error: Error | undefined;
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const { values, error: failure } = await outcomeOf(
      from(batches).pipe(train(model, learning(parameters, { options, ...rest }))),
    );
    error = failure;
    assert(values.length < batches.length);
    parameters.unsubscribe();
  });
  assert(error, "no error");
  assert(!error.message.includes("\n"), error.message);
  return error;
}

for (
  const [what, options, message, rest] of [
    ["a model that throws", { breaks: "throws" }, /^Cannot go on training as worker 1 of 1 failed: broken model$/],
    ["a model that throws later", { breaks: "throws", at: 4 }, /worker 1 of 1 failed: broken model$/],
    ["a thread that ends itself", { breaks: "exits", at: 3 }, /worker 1 of 1 failed: it was ended from inside$/],
    ["a timer that throws", { breaks: "crashes" }, /worker 1 of 1 failed: TypeError: .*broken timer/],
    ["a watched tensor without batch", { watchesParameter: true }, /Cannot watch parameter .* current value is \[97\]/],
    ["an export that is missing", {}, /must export the function missing: current value is undefined$/, {
      export: "missing",
    }],
    ["an export that is no function", {}, /must export the function nothing: current value is 7$/, {
      export: "nothing",
    }],
    ["another model", {}, /must have the parameters attention\/.*: it has .*extra\/bias/, { export: "otherLearner" }],
    ["a module that is missing", {}, /failed: TypeError: Module not found/, {
      module: new URL("./none.ts", import.meta.url),
    }],
    ["options that can't be sent", {}, /options must be plain data: current value is .*could not be cloned/, {
      options: { units: () => 7 },
    }],
  ] as [string, LearnerOptions, RegExp, Partial<ParallelOptions>?][]
) {
  Deno.test(`${what} in a worker is an error of one line`, async () => {
    assertMatch((await errorOf(options, rest)).message, message);
  });
}

Deno.test("the leading thread's own error comes as it is, and so does a loss that is a mean", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const broken = learner({ breaks: "throws", at: 3 });
    const first = await outcomeOf(from(batches).pipe(train(broken.model, learning(parameters, {}))));
    assertEquals(first.error?.message, "broken model\nand a second line");
    assertEquals(first.values.length, 1);
    const mean = { ...learning(parameters, {}), loss: meanSequenceLoss };
    const second = await outcomeOf(from(batches).pipe(train(model, mean)));
    assertMatch(second.error!.message, /^Cannot train in parallel as the loss must give \{ sum, tokens \}/);
    parameters.unsubscribe();
  });
});

Deno.test("an error of the source comes after the steps before it", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const source = concat(from(batches), throwError(() => new Error("broken source")));
    const { values, error } = await outcomeOf(source.pipe(train(model, learning(parameters, {}))));
    assertEquals(values.map(({ step }) => step), [1, 2, 3, 4]);
    assertEquals(error?.message, "broken source");
    parameters.unsubscribe();
  });
});

Deno.test("a loss that is not finite ends parallel training with a line that names the step", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const wild = { ...learning(parameters, {}), learningRate: constantRate(NaN) };
    const { values, error } = await outcomeOf(from(batches).pipe(train(model, wild)));
    assertEquals(values.length, 1);
    assertEquals(error?.message, "Cannot go on training as the loss must be finite: at step 2 it is NaN");
    parameters.unsubscribe();
  });
});

/** Leaves training at a moment, and checks that workers, tensors and source are gone. */
async function leave(when: "before the first step" | "within a step" | "between steps", options: LearnerOptions) {
  await useEngine();
  const beats = new SharedArrayBuffer(4);
  const beaten = () => Atomics.load(new Int32Array(beats), 0);
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const source = new Subject<Batch>();
    const seen: TrainStep[] = [];
    const subscription = source
      .pipe(train(model, learning(parameters, { workers: 3, options: { ...options, beats } })))
      .subscribe((step) => seen.push(step));
    while (beaten() === 0) await pause(5);
    if (when !== "before the first step") source.next(batches[0]);
    if (when === "between steps") { while (seen.length === 0) await pause(5); }
    else await pause(50);
    subscription.unsubscribe();
    parameters.unsubscribe();
    assert(!source.observed);
    await pause(50);
    const then = beaten();
    assert(then > 0);
    await pause(100);
    assertEquals(beaten(), then, "a worker lives on");
    assertEquals(seen.length, when === "between steps" ? 1 : 0);
  });
}

Deno.test("leaving while batches wait for their turn runs none of them", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    const source = new Subject<Batch>();
    const subscription = source.pipe(train(model, learning(parameters, {}))).subscribe();
    for (const each of batches) source.next(each);
    subscription.unsubscribe();
    parameters.unsubscribe();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(parameters.variables, []);
  });
});

Deno.test("leaving before the first step frees workers and tensors", () => leave("before the first step", {}));
Deno.test("leaving between steps frees workers and tensors", () => leave("between steps", {}));
Deno.test("leaving within a step frees workers and tensors", () => leave("within a step", { breaks: "stalls", at: 2 }));

Deno.test("in parallel, too, at most inFlight batches lie between source and report", async () => {
  await useEngine();
  await assertNothingLeft(async () => {
    const parameters = new Parameters(7);
    let drawn = 0;
    let reported = 0;
    let ahead = 0;
    const source = function* () {
      for (const each of tokens) {
        // Batches of one example: what was drawn before this one and isn't yet reported lies in between.
        ahead = Math.max(ahead, drawn - reported);
        drawn++;
        yield { ...each, source: tokens[0].source };
      }
    };
    const steps = pull(source()).pipe(
      batch({ size: 1, inFlight: 2, pool: 0 }),
      train(model, learning(parameters, {})),
      tap(() => reported++),
      toArray(),
    );
    assertEquals((await lastValueFrom(steps)).map(({ step }) => step), tokens.map((_, index) => index + 1));
    assertEquals(ahead, 1);
    parameters.unsubscribe();
  });
});

Deno.test("options of parallel training are checked beforehand", () => {
  const parameters = new Parameters(7);
  for (const workers of [0, -1, 1.5, NaN]) {
    assertThrows(
      () => train(model, learning(parameters, { workers })),
      RangeError,
      `Cannot train in parallel as workers must be a whole number of at least 1: current value is ${workers}`,
    );
  }
  assertThrows(
    () => train(model, learning(parameters, { module: "./learner.ts" })),
    RangeError,
    "Cannot train in parallel as module must be an absolute address (import.meta.resolve): current value is ./learner.ts",
  );
});
