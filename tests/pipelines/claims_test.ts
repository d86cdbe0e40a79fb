/** What all pipelines' claims share: verdicts beside their rules, in the page as in the list. */
import { assertEquals } from "@std/assert";
import { claimsSection, judged, noRows, untested } from "../../pipelines/claims.ts";
import { page, siteFiles } from "../../reports/mod.ts";

const statement = { claim: "x < y", theory: "Right.", rule: "Holds when x < y in every trial." };

Deno.test("a judged claim keeps its statement, and an untested one says what is missing", () => {
  assertEquals(judged(statement, "holds", "x is 1."), { ...statement, verdict: "holds", measured: "x is 1." });
  assertEquals(untested(statement, noRows), { ...statement, verdict: "not tested here", measured: noRows });
});

Deno.test("the section of claims tells where they are from, each claim, and the rules in the claims' order", () => {
  const list = [judged(statement, "holds", "x is 1."), untested({ ...statement, claim: "y", rule: "Never." }, noRows)];
  const found = claimsSection("Two claims of a test.", list);
  assertEquals(found.heading, "The claims");
  const html = siteFiles([page({ name: "p", question: "?", headline: "!", sections: [found], rows: [] })]).get(
    "p.html",
  )!;
  const places = ["<p>Two claims of a test.</p>", "<q>x &lt; y</q>", "<q>y</q>", "<summary>", "<li>Holds when x &lt; y"]
    .concat("<li>Never.</li>").map((part) => html.indexOf(part));
  assertEquals(places.every((place) => place > 0), true, `${places}`);
  assertEquals(places, [...places].sort((a, b) => a - b));
});
