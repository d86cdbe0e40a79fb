/** What a trial of the path comparison measures besides its errors, on models of which the values are known. */
import { assert, assertEquals } from "@std/assert";
import { lastValueFrom, type Observable } from "rxjs";
import { datasetOf, transduction } from "../../../datasets/mod.ts";
import { Parameters, type Tensor4D, tf, transform, useEngine, vocabularies } from "../../../operators/mod.ts";
import type { Decoded } from "../../../operators/decode.ts";
import type { BatchTensors, Model } from "../../../operators/model.ts";
import type { Dataset, Example, Measurement } from "../../../operators/records.ts";
import { SPECIAL } from "../../../operators/vocabulary.ts";
import { distanceRows, lengthRows, orderRows, PROBED } from "../../../pipelines/paths/measurements.ts";
import { modelOf } from "../../../pipelines/paths/model.ts";
import type { Setting } from "../../../pipelines/paths/setting.ts";
import { rowsOf } from "../../../pipelines/rows.ts";
import { assertClose } from "../../helpers/close.ts";
import { globalReference, noneReference } from "../../reference/attentions.ts";
import {
  embeddedReference,
  sensitivityReference,
  type SpellerReference,
  spellerReference,
} from "../../reference/speller.ts";

await useEngine();

const [units, embedding] = [4, 2];
const base = {
  path: "luong",
  score: "general",
  scope: "global",
  direction: "unidirectional",
  cell: "gru",
  units,
  embedding,
  layers: 1,
  window: 2,
  dropout: 0,
  variational: "no",
};

/** A setting with what the measurements read of one. */
function settingFor(
  task: string,
  learnt: Iterable<Example>,
  model: Model<Decoded> | Partial<typeof base>,
  test?: Dataset<Example>,
): Setting {
  const vocabulary = vocabularies(learnt);
  return {
    task,
    vocabulary,
    model: typeof model === "function" ? model : modelOf({ ...base, ...model }, vocabulary),
    row: rowsOf("tiny", {}),
    sets: { test },
  } as Setting;
}

function reference(setting: Setting, { path, scope }: Partial<typeof base>): SpellerReference {
  return {
    encoder: { cell: "gru", direction: "unidirectional", layers: 1, units },
    decoder: {
      path: path === "bahdanau" ? "bahdanau-final" : "luong",
      cell: "gru",
      layers: 1,
      attention: scope === "none" ? noneReference : globalReference("general"),
      units,
      embedding,
      vocabulary: setting.vocabulary.target.size,
    },
    hidden: units,
    positions: 64,
  };
}

const valuesOf = (parameters: Parameters) =>
  Object.fromEntries(parameters.learnt.map(([name, variable]) => [name, variable.dataSync()]));

async function measured(rows: Observable<Measurement[]>, metric: string): Promise<Measurement[]> {
  return (await lastValueFrom(rows)).filter((row) => row.metric === metric);
}

Deno.test("gradients by distance in time are the root mean squares of the float64 norms", async () => {
  const { count, length } = PROBED;
  for (const scope of ["none", "global"]) {
    const learnt = await transduction({ task: "copy", count: 300, lengths: [4, 10] });
    const setting = settingFor("copy", learnt, { scope });
    const parameters = new Parameters(3);
    const rows = await lastValueFrom(distanceRows(setting, parameters, "before"));
    const of = (metric: string) => rows.filter((row) => row.metric === metric);
    const probes = [...await transduction({ task: "copy", count, lengths: [length, length], split: "test", seed: 3 })];
    const { source, target } = setting.vocabulary;
    const squares = new Map<number, number[]>();
    const shares: number[] = [];
    for (const example of probes) {
      const ids = target.encode(example.targets[0]);
      const norms = sensitivityReference(reference(setting, { scope }), valuesOf(parameters), {
        source: [...source.encode(example.source)],
        inputs: [SPECIAL.begin, ...ids],
        targets: [...ids, SPECIAL.end],
      });
      for (let t = 0; t < length; t++) {
        for (let s = 0; s < length; s++) {
          // From symbol s on: the rest of the source is read, then t symbols.
          const steps = (length - s) + t;
          squares.set(steps, [...squares.get(steps) ?? [], norms[t][s] ** 2]);
        }
        shares.push(norms[t][t] / Math.sqrt(norms[t].reduce((sum, norm) => sum + norm * norm, 0)));
      }
    }
    assertEquals(of("distance/gradient").map(({ step }) => step), Array.from({ length: 19 }, (_, i) => i + 1));
    assert(of("distance/gradient").every(({ labels }) => labels.when === "before"));
    const ratios = of("distance/gradient").map(({ step, value }) => {
      const all = squares.get(step)!;
      return value / Math.sqrt(all.reduce((sum, square) => sum + square, 0) / all.length);
    });
    assertClose(ratios, ratios.map(() => 1), 2e-3, scope);
    const share = 100 * shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assertClose(of("distance/own").map(({ value }) => value), [share], 2e-3, scope);
    parameters.unsubscribe();
  }
});

Deno.test("errors by length are those of a model that is right up to 8 symbols and looks right up to 12", async () => {
  const model: Model<Decoded> = transform((tensors: BatchTensors): Decoded => {
    const [rows, steps] = tensors.targets.shape;
    const sources = tensors.source.shape[1];
    return {
      ...tensors,
      logits: tf.zeros([rows, steps, SPECIAL.unknown + 27]),
      alignment: tf.zeros([rows, steps, sources]),
      search: ({ maxLength }: { maxLength: number }) => {
        const after = (x: typeof tensors.targets) => tf.pad(x, [[0, 0], [0, maxLength - steps]]);
        // Its first symbol said twice is wrong, for no symbol occurs twice.
        const second = tf.slice(tensors.targets, [0, 1], [rows, 1]);
        const wrong = tf.concat([second, tf.slice(tensors.targets, [0, 1], [rows, steps - 1])], 1) as never;
        const said = after(sources <= 8 ? tensors.targets : wrong);
        const places = Array.from(
          { length: maxLength },
          (_, t) => sources <= 12 ? Math.max(0, sources - 1 - t) : 0,
        );
        const looked = tf.oneHot(tf.tensor1d(places, "int32"), sources).toFloat();
        return {
          tokens: tf.transpose(said, [1, 0]).reshape([maxLength, rows, 1]),
          parents: tf.zeros([maxLength, rows, 1], "int32"),
          logProbability: tf.zeros([rows, 1]),
          alignment: tf.tile(looked.reshape([maxLength, 1, 1, sources]), [1, rows, 1, 1]) as Tensor4D,
        };
      },
    } as unknown as Decoded;
  });
  const setting = settingFor("reverse", await transduction({ task: "reverse", count: 300, lengths: [4, 10] }), model);
  const parameters = new Parameters(1);
  const rows = await lastValueFrom(lengthRows(setting, parameters));
  const of = (metric: string) => rows.filter((row) => row.metric === metric);
  const lengths = [4, 6, 8, 10, 12, 14, 17, 20];
  assertEquals(of("length/wer").map(({ step, value }) => [step, value]), lengths.map((n) => [n, n <= 8 ? 0 : 100]));
  assertEquals(of("length/alignment").map(({ step }) => step), lengths);
  // Looking at the first symbol only is right at the last step alone.
  const wanted = lengths.map((n) => n <= 12 ? 0 : 100 * (n - 1) / n);
  assertClose(of("length/alignment").map(({ value }) => value), wanted, 1e-6);
  assertEquals(rows.map(({ labels }) => labels.learnt), lengths.flatMap((n) => Array(2).fill(n <= 10 ? "yes" : "no")));
  parameters.unsubscribe();
});

Deno.test("the order of state and attention: weights that follow the symbol before by as much as in float64, or not at all", async () => {
  // The last symbol of the vocabulary comes first in one target, where there is no next one to put in its place.
  const learnt: Example[] = ["abcde", "cabed", "edcba", "bcdea"].map((word) => ({
    id: word,
    source: [...word],
    targets: [[...word]],
  }));
  const last = vocabularies(learnt).target.symbols.at(-1)!;
  const test = datasetOf(learnt, (await transduction({ task: "copy", count: 1 })).provenance);
  assert(learnt.some(({ targets: [[first]] }) => first === last), `none begins with ${last}`);
  for (const path of ["luong", "bahdanau"]) {
    const setting = settingFor("pronunciation", learnt, { path }, test);
    const parameters = new Parameters(5);
    const [{ value }] = await measured(orderRows(setting, parameters), "precedes");
    const { source, target } = setting.vocabulary;
    const [speller, values] = [reference(setting, { path }), valuesOf(parameters)];
    let change = 0;
    for (const example of learnt) {
      const ids = [...target.encode(example.targets[0])];
      const at = (first: number) => {
        const embedded = embeddedReference(speller, values, [...source.encode(example.source)]);
        const spelt = { inputs: [SPECIAL.begin, first, ...ids.slice(1)], targets: [...ids, SPECIAL.end] };
        return spellerReference(speller, values, embedded, spelt).weights[1];
      };
      const other = ids[0] + 1 < target.size ? ids[0] + 1 : ids[0] - 1;
      const [plain, changed] = [at(ids[0]), at(other)];
      change = Math.max(change, ...plain.map((weight, s) => Math.abs(weight - changed[s])));
    }
    if (path === "bahdanau") assertEquals([value, change], [0, 0]);
    else {
      assert(change > 1e-3, `${change}`);
      assertClose([value / change], [1], 1e-3, path);
    }
    parameters.unsubscribe();
  }
});
