/** The translation task: sets without a sentence in two of them, symbols learnt from training texts, texts for BLEU. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { readTranslation, translationOptions } from "../../pipelines/translation.ts";
import type { Options } from "../../pipelines/experiment.ts";
import { InputError } from "../../operators/records.ts";

const defaults = Object.fromEntries(
  Object.entries(translationOptions).map(([key, spec]) => [key, spec.default.quick]),
) as Options;

Deno.test("readTranslation() reads the language packs; perfect hypotheses have BLEU and chrF 100", async () => {
  const { sets, segmenter, metrics } = await readTranslation({ ...defaults, words: 300, devWords: 50, testWords: 50 });
  assertEquals([sets.train.length, sets.dev.length, sets.test.length], [300, 50, 50]);
  const ids = [...sets.train, ...sets.dev, ...sets.test].map(({ id }) => id);
  assertEquals(new Set(ids).size, 400);
  const predictions = [...sets.test].map((example) => ({
    example,
    hypothesis: example.targets[0],
    logProbability: 0,
    alignment: [],
  }));
  for (const metric of metrics) {
    const gatherer = metric.begin();
    gatherer.add({ predictions } as unknown as Parameters<typeof gatherer.add>[0]);
    assertAlmostEquals(gatherer.value(), 100, 1e-9, metric.name);
  }
  assert(segmenter.split("Unbekannter Fehler").length < 18, "pieces are longer than letters");
});

Deno.test("readTranslation() reads line-aligned files, with test files or a split of their own", async () => {
  const folder = await Deno.makeTempDir({ prefix: "heed-translation-" });
  try {
    const lines = Array.from({ length: 200 }, (_, at) => `sentence number ${at} is here`);
    const files = { source: `${folder}/a.en`, target: `${folder}/a.de`, testSource: "", testTarget: "" };
    await Deno.writeTextFile(files.source, lines.join("\n") + "\n");
    await Deno.writeTextFile(files.target, lines.map((line) => line.toUpperCase()).join("\n") + "\n");
    const { sets } = await readTranslation({ ...defaults, ...files, symbols: "words" });
    assertEquals(sets.train.length + sets.dev.length + sets.test.length, 200);
    await Deno.writeTextFile(`${folder}/b.en`, lines.slice(0, 9).join("\n"));
    await Deno.writeTextFile(`${folder}/b.de`, lines.slice(0, 9).join("\n"));
    const given = { ...files, testSource: `${folder}/b.en`, testTarget: `${folder}/b.de` };
    const { sets: { train, test } } = await readTranslation({ ...defaults, ...given });
    assertEquals(test.length, 9);
    const scored = new Set([...test].map(({ source }) => source.join("")));
    assert([...train].every(({ source }) => !scored.has(source.join(""))));
    await assertRejects(
      () => readTranslation({ ...defaults, ...files, target: "" }),
      InputError,
      "source= and target= must be given together",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
