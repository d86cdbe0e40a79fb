import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { InputError } from "../../../operators/records.ts";
import { serveFolder, siteHandler } from "../../../pipelines/run/serve.ts";

Deno.test("siteHandler() serves the folder's files and nothing outside it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const site = join(folder, "site");
    await Deno.mkdir(site);
    await Deno.writeTextFile(join(site, "index.html"), "<p>Heed");
    await Deno.writeTextFile(join(site, "a b.csv"), "1\n");
    await Deno.writeTextFile(join(folder, "secret"), "no");
    const get = async (path: string) => {
      const response = await siteHandler(site)(new Request(`http://127.0.0.1${path}`));
      return [response.status, response.headers.get("content-type"), await response.text()];
    };
    assertEquals(await get("/"), [200, "text/html; charset=utf-8", "<p>Heed"]);
    assertEquals(await get("/a%20b.csv?x=1"), [200, "text/csv; charset=utf-8", "1\n"]);
    for (const path of ["/none", "/..%2fsecret", "/../secret", "/%2e%2e/secret"]) {
      assertEquals((await get(path))[0], 404);
    }
    assertEquals((await get("/%E0%A4%A"))[0], 400);
    assertThrows(() => serveFolder(folder, 0), InputError, "holds no index.html");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
