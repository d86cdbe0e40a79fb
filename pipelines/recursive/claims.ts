/**
 * The source notes' four claims on recursive autoencoders (THEORY.md 2.1), each held against theory and the stored rows.
 *
 * @module
 */
import { formatEstimate, formatNumber, type Verdict } from "../../reports/mod.ts";
import { type Judged, noRows, type Statement, untested } from "../claims.ts";
import { percent } from "./figures.ts";
import { type RecursiveRuns, SENTENCE } from "./runs.ts";

/** All four, in the notes' order. */
export function claimsOf(runs: RecursiveRuns): Judged[] {
  return [balance, shapes, count, pairs].map((judge) => judge(runs));
}

function balance(runs: RecursiveRuns): Judged {
  const statement: Statement = {
    claim: "J = ½‖x′ − x‖² looks at both input vectors and prevents the net from favouring one of them.",
    theory:
      "In part: the two terms have equal weight, but then a child of many words counts no more than one word (Socher et al. " +
      "weigh by n₁/(n₁+n₂)), and without unit length the hidden vector may shrink.",
    rule:
      "Holds when, without weights, the errors of children with more and with fewer words aren't seen to differ, and parents " +
      "without unit length keep at least 90% of it; does not hold when neither is so; in part otherwise.",
  };
  const unweighted = { form: "unweighted" };
  const errors = ["child/more", "child/fewer"].map((metric) => runs.estimate(metric, unweighted));
  const free = runs.estimate("norm/parent", { form: "unnormalised" });
  if (!errors[0] || !errors[1] || !free) return untested(statement, noRows);
  const [more, fewer] = ["child/more", "child/fewer"].map((metric) => runs.byRun(metric, unweighted));
  const ratios = [...more].filter(([run]) => fewer.has(run)).map(([run, value]) => value / fewer.get(run)!);
  // One run gives no interval: a factor of 1.1 then counts as seen.
  const favours = ratios.every((ratio) => ratio > 1.1) || ratios.every((ratio) => ratio < 1 / 1.1);
  const shrinks = free.mean < 0.9;
  const verdict: Verdict = !favours && !shrinks ? "holds" : favours && shrinks ? "does not hold" : "holds in part";
  const weightedMore = runs.estimate("child/more"), weightedFewer = runs.estimate("child/fewer");
  return {
    ...statement,
    verdict,
    measured:
      `Without weights, the child with more words is reconstructed with an error of ${
        formatNumber(errors[0].mean, 3)
      }, the one ` +
      `with fewer with ${formatNumber(errors[1].mean, 3)}${
        weightedMore && weightedFewer
          ? ` (with weights ${formatNumber(weightedMore.mean, 3)} and ${formatNumber(weightedFewer.mean, 3)})`
          : ""
      }. Without unit length, parents have a mean length of ${formatNumber(free.mean, 2)}.`,
    rule: statement.rule.replace("aren't seen to differ", "differ by less than a tenth in some run"),
  };
}

function shapes(runs: RecursiveRuns): Judged {
  const statement: Statement = {
    claim: "W₁ is D_p × 2D_x, b₁ D_p, W₂ 2D_x × D_p, b₂ 2D_x, W₃ D_c × D_p, b₃ D_c.",
    theory: "Right (here stored transposed, as rows multiply from the left).",
    rule: "Holds when every trial's parameters have these shapes, transposed.",
  };
  const rows = runs.select("shape");
  const sizes = runs.select("parameters", { kind: "counted" })[0]?.labels;
  if (rows.length === 0 || !sizes) return untested(statement, noRows);
  const [width, classes] = [Number(sizes.width), Number(sizes.classes)];
  const expected: Record<string, readonly [string, string]> = {
    "recursive/W1": ["W₁", `${2 * width} × ${width}`],
    "recursive/b1": ["b₁", `${width}`],
    "recursive/W2": ["W₂", `${width} × ${2 * width}`],
    "recursive/b2": ["b₂", `${2 * width}`],
    "label/weights": ["W₃", `${width} × ${classes}`],
    "label/bias": ["b₃", `${classes}`],
  };
  const wrong = rows.filter(({ labels }) => expected[String(labels.name)]?.[1] !== labels.shape);
  const first = rows.filter(({ trial }) => trial === rows[0].trial);
  const shapeOf = (name: string) => first.find(({ labels }) => labels.name === name)?.labels.shape ?? "missing";
  return {
    ...statement,
    verdict: wrong.length === 0 && first.length === 6 ? "holds" : "does not hold",
    measured: `${Object.entries(expected).map(([name, [said]]) => `${said} ${shapeOf(name)}`).join(", ")}.`,
  };
}

function count(runs: RecursiveRuns): Judged {
  const statement: Statement = {
    claim: "The model has 4D_pD_x + D_p + 2D_x + D_cD_p + D_c parameters.",
    theory: "Right; the words' vectors, |V| D_x, come on top.",
    rule: "Holds when the enumerated parameters equal the formula in every trial.",
  };
  const of = (kind: string) => runs.rows.filter((row) => row.metric === "parameters" && row.labels.kind === kind);
  const [counted, predicted, words] = [of("counted"), of("predicted"), of("words")];
  if (counted.length === 0) return untested(statement, noRows);
  const formula = new Map(predicted.map(({ trial, value }) => [trial, value]));
  const agree = counted.every(({ trial, value }) => formula.get(trial) === value);
  return {
    ...statement,
    verdict: agree ? "holds" : "does not hold",
    measured:
      `Counted ${formatNumber(counted[0].value)}, by the formula ${
        formatNumber(predicted[0]?.value ?? NaN)
      }; the words' ` +
      `vectors are another ${formatNumber(words[0]?.value ?? NaN)}.`,
  };
}

function pairs(runs: RecursiveRuns): Judged {
  const statement: Statement = {
    claim:
      "Split the sentence into pairs of neighbours, encode each, and repeat on the results until one vector remains: a tree.",
    theory:
      "In part: that is the balanced tree, not Socher's greedy one; it needs D_p = D_x and a rule for odd counts. Any binary " +
      "tree over n words has n − 1 merges.",
    rule:
      "Holds when every balanced tree ends in one vector after n − 1 merges at depth ⌈log₂ n⌉ and its accuracy isn't seen to be " +
      "lower than the greedy trees'; in part when only the first is so.",
  };
  const balanced = { composer: "balanced" }, greedy = { composer: "greedy" };
  const [merges, depth, least] = ["merges", "depth", "depth/least"].map((metric) => runs.estimate(metric, balanced));
  if (!merges || !depth || !least) return untested(statement, "This run has no balanced trees.");
  const whole = merges.mean === 1 && Math.abs(depth.mean - least.mean) < 1e-9;
  const greedyDepth = runs.estimate("depth", greedy);
  const difference = runs.difference("accuracy", { ...SENTENCE, ...balanced }, { ...SENTENCE, ...greedy });
  const accuracy = runs.estimate("accuracy", { ...SENTENCE, ...balanced });
  const lower = difference?.distinguishable && difference.mean < 0;
  const said = difference && difference.count > 1
    ? `${formatEstimate(difference, 1)} points from greedy trees: ${
      difference.distinguishable ? "a difference is seen" : "no difference seen"
    }`
    : "one run can't tell it from greedy trees";
  return {
    ...statement,
    verdict: !whole ? "does not hold" : lower ? "holds in part" : "holds",
    measured: `Balanced trees are ${formatNumber(depth.mean, 1)} levels deep (⌈log₂ n⌉: ${formatNumber(least.mean, 1)}${
      greedyDepth ? `; greedy trees ${formatNumber(greedyDepth.mean, 1)}` : ""
    }), ${formatNumber(100 * merges.mean)}% end in one vector after n − 1 merges; accuracy ${
      accuracy ? percent(accuracy) : "not measured"
    }, ${said}.`,
  };
}
