import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(new URL("..", import.meta.url));
const readme = await Deno.readTextFile(join(root, "README.md"));
const samples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
/** The sample in which these words stand. */
const sampleWith = (words: string): string => samples.find((code) => code.includes(words))!;

/** Runs Deno in a folder of its own with this project's configuration. */
async function run(folder: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: folder, stdout: "piped", stderr: "piped" });
  const { code, stdout, stderr } = await command.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("README's chain goes from dataset to figure in at most 20 lines", async () => {
  const [chain] = samples;
  assertLessOrEqual(chain.trimEnd().split("\n").length, 20);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "chain.ts"), chain);
    const config = join(root, "deno.json");
    const permissions = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env"];
    const { code, text } = await run(folder, "run", "--config", config, ...permissions, "chain.ts");
    assertEquals(code, 0, text);
    assertStringIncludes(await Deno.readTextFile(join(folder, "loss.svg")), "<svg");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README's self-attention chain learns to recall, in at most 15 lines", async () => {
  const chain = sampleWith("heed.contextualise");
  assertLessOrEqual(chain.trimEnd().split("\n").length, 15);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "recall.ts"), chain);
    const permissions = ["--no-prompt", "--allow-read", "--allow-env"];
    const { code, text } = await run(folder, "run", "--config", join(root, "deno.json"), ...permissions, "recall.ts");
    assertEquals(code, 0, text);
    const accuracy = Number(/accuracy: \{ value: ([\d.]+), unit: "%" \}/.exec(text)?.[1]);
    // Guessing one of eight values gives 12.5%.
    assert(accuracy > 90, text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README's feature map of one's own appears in the page's tables, its bytes as predicted", async () => {
  const map = sampleWith("const hedgehog: FeatureMap");
  assertLessOrEqual(map.trimEnd().split("\n").length, 20);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "hedgehog.ts"), map);
    const settings = { mechanisms: "softmax,elu,./hedgehog.ts", lengths: "64,256,1024", dims: 16, words: 0, budget: 0 };
    const { code, text } = await run(
      folder,
      ...["run", "--config", join(root, "deno.json"), "--no-prompt", "--allow-read", "--allow-write", "--allow-env"],
      ...["--allow-sys", join(root, "main.ts"), "pipeline", "kernels", "--out", "site"],
      ...Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
    );
    assertEquals(code, 0, text);
    const page = await Deno.readTextFile(join(folder, "site", "kernels.html"));
    const tables = page.match(/<table[\s\S]*?<\/table>/g)!.filter((each) => each.includes("hedgehog"));
    assert(tables.length >= 2, `${tables.length} tables name the map`); // crossovers and bytes
    assertStringIncludes(page, "closed form for every mechanism that has one"); // within 5%, by the figure's title
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README's score of one's own appears in the page's table and figures", async () => {
  const score = sampleWith("const cosine: Score");
  assertLessOrEqual(score.trimEnd().split("\n").length, 22);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "cosine.ts"), score);
    const settings = { scores: "dot,./cosine.ts", words: 300, devWords: 40, testWords: 40, units: 16, embedding: 8 };
    const { code, text } = await run(
      folder,
      ...["run", "--config", join(root, "deno.json"), "--no-prompt", "--allow-read", "--allow-write", "--allow-env"],
      ...["--allow-sys", join(root, "main.ts"), "pipeline", "scores", "--seeds", "2", "--out", "site"],
      ...Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
    );
    assertEquals(code, 0, text);
    const page = await Deno.readTextFile(join(folder, "site", "scores.html"));
    const table = page.match(/<table[\s\S]*?<\/table>/g)!.find((each) => each.includes("cosine"));
    assert(table, "no table names the score");
    const figures = page.match(/<figure[\s\S]*?<\/figure>/g)!.filter((each) => each.includes("cosine"));
    assert(figures.length >= 3, `${figures.length} figures name the score`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
