/**
 * The source notes' twelve claims on what softmax and kernel attention cost (THEORY.md 6.1), each with a verdict that
 * follows a rule from the rows.
 *
 * @module
 */
import { type Exponent, formatBytes, formatNumber, listWords, type Verdict } from "../../reports/mod.ts";
import { type Judged, judged, noRows, type Statement, untested } from "../claims.ts";
import { type KernelRuns, type Setting, settingName } from "./runs.ts";

/** All twelve, in the notes' order. */
export function claimsOf(runs: KernelRuns): Judged[] {
  const wide = runs.settings.filter(({ causal }) => !causal).at(-1) ?? runs.settings.at(-1);
  if (!wide) return [];
  return [
    softmaxTime(runs, wide),
    inputs(runs, wide),
    scores(runs, wide),
    exponentials(runs, wide),
    outputs(runs, wide),
    total(runs, wide),
    kernel(runs),
    notesMap(runs),
    ratio(runs),
    kernelTime(runs, wide),
    kernelMemory(runs, wide),
    favourable(runs),
  ];
}

function fitted({ mean, low, high, from, to, worst }: Exponent): string {
  return `N^${formatNumber(mean, 2)} (95% from ${formatNumber(low, 2)} to ${formatNumber(high, 2)}; N ${
    formatNumber(from)
  } to ${formatNumber(to)}; points up to ${formatNumber((worst - 1) * 100, 0)}% off the line)`;
}

function softmaxTime(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "Softmax attention computes in O(N max(D, M)).",
    theory: "Wrong, or an exponent is lost: O(N² max(D, M)); exactly N²(2D + 2M + 3) + N(D − 2) operations.",
    rule:
      "By the fitted exponent of softmax's time in N, overhead excluded: above 1.5 with its whole interval, it does not " +
      "hold; below 1.5, it holds; otherwise no difference is seen.",
  };
  const fit = runs.fit(setting, "softmax");
  return fit
    ? judged(statement, bySlope(fit), `${settingName(setting)}: time grows as ${fitted(fit)}.`)
    : untested(statement, noRows);
}

/** Whether time grows more slowly than N^1.5. */
function bySlope({ low, high }: Exponent): Verdict {
  return low > 1.5 ? "does not hold" : high < 1.5 ? "holds" : "no difference seen";
}

function inputs(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "Q, K and V take O(NM + ND) memory.",
    theory: "Right: N(2D + M) elements.",
    rule: "Holds when the bytes of Q, K and V are 4N(2D + M) at every length.",
  };
  const rows = runs.series("bytes/inputs", setting, "softmax");
  if (rows.length === 0) return untested(statement, noRows);
  const right = rows.every(({ n, value }) => value === 12 * n * setting.d);
  const last = rows[rows.length - 1];
  return judged(
    statement,
    right ? "holds" : "does not hold",
    `${formatBytes(last.value)} at N = ${formatNumber(last.n)}, ${settingName(setting)}.`,
  );
}

function scores(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "The products q_i·k_j take O(N²) memory.",
    theory: "Right where they are materialised; streaming attention never holds them.",
    rule:
      "The materialised and the streaming form at the greatest length that both have: when the first holds at least the " +
      "4N² bytes of the scores and the second less than a tenth of them, it holds in part; when both do, it holds; when " +
      "neither, it does not.",
  };
  const whole = runs.series("bytes", setting, "softmax-materialised", { kind: "measured" }).at(-1);
  const streaming = runs.series("bytes", setting, "softmax", { kind: "measured" }).find(({ n }) => n === whole?.n);
  if (!whole || !streaming) return untested(statement, noRows);
  const pairs = 4 * whole.n ** 2;
  const [first, second] = [whole.value >= pairs, streaming.value >= 0.1 * pairs];
  return judged(
    statement,
    first && second ? "holds" : first ? "holds in part" : "does not hold",
    `At N = ${formatNumber(whole.n)}: ${formatBytes(whole.value)} materialised, ${
      formatBytes(streaming.value)
    } streaming; ` +
      `the scores are ${formatBytes(pairs)}.`,
  );
}

function exponentials(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "exp(q_i·k_j / √D) takes O(N² M) memory.",
    theory: "Wrong: exp is N² scalars. N² M numbers arise only if every product P_ij V_j is stored.",
    rule: "Does not hold when the materialised form's peak is less than the 4N²M bytes that the claim asks for.",
  };
  return lessThan(runs, setting, statement, "softmax-materialised", (n, d) => 4 * n * n * d);
}

function lessThan(
  runs: KernelRuns,
  setting: Setting,
  statement: Statement,
  mechanism: string,
  claimed: (n: number, d: number) => number,
): Judged {
  const last = runs.series("bytes", setting, mechanism, { kind: "measured" }).at(-1);
  if (!last) return untested(statement, noRows);
  const bytes = claimed(last.n, setting.d);
  return judged(
    statement,
    last.value < bytes ? "does not hold" : "holds",
    `${formatBytes(last.value)} at N = ${formatNumber(last.n)}, ${settingName(setting)}; the claim's count is ${
      formatBytes(bytes)
    }.`,
  );
}

function outputs(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "The output V′ takes O(NM).",
    theory: "Right: NM elements.",
    rule: "Holds when the output's bytes are 4NM at every length.",
  };
  const rows = runs.series("bytes/output", setting, "softmax");
  if (rows.length === 0) return untested(statement, noRows);
  const last = rows[rows.length - 1];
  return judged(
    statement,
    rows.every(({ n, value }) => value === 4 * n * setting.d) ? "holds" : "does not hold",
    `${formatBytes(last.value)} at N = ${formatNumber(last.n)}, ${settingName(setting)}.`,
  );
}

function total(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "In total, memory is O(N² M + ND).",
    theory: "Wrong: O(N² + N(D + M)) materialised, O(N(D + M)) streaming.",
    rule:
      "Does not hold when even the materialised form's peak is less than the 4(N²M + ND) bytes that the claim asks for.",
  };
  return lessThan(runs, setting, statement, "softmax-materialised", (n, d) => 4 * (n * n * d + n * d));
}

function fact(runs: KernelRuns, metric: string): number | undefined {
  return runs.series(metric, undefined, "").at(-1)?.value;
}

function kernel(runs: KernelRuns): Judged {
  const statement: Statement = {
    claim: "The polynomial kernel of degree 2 is sim(q, k) = (q·k + 1)².",
    theory: "Right, with the feature map [1, √2 x_i, x_i², √2 x_i x_j].",
    rule:
      "Holds when φ(q)·φ(k) and (q·k + 1)², on a learnt model's queries and keys, differ by less than 1e-5 relative.",
  };
  const error = fact(runs, "kernel/error");
  if (error === undefined) return untested(statement, noRows);
  return judged(statement, error < 1e-5 ? "holds" : "does not hold", `Relative difference ${formatNumber(error)}.`);
}

function notesMap(runs: KernelRuns): Judged {
  const statement: Statement = {
    claim: "Its feature map is φ(x) = [1, x_1 … x_D, x_i², √2 x_i x_j].",
    theory: "Wrong: the linear terms need √2. As printed the map gives 1 + s + s², an error of exactly −q·k.",
    rule:
      "Does not hold when the map as printed misses (q·k + 1)² by more than 1e-3 relative; the error is −q·k when what " +
      "is left of it after adding q·k is below 1e-4.",
  };
  const [error, rest] = [fact(runs, "notes/error"), fact(runs, "notes/rest")];
  if (error === undefined || rest === undefined) return untested(statement, noRows);
  return judged(
    statement,
    error > 1e-3 ? "does not hold" : "holds",
    `On a learnt model's queries and keys it misses by ${formatNumber(error * 100)}%; ${
      rest < 1e-4 ? "the error is −q·k" : "the error is not −q·k alone"
    } (${formatNumber(rest)} of q·k is left when q·k is added).`,
  );
}

function ratio(runs: KernelRuns): Judged {
  const statement: Statement = {
    claim: "V′_i = (Σ_j φ(Q_i)ᵀφ(K_j) / Σ_j φ(Q_i)ᵀφ(K_j)) V_j.",
    theory: "Wrong as written: V_j must stand inside the sum above. The printed ratio is 1, with a free index j.",
    rule: "Does not hold when the printed ratio, which is kernel attention of values that are all 1, is 1 to 1e-3.",
  };
  const off = fact(runs, "ratio");
  if (off === undefined) return untested(statement, noRows);
  return judged(
    statement,
    off < 1e-3 ? "does not hold" : "holds",
    `The ratio is 1, to ${formatNumber(off)}, for every query: as written, the output would be V_j itself.`,
  );
}

function kernelTime(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "The degree-2 kernel costs O(N² M).",
    theory: "Wrong, D is lost: O(N D² M); exactly N(4CM + 5C − 3) − C(M + 1) operations, C = (D + 1)(D + 2)/2.",
    rule:
      "By the fitted exponent of poly-2's time in N, overhead excluded: below 1.5 with its whole interval, it does not " +
      "hold; above, it holds; otherwise no difference is seen.",
  };
  const fit = runs.fit(setting, "poly2");
  if (!fit) return untested(statement, noRows);
  const verdict: Verdict = fit.high < 1.5 ? "does not hold" : fit.low > 1.5 ? "holds" : "no difference seen";
  const narrow = runs.settings.find(({ causal, d }) => causal === setting.causal && d < setting.d);
  const [here, there] = [setting, narrow].map((each) => each && runs.times(each, "poly2").at(-1));
  const grown = here && there && narrow && here.n === there.n
    ? ` From D = M = ${narrow.d} to ${setting.d}, time at N = ${formatNumber(here.n)} grows ${
      formatNumber(here.median / there.median)
    } times; N² M would give ${formatNumber(setting.d / narrow.d)}, N D² M ${
      formatNumber((setting.d / narrow.d) ** 3)
    }.`
    : "";
  return judged(statement, verdict, `${settingName(setting)}: time grows as ${fitted(fit)}.${grown}`);
}

function kernelMemory(runs: KernelRuns, setting: Setting): Judged {
  const statement: Statement = {
    claim: "Its memory is O(NM max(D, M)) (the notes are garbled here).",
    theory: "Wrong: the state is C(M + 1), and 2NC more if features are materialised.",
    rule:
      "Does not hold when poly-2's peak at the greatest length is less than the 4NM max(D, M) bytes that the claim asks for.",
  };
  return lessThan(runs, setting, statement, "poly2", (n, d) => 4 * n * d * d);
}

function favourable(runs: KernelRuns): Judged {
  const statement: Statement = {
    claim: "The kernel is favourable when N > D².",
    theory:
      "In part: right in order. Exactly, with D = M, the counts cross near D²/2 not causal and D² + 3D causal, and D is " +
      "the width of a head.",
    rule:
      "Measured crossovers of time within a factor 1.5 of D²: all, it holds; some, in part; none, it does not hold. " +
      "Crossovers beyond the measured lengths are extrapolated at the last speeds.",
  };
  const found = runs.settings.flatMap((setting) => {
    const crossing = runs.crossing(setting, "poly2");
    return crossing?.n ? [{ setting, ratio: crossing.n / setting.d ** 2, crossing }] : [];
  });
  if (found.length === 0) return untested(statement, noRows);
  const near = found.filter(({ ratio }) => ratio < 1.5 && ratio > 1 / 1.5).length;
  const said = found.map(({ setting, ratio, crossing }) =>
    `${formatNumber(ratio, 2)} D² (${settingName(setting)}${crossing.beyond ? ", extrapolated" : ""})`
  );
  return judged(
    statement,
    near === found.length ? "holds" : near > 0 ? "holds in part" : "does not hold",
    `Poly-2 overtakes softmax at N = ${listWords(said)}.`,
  );
}
