import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../operators/records.ts";
import { attentionNames, loadAttention } from "../../pipelines/attention_module.ts";

Deno.test("loadAttention knows every mechanism by name, and a module's own", async () => {
  for (const name of attentionNames) assertEquals((await loadAttention(name)).name, name);
  const folder = await Deno.makeTempDir();
  try {
    const write = async (name: string, code: string) => {
      await Deno.writeTextFile(`${folder}/${name}`, code);
      return `${folder}/${name}`;
    };
    const mine = await write("mine.ts", 'export default { name: "mine", citation: "none", apply: (_q, _k, v) => v };');
    assertEquals((await loadAttention(mine)).name, "mine");
    const refusal = async (path: string) => (await assertRejects(() => loadAttention(path), InputError)).message;
    const nameless = await write("nameless.ts", "export default { apply() {} };");
    assertEquals(
      await refusal(nameless),
      `Cannot use ${nameless} as an attention as its default export must have name (text)`,
    );
    const idle = await write("idle.ts", 'export default { name: "idle", citation: "none" };');
    assertEquals(
      await refusal(idle),
      `Cannot use ${idle} as an attention as its default export must have apply (a function)`,
    );
    const missing = `${folder}/none.ts`;
    assertEquals((await refusal(missing)).startsWith(`Cannot load the attention ${missing}: `), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
