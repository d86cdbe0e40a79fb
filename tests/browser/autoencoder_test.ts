/** The autoencoder's page in a real browser: pictures are drawn, nothing overflows a phone, nothing is asked for outside. */
import { assert, assertEquals } from "@std/assert";
import { lastValueFrom, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { autoencoderExperiment } from "../../pipelines/autoencoder.ts";
import type { Options, Trial } from "../../pipelines/experiment.ts";
import { writeSite } from "../../reports/mod.ts";
import { open, setScreen, withBrowser, withServer } from "../helpers/browser.ts";

await useEngine();

Deno.test("the autoencoder's page in a browser", async () => {
  const settings = Object.fromEntries(
    Object.entries(autoencoderExperiment.options).map(([name, option]) => [name, option.default.quick]),
  ) as Options;
  const configurations = await autoencoderExperiment.configurations({
    ...settings,
    steps: 30,
    images: 50,
    imageCode: 3,
    imageSteps: 20,
  });
  const trials = configurations.map((options, at): Trial => ({
    id: `${at}`,
    pipeline: "autoencoder",
    options,
    seed: 1,
    version: "1",
  }));
  const rows = [];
  for (const trial of trials) {
    for (const event of await lastValueFrom(autoencoderExperiment.run(trial, {}).pipe(toArray()))) {
      rows.push(...event.rows);
    }
  }
  const made = await autoencoderExperiment.page({
    trials,
    rows,
    profile: "quick",
    command: "deno task pipeline autoencoder",
    machines: [],
  });
  const folder = await Deno.makeTempDir({ prefix: "heed-site-" });
  try {
    await writeSite([made], folder);
    await withServer(folder, (address) =>
      withBrowser(async (browser) => {
        const { page, errors, requests } = await open(browser, `${address}/autoencoder.html`, { width: 1280 });
        for (const screen of [320, 390, 1280].flatMap((width) => [{ width }, { width, dark: true }])) {
          await setScreen(page, screen);
          const seen = await page.evaluate(async () => {
            const shown = (id: string) =>
              [...document.querySelectorAll<SVGImageElement>(`#figure-${id} svg image`)].filter((image) =>
                image.checkVisibility() && image.getBoundingClientRect().width > 10
              );
            const pictures = await Promise.all(
              ["directions", "reconstructions"].map(async (id) => {
                const images = shown(id);
                await Promise.all(images.map(async ({ href }) => {
                  const decoded = new Image();
                  decoded.src = href.baseVal;
                  await decoded.decode();
                }));
                return images.length;
              }),
            );
            return {
              pictures,
              overflow: document.documentElement.scrollWidth - innerWidth,
              tables: document.querySelectorAll("table").length,
              claims: document.querySelectorAll("li.claim").length,
            };
          });
          const where = JSON.stringify(screen);
          assert(seen.overflow <= 0, `${where}: ${seen.overflow} pixels overflow`);
          // Principal and three penalties, three directions each; images, principal and three penalties, nine digits each.
          assertEquals(seen.pictures, [4 * 3, 5 * 9], where);
          assert(seen.tables >= 3, where);
          assertEquals(seen.claims, 9, where);
        }
        assertEquals(errors, []);
        assertEquals(requests.filter((url) => !url.startsWith(`${address}/`) && !url.startsWith("data:")), []);
        await page.close();
      }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
