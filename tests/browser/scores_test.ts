/** The score page in a real browser: every figure that it makes is seen, nothing is asked for outside, nothing overflows. */
import { assert, assertEquals } from "@std/assert";
import { scoresPage } from "../../pipelines/scores/page.ts";
import { writeSite } from "../../reports/mod.ts";
import { open, setScreen, withBrowser, withServer } from "../helpers/browser.ts";
import { scoreResults } from "../pipelines/scores/fixture.ts";

const screens = [320, 1280].flatMap((width) => [{ width }, { width, dark: true }]);

Deno.test("the score page in a browser", async () => {
  // As the quick profile runs: one pass, with the curve of its loss.
  const made = await scoresPage(scoreResults({ epochs: 1, curve: true }));
  const blocks = made.sections.flatMap(({ blocks }) => blocks);
  const idsOf = (kind: "figure" | "table") =>
    blocks.flatMap((block) => typeof block !== "string" && block.kind === kind ? `${kind}-${block.id}` : []);
  const folder = await Deno.makeTempDir({ prefix: "heed-site-" });
  try {
    await writeSite([made], folder);
    await withServer(folder, (address) =>
      withBrowser(async (browser) => {
        const outside = (requests: readonly string[]) =>
          requests.filter((url) => !url.startsWith(`${address}/`) && url !== "data:,");
        const { page, errors, requests } = await open(browser, `${address}/scores.html`, { width: 1280 });
        for (const screen of screens) {
          await setScreen(page, screen);
          const seen = await page.evaluate(() => {
            const visible = (element: Element) =>
              element.checkVisibility() && element.getBoundingClientRect().width > 0;
            return {
              overflow: document.documentElement.scrollWidth - innerWidth,
              claims: document.querySelectorAll("li.claim").length,
              tables: [...document.querySelectorAll("div.table")].map(({ id }) => id),
              figures: [...document.querySelectorAll("figure.figure")].map((figure) => ({
                id: figure.id,
                titled: figure.querySelector(".figure-title")!.textContent!.trim().length > 12,
                drawings: [...figure.querySelectorAll("svg")].filter(visible).length,
                panels: [...figure.querySelectorAll(".panel")].filter(visible).length,
                marks: [...figure.querySelectorAll("svg")].filter(visible)
                  .every((svg) => svg.querySelector("path, circle, rect, line") !== null),
              })),
            };
          });
          const where = JSON.stringify(screen);
          assert(seen.overflow <= 0, `${where}: ${seen.overflow} pixels overflow`);
          assertEquals(seen.figures.map(({ id }) => id), idsOf("figure"), where);
          assertEquals(seen.tables, idsOf("table"), where);
          assertEquals(seen.claims, 10, where);
          for (const { id, titled, drawings, panels, marks } of seen.figures) {
            assert(titled && marks && drawings > 0, `${where}: ${id}`);
            assertEquals(drawings, panels, `${where}: ${id}`);
          }
        }
        assert(idsOf("figure").includes("figure-dev-errors"));
        assertEquals(errors, []);
        assertEquals(outside(requests), []);
        await page.close();
        const index = await open(browser, `${address}/index.html`, { width: 1280 });
        const lines = await index.page.evaluate(() =>
          [...document.querySelectorAll("figure svg")].filter((svg) => svg.checkVisibility()).length
        );
        assertEquals(lines, 1);
        assertEquals(index.errors, []);
        assertEquals(outside(index.requests), []);
        await index.page.close();
      }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
