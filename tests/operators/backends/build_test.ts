import { assert, assertEquals } from "@std/assert";
import { type Build, BUILDS } from "../../../operators/backends/build_names.ts";
import { compilePack } from "../../../operators/backends/build.ts";

for (const [build, file] of Object.entries(BUILDS)) {
  Deno.test(`the committed ${file} is what its sources compile to`, async () => {
    const committed = await Deno.readFile(new URL(`../../../operators/backends/${file}`, import.meta.url));
    assertEquals(committed, await compilePack(build as Build));
    assert(WebAssembly.validate(committed));
    assert(committed.length < 48 * 1024, `a pack is small: ${committed.length} bytes`);
    const module = new WebAssembly.Module(committed);
    assertEquals(WebAssembly.Module.imports(module), [{ module: "env", name: "memory", kind: "memory" }]);
    assert(WebAssembly.Module.exports(module).every(({ kind }) => kind === "function"));
  });
}
