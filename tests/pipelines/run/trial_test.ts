import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { InputError } from "../../../operators/records.ts";
import { canonical, labelOf, planTrials, trialId } from "../../../pipelines/run/trial.ts";
import { resolveOptions } from "../../../pipelines/options.ts";
import { fake } from "./fake.ts";

const content = { pipeline: "scores", options: { hidden: 64, scores: ["dot"] }, seed: 1, version: "1" };

Deno.test("trialId() is the first 16 digits of a SHA-256 that any other tool computes too", async () => {
  // printf '{"options":{"hidden":64,"scores":["dot"]},"pipeline":"scores","seed":1,"version":"1"}' | sha256sum
  assertEquals(
    canonical(content),
    '{"options":{"hidden":64,"scores":["dot"]},"pipeline":"scores","seed":1,"version":"1"}',
  );
  assertEquals(await trialId(content), "3a10ab33d8aba77d");
});

Deno.test("trialId() changes with pipeline, options, seed and version", async () => {
  const ids = await Promise.all([
    content,
    { ...content, pipeline: "paths" },
    { ...content, options: { hidden: 65, scores: ["dot"] } },
    { ...content, options: { hidden: 64, scores: ["dot", "general"] } },
    { ...content, seed: 2 },
    { ...content, version: "2" },
  ].map(trialId));
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("canonical() doesn't depend on the order in which keys were written", () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
    const reversed = Object.fromEntries(Object.entries(value).reverse());
    assertEquals(canonical(reversed), canonical(value));
    assertEquals(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("canonical() refuses numbers that JSON would turn into null", () => {
  assertThrows(() => canonical({ rate: NaN }), TypeError, "must be finite: current value is NaN");
});

Deno.test("planTrials() crosses configurations with seeds, one seed after the other", async () => {
  const trials = await planTrials(fake, await resolveOptions(fake, "quick", new Map()), 2);
  assertEquals(trials.map(({ options, seed }) => `${options.arm}${seed}`), ["left1", "right1", "left2", "right2"]);
  assertEquals(labelOf(trials[3], trials), "fake arm=right seed=2");
});

Deno.test("planTrials() names a file by what is in it, not by where it lies", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [one, two] = [join(folder, "one.dict"), join(folder, "two.dict")];
    const ids = async (path: string) => {
      const options = await resolveOptions(fake, "quick", new Map([["words", path]]));
      return (await planTrials(fake, options, 1)).map((trial) => trial.id);
    };
    await Deno.writeTextFile(one, "A  AH\n");
    await Deno.writeTextFile(two, "A  AH\n");
    const first = await ids(one);
    assertEquals(await ids(two), first);
    await Deno.writeTextFile(two, "A  EY\n");
    assertNotEquals(await ids(two), first);
    const options = await resolveOptions(fake, "quick", new Map([["words", one]]));
    const [trial] = await planTrials(fake, options, 1);
    assertEquals(trial.options.words, one);
    assertEquals(await trialId(trial), trial.id);
    await Deno.remove(one);
    await assertRejects(() => planTrials(fake, options, 1), InputError, "as there is no such file");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("planTrials() names a module by its text and by that of its relative imports", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [score, part] = [join(folder, "score.ts"), join(folder, "part.ts")];
    const plan = async () => {
      const options = await resolveOptions(fake, "quick", new Map([["arms", `left,${score}`]]));
      return await planTrials(fake, options, 1);
    };
    await Deno.writeTextFile(part, "export const scale = 2;\n");
    await Deno.writeTextFile(score, 'import { scale } from "./part.ts";\nexport default scale;\n');
    const before = await plan();
    assertEquals(before[1].options.arm, score);
    await Deno.writeTextFile(part, "export const scale = 3;\n");
    const after = await plan();
    assertEquals(after[0].id, before[0].id);
    assertNotEquals(after[1].id, before[1].id);
    assert(!("arm.sha256" in after[0].options));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
