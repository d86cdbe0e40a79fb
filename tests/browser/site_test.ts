/** The site in a real browser: every figure is seen, nothing is asked for outside, nothing overflows a phone. */
import { assert, assertEquals } from "@std/assert";
import { writeSite } from "../../reports/mod.ts";
import { open, setScreen, withBrowser, withServer } from "../helpers/browser.ts";
import { fixturePage, fixtureRows } from "../reports/fixture.ts";

const screens = [320, 390, 800, 1280].flatMap((width) => [{ width }, { width, dark: true }]);
const long = "a-rather-long-name-of-a-mechanism-of-a-user";

Deno.test("the site in a browser", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "heed-site-" });
  try {
    const rows = fixtureRows(["dot", "general", "concat", "location", "scaledDot", "<b>", long], 1, 1);
    await writeSite([fixturePage(), fixturePage(rows, "odd")], folder);
    await withServer(folder, (address) =>
      withBrowser(async (browser) => {
        for (const name of ["index", "scores", "odd"]) {
          await t.step(`${name}.html: figures, requests and errors`, async () => {
            const { page, errors, requests } = await open(browser, `${address}/${name}.html`, { width: 1280 });
            for (const screen of screens) {
              await setScreen(page, screen);
              const seen = await page.evaluate(() => ({
                overflow: document.documentElement.scrollWidth - innerWidth,
                figures: [...document.querySelectorAll("figure")].map((figure) => ({
                  id: figure.id,
                  titled: figure.querySelector("figcaption")!.textContent!.trim().length > 5,
                  described: figure.querySelector("[role=img]")!.getAttribute("aria-label") !== null ||
                    document.getElementById(figure.querySelector("[role=img]")!.getAttribute("aria-describedby")!) !==
                      null,
                  drawings: [...figure.querySelectorAll("svg")].filter((svg) =>
                    svg.checkVisibility() && svg.getBoundingClientRect().width > 0
                  ).length,
                  panels: [...figure.querySelectorAll(".panel, .small .drawing")].filter((panel) =>
                    panel.checkVisibility()
                  ).length,
                })),
              }));
              const where = JSON.stringify(screen);
              assert(seen.overflow <= 0, `${where}: ${seen.overflow} pixels overflow`);
              assertEquals(seen.figures.length, name === "index" ? 2 : 6);
              for (const figure of seen.figures) {
                assert(figure.id !== "" && figure.titled && figure.described, JSON.stringify(figure));
                if (name !== "index") {
                  assertEquals(figure.drawings, figure.panels, `${where} ${figure.id}`);
                }
                assert(figure.drawings > 0, `${where} ${figure.id}`);
              }
            }
            assertEquals(errors, []);
            assertEquals(
              requests.filter((url) =>
                !url.startsWith(`${address}/`) && url !== "data:,"
              ),
              [],
            );
            await page.close();
          });
        }

        await t.step("text and background change with the colour scheme, in drawings too", async () => {
          const { page } = await open(browser, `${address}/scores.html`, { width: 1280 });
          const colours = () =>
            page.evaluate(() => {
              const label = [...document.querySelectorAll("svg text")].find((text) => text.textContent === "dot")!;
              const tick = [...document.querySelectorAll("svg text")].find((text) => text.textContent === "10")!;
              return [document.body, label, tick].map((element, index) =>
                getComputedStyle(element)[index === 0 ? "backgroundColor" : "fill"]
              );
            });
          const light = await colours();
          await setScreen(page, { width: 1280, dark: true });
          const dark = await colours();
          assertEquals(light, ["rgb(253, 253, 251)", "rgb(0, 103, 168)", "rgb(29, 33, 38)"]);
          assertEquals(dark, ["rgb(22, 24, 27)", "rgb(94, 177, 240)", "rgb(230, 228, 223)"]);
          await page.close();
        });

        await t.step("a click on a header sorts, pointing at a line marks it everywhere", async () => {
          const { page, errors } = await open(browser, `${address}/scores.html`, { width: 1280 });
          const column = () =>
            page.evaluate(() => [...document.querySelectorAll("tbody th")].map((cell) => cell.textContent));
          await page.click("thead th:nth-child(2) button");
          assertEquals(await column(), ["concat", "general", "scaledDot", "dot", "location"]);
          await page.click("thead th:nth-child(2) button");
          assertEquals(await column(), ["location", "dot", "scaledDot", "general", "concat"]);
          const marked = await page.evaluate(() => {
            const line = document.querySelector("svg .place-3")!;
            line.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
            const chosen = [...document.querySelectorAll(".chosen")];
            return [
              document.body.classList.contains("highlighting"),
              chosen.every((mark) => mark.classList.contains("place-3")),
              new Set(chosen.map((mark) => mark.closest("figure")!.id)).size,
            ];
          });
          assertEquals(marked, [true, true, 5]);
          assertEquals(errors, []);
          await page.close();
        });

        await t.step("everything is there without scripts, from the disk, with a skip link first", async () => {
          const { page, errors, requests } = await open(browser, `file://${folder}/scores.html`, {
            width: 390,
            scripts: false,
          });
          await page.keyboard.press("Tab");
          assertEquals(await page.evaluate(() => document.activeElement!.getAttribute("href")), "#content");
          assertEquals(await page.evaluate(() => document.querySelectorAll("th button").length), 0);
          assertEquals(await page.evaluate(() => document.querySelectorAll("tbody tr").length), 5);
          assertEquals(errors, []);
          assertEquals(requests.filter((url) => !url.startsWith(`file://${folder}/`) && url !== "data:,"), []);
          await page.close();
        });
      }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
