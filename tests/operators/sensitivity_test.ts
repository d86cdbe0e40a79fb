import { assert, assertEquals } from "@std/assert";
import { lastValueFrom, pipe, toArray } from "rxjs";
import { transduction } from "../../datasets/mod.ts";
import {
  batch,
  cells,
  decode,
  decoder,
  encode,
  global,
  local,
  luong,
  none,
  Parameters,
  pull,
  recurrentEncoder,
  scores,
  sensitivity,
  tf,
  tokenize,
  useEngine,
  vocabularies,
} from "../../operators/mod.ts";
import { SPECIAL } from "../../operators/vocabulary.ts";
import { assertClose } from "../helpers/close.ts";
import { paths } from "../helpers/path_cases.ts";
import { outcomeOf } from "../helpers/streams.ts";
import { globalReference, localReference, noneReference } from "../reference/attentions.ts";
import { sensitivityReference, type SpellerReference } from "../reference/speller.ts";

const [units, embedding, hidden, positions] = [4, 3, 4, 64];
/** Models that differ in path, attention, direction and cell. */
const models = [
  {
    path: "luong",
    attention: global({ score: scores.general }),
    reference: globalReference("general"),
    direction: "unidirectional",
    cell: "gru",
  },
  {
    path: "luong-feeding",
    attention: local({ scope: "predictive", window: 3, score: scores.concat }),
    reference: localReference("predictive", 3, "concat"),
    direction: "bidirectional",
    cell: "lstm",
  },
  { path: "luong", attention: none(), reference: noneReference, direction: "unidirectional", cell: "gru" },
  {
    path: "bahdanau-final",
    attention: global({ score: scores.concat }),
    reference: globalReference("concat"),
    direction: "unidirectional",
    cell: "gru-reset-before",
  },
  {
    path: "bahdanau",
    attention: global({ score: scores.concat }),
    reference: globalReference("concat"),
    direction: "bidirectional",
    cell: "gru-reset-before",
  },
] as const;

Deno.test("sensitivity() is the norm of each step's gradient at each source symbol, to the float64 values", async () => {
  await useEngine();
  const set = await transduction({ task: "copy", count: 3, lengths: [2, 5], symbols: 7 });
  const vocabulary = vocabularies(set);
  for (const { path, attention, reference, direction, cell } of models) {
    const half = direction === "bidirectional" ? units / 2 : units;
    const model = pipe(
      encode(recurrentEncoder({ units: half, embedding, direction, cell: cells[cell] }), vocabulary.source),
      decode(
        decoder({ path: paths[path], attention, cell: cells[cell], units, embedding, hidden, positions }),
        vocabulary.target,
      ),
    );
    const before = tf.memory().numTensors;
    const parameters = new Parameters(2);
    const found = await lastValueFrom(
      pull(set).pipe(tokenize(vocabulary), batch({ size: 1, pool: 0 }), sensitivity(model, { parameters }), toArray()),
    );
    assertEquals(found.length, 3);
    const values = Object.fromEntries(parameters.learnt.map(([name, variable]) => [name, variable.dataSync()]));
    const speller: SpellerReference = {
      encoder: { cell, direction, layers: 1, units: half },
      decoder: { path, cell, layers: 1, attention: reference, units, embedding, vocabulary: vocabulary.target.size },
      hidden,
      positions,
    };
    for (const { batch: { source, target }, norms } of found) {
      const expected = sensitivityReference(speller, values, {
        source: [...source.ids],
        inputs: [SPECIAL.begin, ...target.ids],
        targets: [...target.ids, SPECIAL.end],
      });
      assertEquals([norms.length, norms[0].length], [target.width + 1, source.width]);
      assert(expected.flat().every((norm) => norm > 1e-6), "a norm of nearly 0 would be held against nothing");
      // Relative: norms of distant symbols are small.
      const ratios = norms.flatMap((row, t) => row.map((norm, s) => norm / expected[t][s]));
      assertClose(ratios, ratios.map(() => 1), 2e-3, `${path} · ${attention.name}`);
    }
    parameters.unsubscribe();
    assertEquals(tf.memory().numTensors, before);
  }
});

Deno.test("sensitivity() refuses batches of several, and symbols that occur twice", async () => {
  await useEngine();
  const set = [{ id: "aa", source: ["a", "a"], targets: [["A"]] }, { id: "b", source: ["b"], targets: [["A"]] }];
  const vocabulary = vocabularies(set);
  const model = pipe(
    encode(recurrentEncoder({ units: 2, embedding: 2 }), vocabulary.source),
    decode(
      decoder({ path: luong(), attention: global({ score: scores.concat }), units: 2, embedding: 2 }),
      vocabulary.target,
    ),
  );
  const parameters = new Parameters(1);
  const message = async (size: number) =>
    (await outcomeOf(pull(set).pipe(tokenize(vocabulary), batch({ size }), sensitivity(model, { parameters })))).error
      ?.message;
  assert((await message(2))?.includes("a batch must hold one example: current value is 2"));
  assert((await message(1))?.includes("no symbol may occur twice"));
  parameters.unsubscribe();
});
