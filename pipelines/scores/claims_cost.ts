/**
 * Claims 2 to 6 of THEORY.md 3.1: what scores cost.
 *
 * @module
 */
import { formatBytes, formatNumber, formatSeconds, listWords, type Verdict } from "../../reports/mod.ts";
import { type Judged, judged, noRows, type Statement, untested } from "../claims.ts";
import { sizes } from "./cost_figures.ts";
import type { ScoreRuns } from "./runs.ts";

/** Costs up to this factor apart count as about equal. */
const ABOUT = 1.5;

const COUNTED = { kind: "counted" };
const OWN = { kind: "counted", part: "attention" };
const MEDIAN = { quantile: 0.5 };

/** Claim 2: about equal cost of general and concat. */
export function generalAndConcatCost(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "General and the tanh layer cost about the same.",
    theory: "In part: of the same order only when W_k h̄ is computed once a memory. Concat still needs d_a tanh's and " +
      "d_a stored activations for each pair of query and key, where general needs one product and one activation. " +
      "(Vaswani et al. 2017, 3.2.1, as a secondary source quotes it: similar in theory, dot “much faster and more " +
      "space-efficient in practice”.)",
    rule:
      `Operations, activations and training time of concat over general, each about equal when within a factor of ${ABOUT}: ` +
      "all three, it holds; some, in part; none, it does not hold.",
  };
  const missing = runs.lacking(["general", "concat"]);
  if (missing) return untested(statement, missing);
  const ratios = [
    { what: "the operations", ratio: ratio(runs, "operations", COUNTED) },
    { what: "the activations", ratio: ratio(runs, "activations", COUNTED) },
    { what: "the time with gradients", ratio: ratio(runs, "time/training", MEDIAN) },
  ];
  if (ratios.some((each) => each.ratio === undefined)) return untested(statement, noRows);
  const alike = ratios.filter((each) => each.ratio! <= ABOUT && each.ratio! >= 1 / ABOUT).length;
  const verdict: Verdict = alike === ratios.length ? "holds" : alike > 0 ? "holds in part" : "does not hold";
  const said = ratios.map(({ what, ratio }) => `${formatNumber(ratio!)} times ${what}`);
  return judged(
    statement,
    verdict,
    `Concat needs ${listWords(said)} of general (${
      sizes(runs.select("operations", { ...COUNTED, score: "concat" }))
    }).`,
  );
}

function ratio(runs: ScoreRuns, metric: string, labels: Readonly<Record<string, string | number>>): number | undefined {
  const [concat, general] = ["concat", "general"].map((score) => runs.mean(score, metric, labels));
  return concat === undefined || !(general! > 0) ? undefined : concat / general!;
}

/** Claim 3: dot has no parameters. */
export function dotParameters(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "Dot has no parameters.",
    theory: "Right by definition.",
    rule: "Holds when the parameters counted in dot's attention are 0 in every trial.",
  };
  return parameterClaim(runs, statement, "dot", () => ({ expected: 0, formula: "0" }), "holds");
}

/** Claim 4: the size of W_a. */
export function generalParameters(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "General: W_a has l_d × l_e parameters.",
    theory: "Right, without a bias.",
    rule: "Holds when the parameters counted in general's attention are l_d l_e in every trial.",
  };
  return parameterClaim(runs, statement, "general", (l_d, l_e) => ({
    expected: l_d * l_e,
    formula: `${formatNumber(l_d)} × ${formatNumber(l_e)} = ${formatNumber(l_d * l_e)}`,
  }), "holds");
}

/** Claim 5: the size of the tanh layer, garbled in the notes. */
export function concatParameters(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "Tanh layer: v_a has D_a parameters, W_a has D_a × D_Da.",
    theory: "Garbled: W_a must be D_a × (l_d + l_e), in all D_a (l_d + l_e) + D_a, and D_a more with a bias.",
    rule:
      "Holds in part when concat's counted parameters are D_a (l_d + l_e) + D_a in every trial: then v_a is as the " +
      "notes have it, and W_a as theory has it. Otherwise it does not hold.",
  };
  return parameterClaim(runs, statement, "concat", (l_d, l_e) => ({
    expected: l_d * (l_d + l_e) + l_d,
    formula: `${formatNumber(l_d)} × (${formatNumber(l_d)} + ${formatNumber(l_e)}) + ${formatNumber(l_d)} = ` +
      `${formatNumber(l_d * (l_d + l_e) + l_d)} (D_a = l_d here)`,
  }), "holds in part");
}

function parameterClaim(
  runs: ScoreRuns,
  statement: Statement,
  score: string,
  expect: (l_d: number, l_e: number) => { readonly expected: number; readonly formula: string },
  right: Verdict,
): Judged {
  const missing = runs.lacking([score]);
  if (missing) return untested(statement, missing);
  const rows = runs.select("parameters", { ...OWN, score });
  const width = Number(rows[0]?.labels.width);
  if (!Number.isFinite(width)) return untested(statement, noRows);
  // Each direction of the encoder has half the units, rounded down.
  const { expected, formula } = expect(width, 2 * Math.floor(width / 2));
  const values = [...new Set(rows.map(({ value }) => value))];
  const verdict = values.every((value) => value === expected) ? right : "does not hold";
  return judged(
    statement,
    verdict,
    `${listWords(values.map((value) => formatNumber(value)))} parameters counted; the closed form says ${formula}.`,
  );
}

/** Claim 6: dot is cheapest and least expressive. */
export function dotCheapest(runs: ScoreRuns): Judged {
  const statement: Statement = {
    claim: "Dot is the cheapest, in back-propagation too, and the least expressive.",
    theory: "Right: 2d operations and one activation a pair, and nothing to learn. Dot is general with W_a = I.",
    rule: "Dot against general, concat and location, as far as they were run: fewest operations; fewest activations " +
      `(equal counts); least time with gradients, where the differences ` +
      "paired by seed all have 95% t-intervals off 0 (else time decides nothing); fewest parameters. All " +
      "that decide, it holds; some, in part; none, it does not hold. What a score can express is not measured beyond counting " +
      "what it can learn.",
  };
  const missing = runs.lacking(["dot"]);
  if (missing) return untested(statement, missing);
  const others = ["general", "concat", "location"].filter((score) => runs.has(score));
  if (others.length === 0) {
    return untested(statement, "This run has no other of the notes' scores to compare dot with.");
  }
  const tests = [
    {
      metric: "operations",
      labels: COUNTED,
      within: 1,
      print: (value: number) => `${formatNumber(value)} operations`,
    },
    {
      metric: "bytes",
      labels: COUNTED,
      within: 1,
      print: (value: number) => `${formatBytes(value)} of activations`,
    },
    { metric: "time/training", labels: MEDIAN, within: 1, print: formatSeconds },
    { metric: "parameters", labels: OWN, within: 1, print: (value: number) => `${formatNumber(value)} parameters` },
  ].map(({ metric, labels, within, print }) => {
    const dot = runs.mean("dot", metric, labels);
    const rest = others.map((score) => ({ score, value: runs.mean(score, metric, labels) }));
    if (dot === undefined || rest.some(({ value }) => value === undefined)) return undefined;
    const least = rest.reduce((a, b) => b.value! < a.value! ? b : a);
    const differences = others.map((score) => runs.difference("dot", score, metric, labels));
    const decides = metric !== "time/training" || differences.every((difference) => difference?.distinguishable);
    return {
      decides,
      passes: dot <= within * least.value!,
      said: `${print(dot)} against ${print(least.value!)} (${least.score}${
        decides ? "" : "; not every difference by seed is seen, so time decides nothing"
      })`,
    };
  });
  if (tests.some((test) => test === undefined)) return untested(statement, noRows);
  const deciding = tests.filter((test) => test!.decides);
  const passed = deciding.filter((test) => test!.passes).length;
  const verdict: Verdict = passed === deciding.length ? "holds" : passed > 0 ? "holds in part" : "does not hold";
  return judged(
    statement,
    verdict,
    `Dot against the least of ${listWords(others)}: ${listWords(tests.map((test) => test!.said))}.`,
  );
}
