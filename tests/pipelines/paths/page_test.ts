/** The page from rows that were made up, with effects that are known. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Label, Measurement } from "../../../operators/records.ts";
import type { Profile, Results } from "../../../pipelines/experiment.ts";
import { claimsOf } from "../../../pipelines/paths/claims.ts";
import { columnsOf, plan } from "../../../pipelines/paths/design.ts";
import { errorEffects, timeEffects } from "../../../pipelines/paths/effects.ts";
import { distanceFigure } from "../../../pipelines/paths/figures.ts";
import { headlineOf, pathsPage } from "../../../pipelines/paths/page.ts";
import { PathRuns } from "../../../pipelines/paths/runs.ts";
import { placesOfNames } from "../../helpers/markup.ts";

/**
 * Bahdanau's path adds 6 points, a second direction nothing, and takes `slower` times as long; feeding doubles the time;
 * noise of a tenth.
 */
function results(slower = 1, profile: Profile = "quick"): Results {
  const rows: Measurement[] = [];
  const trials = plan(profile).flatMap((planned, at) =>
    [1, 2].map((seed) => {
      const id = `${at}-${seed}`;
      const { part, task, path, score, direction, scope, cell } = planned;
      const labels = { part, task, path, score, direction, scope, cell };
      const row = (metric: string, value: number, step: number, more: Record<string, Label> = {}) =>
        rows.push({ trial: id, metric, step, value, unit: "%", labels: { ...labels, ...more } });
      const columns = columnsOf(planned);
      const noise = ((at * 7 + seed * 3) % 5 - 2) / 20;
      row("per", 30 + 6 * columns.path + (score === "location" ? 9 : 0) + noise, 1, { set: "test" });
      row("wer", 70 + noise, 1, { set: "test" });
      row("speed/examples", 1000 * 2 ** -columns.feeding * slower ** -columns.direction * (1 + noise / 50), 1);
      row("precedes", path === "bahdanau" ? 0 : 0.1, 0);
      row("directions", 2, 0);
      row("loss/curve", 3, 100);
      row("loss/curve", 2, 200);
      if (part === "scope") {
        row("alignment/error", { global: 0.5, "local-m": 76, "local-p": 1 }[scope]!, 3, { set: "test" });
        row("length/wer", 10, 8);
      }
      if (part === "distance") {
        for (const step of [1, 5, 19]) {
          row("distance/gradient", scope === "none" ? 0.1 ** step : 0.1, step, { when: "before" });
        }
      }
      return { id, pipeline: "paths", options: { ...labels }, seed, version: "1" };
    })
  );
  return { trials, rows, profile, command: "deno task pipeline paths", machines: [] };
}

Deno.test("the headline and the figures' titles say what the rows hold", () => {
  const runs = new PathRuns(results());
  // Six points, to the noise that was made up.
  assertMatch(headlineOf(runs), /Bahdanau's path instead of Luong's adds (5\.9|6)/);
  assertStringIncludes(headlineOf(runs), "a second direction of the encoder makes no difference that is seen");
  assertMatch(errorEffects(runs)!.title, /Luong → Bahdanau adds (5\.9|6)/);
  assertMatch(timeEffects(runs)!.title, /it takes (1\.99|2)/);
});

Deno.test("the lead and the caption say that a design is too small to tell main effects from interactions", () => {
  const [quick, full] = [new PathRuns(results()), new PathRuns(results(1, "full"))];
  assertMatch(headlineOf(quick), /; so few combinations can't tell such an effect from two other choices/);
  assertMatch(errorEffects(quick)!.caption, /aliased/);
  assert(!/so few/.test(headlineOf(full)));
  assertMatch(errorEffects(full)!.caption, /clear of those of two factors/);
  // An unfinished study: nine of its sixteen combinations.
  const some = results(1, "full");
  const unfinished = { ...some, rows: some.rows.filter(({ trial }) => parseInt(trial) < 9) };
  assert(new PathRuns(unfinished).aliased);
});

Deno.test("ten claims are judged from the rows", () => {
  const verdicts = claimsOf(new PathRuns(results())).map(({ verdict }) => verdict);
  assertEquals(verdicts, [
    ...["holds", "holds", "holds in part", "holds in part", "does not hold", "holds in part"],
    ...["not tested here", "does not hold", "no difference seen", "does not hold"],
  ]);
});

Deno.test("that two directions cost more holds when time says so, too, and its interval is told", () => {
  const judgedAt = (direction: number) => claimsOf(new PathRuns(results(direction)))[2];
  assertEquals([judgedAt(1).verdict, judgedAt(1.5).verdict], ["holds in part", "holds"]);
  assertMatch(
    judgedAt(1).measured,
    /training takes 1\.\d+ \(0\.9\d+ to 1\.0\d+\) times as long: no difference is seen/,
  );
  assertMatch(judgedAt(1.5).measured, /training takes 1\.\d+ \(1\.4\d* to 1\.5\d*\) times as long\. /);
});

Deno.test("the share of a gradient that is left is one number in the figure's title and in the claim", () => {
  const runs = new PathRuns(results());
  // 0.1 at every distance with attention; 0.1 at 1 and 0.1^19 at 19 without.
  const { title } = distanceFigure(runs)!;
  const { measured } = claimsOf(runs)[7];
  assertStringIncludes(title, "100% (general), 100% (concat)");
  assertStringIncludes(measured, "100% with concat, 100% with general");
  const [inTitle] = /[^ ]+% \(no attention\)/.exec(title)!, [inClaim] = /[^ ]+% without attention/.exec(measured)!;
  assertEquals(inTitle.split("%")[0], inClaim.split("%")[0]);
});

Deno.test("the page has every section, and says so when nothing was run", async () => {
  const full = await pathsPage(results());
  placesOfNames(full); // throws where a name has two colours
  assertEquals(full.sections.length, 8);
  const empty = await pathsPage({ ...results(), trials: [], rows: [] });
  assertStringIncludes(String(empty.headline), "Too few trials");
  assert(
    claimsOf(new PathRuns({ ...results(), trials: [], rows: [] })).every(({ verdict }) =>
      verdict === "not tested here"
    ),
  );
});
