/** judge: the battery, demand, and every judged phrase against the float64 reference. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { concatMap, from, lastValueFrom, map, type OperatorFunction, pipe, take, tap, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { batch } from "../../operators/batch.ts";
import { pull } from "../../operators/demand.ts";
import type { Judgeable } from "../../operators/label_nodes.ts";
import { judge, type Judged } from "../../operators/judge.ts";
import { transform } from "../../operators/loan.ts";
import { composers } from "../../operators/numerics/composers.ts";
import type { Parameters } from "../../operators/numerics/parameters.ts";
import type { Batch } from "../../operators/records.ts";
import { tokenize } from "../../operators/tokenize.ts";
import { withParameters } from "../../operators/with_parameters.ts";
import { awaitedBattery } from "../helpers/battery.ts";
import { assertClose, tolerances } from "../helpers/close.ts";
import {
  batchOf,
  classes,
  known,
  someSentences,
  tinyRecursive,
  weightsIn,
  WIDTH,
  wordsIn,
} from "../helpers/sentences.ts";
import { assertNothingLeft, endless, outcomeOf } from "../helpers/streams.ts";
import { childErrors, greedyMerges, nodesOf, PAPER } from "../reference/recursive.ts";

await useEngine();

const judging = (model = tinyRecursive()): OperatorFunction<Batch, readonly Judged[]> => (source) =>
  withParameters(5, (parameters) => source.pipe(judge(model, parameters)));

awaitedBattery("judge", {
  operator: () => judging(),
  failing: () =>
    judging(pipe(
      tinyRecursive(),
      transform((): Judgeable => {
        throw new Error("broken operator");
      }),
    )),
  inputs: [batchOf(someSentences[0], someSentences[4]), batchOf(someSentences[2]), batchOf(someSentences[1])],
  outputs: [[someSentences[0].id, someSentences[4].id], [someSentences[2].id], [someSentences[1].id]],
  read: (judged) => judged.map(({ sentence }) => sentence.id),
});

Deno.test("judge gives each sentence its tree, phrases, vectors, errors and probabilities: the reference's", () =>
  assertNothingLeft(async () => {
    const { judged, saved } = await lastValueFrom(
      withParameters(3, (parameters: Parameters) =>
        from([batchOf(...someSentences)]).pipe(
          judge(tinyRecursive(), parameters),
          concatMap(async (judged) => ({ judged, saved: await parameters.save() })),
        )),
    );
    const weights = weightsIn(saved);
    const head = (name: string) => [...saved.values[name].data];
    const softmax = (x: number[], W: number[], bias: number[]) => {
      const powers = bias.map((b, column) =>
        Math.exp(x.reduce((sum, v, row) => sum + v * W[row * bias.length + column], b))
      );
      return powers.map((power) => power / powers.reduce((sum, each) => sum + each));
    };
    assertEquals(judged.map(({ sentence }) => sentence), someSentences);
    judged.forEach(({ sentence, tree, phrases, features, probabilities, candidates }) => {
      const words = wordsIn(saved, sentence);
      const merges = greedyMerges(words, weights, PAPER);
      assertEquals([[...tree.left], [...tree.right]], [merges.map(([l]) => l), merges.map(([, r]) => r)]);
      const nodes = nodesOf(words, merges, weights, PAPER);
      assertEquals(phrases.length, nodes.length);
      assert(candidates >= words.length - 1);
      phrases.forEach(({ start, end, height, children, vector, errors, probabilities }, at) => {
        assertEquals(end - start, nodes[at].words);
        assertClose(vector, nodes[at].vector, tolerances.forward);
        assertClose(probabilities, softmax(nodes[at].vector, weights.W3.flat(), weights.b3), tolerances.forward);
        if (at < words.length) {
          assertEquals([start, height, children, errors], [at, 0, undefined, undefined]);
          return;
        }
        const [left, right] = merges[at - words.length];
        assertEquals(children, [left, right]);
        assertEquals([start, phrases[left].end, end], [phrases[left].start, phrases[right].start, phrases[right].end]);
        assertEquals(height, 1 + Math.max(phrases[left].height, phrases[right].height));
        assertClose(errors!, childErrors(nodes[at], weights, PAPER), tolerances.forward);
      });
      const mean = Array.from(
        { length: WIDTH },
        (_, k) => nodes.reduce((sum, { vector }) => sum + vector[k], 0) / nodes.length,
      );
      assertClose(features, [...mean, ...nodes[nodes.length - 1].vector], tolerances.forward);
      assertClose(
        probabilities,
        softmax([...features], head("sentence/weights"), head("sentence/bias")),
        tolerances.forward,
      );
    });
  }));

Deno.test("judge says the same of a sentence alone as among others, and drops nothing", () =>
  assertNothingLeft(async () => {
    const verdicts = (...batches: readonly Batch[]) =>
      lastValueFrom(
        from(batches).pipe(
          judging(tinyRecursive(composers.balanced, { dropout: 0.5 }, { dropout: 0.5 })),
          toArray(),
          map((judged) => new Map(judged.flat().map((each): [string, Judged] => [each.sentence.id, each]))),
        ),
      );
    const together = await verdicts(batchOf(...someSentences));
    const alone = await verdicts(...someSentences.map((each) => batchOf(each)));
    for (const { id } of someSentences) {
      assertClose(alone.get(id)!.probabilities, together.get(id)!.probabilities, tolerances.forward);
      assertEquals(alone.get(id)!.phrases.length, together.get(id)!.phrases.length);
    }
  }));

Deno.test("judge holds its source back: at most inFlight batches lie between them", () =>
  assertNothingLeft(async () => {
    const inFlight = 3;
    const { state, source } = endless(someSentences.slice(1, 2));
    let out = 0, most = 0;
    await lastValueFrom(withParameters(5, (parameters) =>
      pull(source).pipe(
        tokenize(known),
        batch({ size: 2, inFlight, pool: 0 }),
        tap(() => most = Math.max(most, state.drawn - 2 * out)),
        judge(tinyRecursive(), parameters),
        tap((judged) => out += judged.length / 2),
        take(20),
      )));
    assertEquals(out, 20);
    assertLessOrEqual(most, 2 * inFlight);
    assert(state.closed, "the source's iterator was not closed");
  }));

Deno.test("judge hands an unknown class on as an error, after what came before", () =>
  assertNothingLeft(async () => {
    const odd = batchOf({ ...someSentences[0], targets: [["mixed"]] });
    const { values, error } = await outcomeOf(from([batchOf(someSentences[1]), odd]).pipe(judging()));
    assertEquals(values.length, 1);
    assertEquals(
      error?.message,
      `Cannot label "good" as its class must be one of ${classes.join(", ")}: current value is mixed`,
    );
  }));
