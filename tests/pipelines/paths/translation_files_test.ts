/** Line-aligned files of a user's own from end to end: trained, searched with a beam, scored, and stored as it was said. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { lastValueFrom, toArray } from "rxjs";
import { tf, useEngine } from "../../../operators/mod.ts";
import { bleuOf, bleuStatistics } from "../../../operators/numerics/bleu.ts";
import { sumStatistics } from "../../../operators/numerics/bootstrap.ts";
import { chrfOf, chrfStatistics } from "../../../operators/numerics/chrf.ts";
import { randomFrom } from "../../../operators/numerics/random.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { pathsExperiment } from "../../../pipelines/paths.ts";
import { assertClose } from "../../helpers/close.ts";

await useEngine();

const WORDS = { red: "rot", dog: "Hund", sees: "sieht", the: "der", old: "alt", man: "Mann", and: "und", cat: "Katze" };

/** Sentences of 5 to 9 symbols, the full stop among them, no two alike, and their translations word by word. */
function sentences(count: number, taken: Set<string>): [string[], string[]] {
  const random = randomFrom(count);
  const source: string[] = [], target: string[] = [];
  while (source.length < count) {
    const words = Array.from({ length: 4 + random.integer(5) }, () => Object.keys(WORDS)[random.integer(8)]);
    if (taken.has(words.join(" "))) continue;
    taken.add(words.join(" "));
    source.push(`${words.join(" ")}.`);
    target.push(`${words.map((word) => WORDS[word as keyof typeof WORDS]).join(" ")}.`);
  }
  return [source, target];
}

Deno.test("files translate with a beam on each path; BLEU and chrF are those of the hypotheses that are stored", async () => {
  const folder = await Deno.makeTempDir({ prefix: "heed-files-" });
  try {
    const taken = new Set<string>();
    // No more sentences to score than are shown.
    const files = { train: sentences(160, taken), test: sentences(12, taken) };
    const settings = new Map<string, string>();
    for (const [part, sides] of Object.entries(files)) {
      for (const [at, side] of ["source", "target"].entries()) {
        const path = join(folder, `${part}.${side}`);
        await Deno.writeTextFile(path, sides[at].join("\n") + "\n");
        settings.set(part === "train" ? side : `test${side[0].toUpperCase()}${side.slice(1)}`, path);
      }
    }
    const given = { design: "translation", symbols: "words", beams: 3, units: 16, embedding: 8, batch: 16, epochs: 4 };
    for (const [name, value] of Object.entries({ ...given, rate: 0.02, devWords: 5 })) settings.set(name, `${value}`);
    const configurations = await pathsExperiment.configurations(
      await resolveOptions(pathsExperiment, "quick", settings),
    );
    assertEquals(configurations.map(({ path }) => path), ["luong", "luong + feeding", "bahdanau"]);
    for (const options of configurations) {
      const before = tf.memory().numTensors;
      const trial = { id: "files", pipeline: "paths", options, seed: 3, version: "1" };
      const events = await lastValueFrom(pathsExperiment.run(trial, {}).pipe(toArray()));
      assertEquals(tf.memory().numTensors, before);
      const rows = events.flatMap(({ rows }) => rows);
      const said = rows.filter(({ metric }) => metric === "translation").map(({ labels }) => ({
        source: String(labels.source),
        hypothesis: String(labels.hypothesis),
        reference: String(labels.reference),
      }));
      // All of the test file, each line with the line beside it.
      const [source, target] = files.test;
      assertEquals(
        said.map(({ source, reference }) => `${source} | ${reference}`).sort(),
        source.map((line, at) => `${line} | ${target[at]}`).sort(),
      );
      assert(said.some(({ hypothesis }) => hypothesis !== ""), `${options.path} says something`);
      const score = (metric: string) => {
        const found = rows.filter((row) => row.metric === metric && row.labels.set === "test");
        assertEquals(found.map(({ labels }) => labels.beams), [3]);
        return found[0].value;
      };
      const texts = said.map(({ hypothesis, reference }) => [hypothesis, [reference]] as const);
      const bleu = bleuOf(sumStatistics(texts.map((pair) => bleuStatistics(...pair))));
      assert(bleu > 1 && bleu < 100, `${options.path}: a BLEU of ${bleu} tells little`);
      assertClose([score("bleu")], [bleu], 1e-9, `${options.path}: BLEU`);
      const chrf = chrfOf(sumStatistics(texts.map((pair) => chrfStatistics(...pair))));
      assertClose([score("chrf")], [chrf], 1e-9, `${options.path}: chrF`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
