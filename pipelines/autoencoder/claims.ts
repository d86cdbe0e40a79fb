/**
 * The source notes' nine claims on linear autoencoders (THEORY.md 1.1), held against theory and the stored rows.
 *
 * @module
 */
import { formatAtMost, formatNumber, type Verdict } from "../../reports/mod.ts";
import { type Judged, judged, noRows, type Statement, untested } from "../claims.ts";
import type { AutoencoderRuns } from "./runs.ts";

const print = (value: number) => formatNumber(value);

/** Decides a claim: nothing when the rows lack its numbers. */
type Judge = (runs: AutoencoderRuns) => { verdict: Verdict; measured: string } | undefined;

const statements: readonly (Statement & { readonly judge: Judge })[] = [
  {
    claim: "The weights have singular value decompositions W₁ = U₁S₁V₁ᵀ and W₂ = U₂S₂V₂ᵀ.",
    theory: "True of every matrix: notation, not a finding.",
    rule: "Holds when every trial's weights were decomposed into finite singular values.",
    judge(runs) {
      const all = runs.select("singular").length;
      return all === 0 ? undefined : { verdict: "holds", measured: `${print(all)} singular values, all finite.` };
    },
  },
  {
    claim: "Without a penalty W₂W₁ projects on the K nearest singular vectors.",
    theory:
      "“Nearest” must be “largest”: where XXᵀ is invertible, W₂W₁ = P, the projector on the K principal directions.",
    rule:
      "In part when ‖W₂W₁ − P‖ is under 0.05 in all trials without penalty on the vectors that λ is swept over, since these directions are the largest; otherwise it does not hold.",
    judge(runs) {
      const far = runs.largest("distance/projector", { ...runs.main, penalty: "none" });
      const digits = runs.largest("distance/projector", { source: "mnist", penalty: "none" });
      if (far === undefined) return undefined;
      return {
        verdict: far < 0.05 ? "holds in part" : "does not hold",
        measured: `Without penalty ‖W₂W₁ − P‖ is at most ${formatAtMost(far)}.` +
          (digits === undefined
            ? ""
            : ` On digits, where XXᵀ isn’t invertible, it is up to ${
              formatAtMost(digits)
            }: no image says what W₁ should do to pixels that are always black.`),
      };
    },
  },
  {
    claim: "So W₂W₁ is approximately the identity.",
    theory: "Wrong for K < m: a matrix of rank K is at least √(m − K) from the identity. Only W₁W₂ comes near it.",
    rule:
      "Does not hold when every trial without penalty is at least 0.9 √(m − K) away; holds when all are under a tenth of it; else in part.",
    judge(runs) {
      const rows = runs.select("distance/identity", { penalty: "none" }).filter(({ labels }) =>
        Number(labels.theory) > 0
      );
      const code = runs.largest("distance/code", { penalty: "none" });
      if (rows.length === 0 || code === undefined) return undefined;
      const shares = rows.map(({ value, labels }) => value / Number(labels.theory));
      const verdict = Math.min(...shares) >= 0.9
        ? "does not hold"
        : Math.max(...shares) < 0.1
        ? "holds"
        : "holds in part";
      return {
        verdict,
        measured: `‖W₂W₁ − I‖ is ${print(Math.min(...shares))} to ${
          print(Math.max(...shares))
        } times √(m − K); ‖W₁W₂ − I‖ is at most ${formatAtMost(code)}.`,
      };
    },
  },
  {
    claim: "So W₁ and W₂ are approximately inverses of each other.",
    theory: "Pseudo-inverses, and exactly so only at λ = 0.",
    rule:
      "In part when ‖W₂ − W₁⁺‖ is under 0.05 without penalty, on the vectors that λ is swept over, and larger with the strongest sum penalty that keeps a direction; holds when both are under 0.05; else it does not hold.",
    judge(runs) {
      const none = runs.largest("distance/inverse", { ...runs.main, penalty: "none" });
      const rows = runs.select("distance/inverse", { penalty: "sum", optimiser: "momentum" });
      if (none === undefined || rows.length === 0) return undefined;
      const most = rows.reduce((a, b) => b.value > a.value ? b : a);
      const verdict = none >= 0.05 ? "does not hold" : most.value < 0.05 ? "holds" : "holds in part";
      // What the nearest direction to the drop threshold adds by itself: |s − 1/s|, for the least s that isn't dropped.
      const singular = runs.select("singular", { side: "encoder" }).filter(({ trial, value }) =>
        trial === most.trial && value > 1e-3
      );
      const last = singular.length === 0 ? undefined : singular.reduce((a, b) => b.value < a.value ? b : a);
      const share = last && Math.abs(last.value - 1 / last.value) / most.value;
      return {
        verdict,
        measured:
          `‖W₂ − W₁⁺‖ is at most ${formatAtMost(none)} without penalty, up to ${formatAtMost(most.value)} with it` +
          (share === undefined || share < 0.9
            ? "."
            : `, ${print(100 * share)}% of which is the one direction nearest to the drop threshold (λ ${
              print(Number(most.labels.lambda))
            }, λ/μ ${print(Number(last!.labels.ratio))}, s ${print(last!.value)}): 1/s grows without bound there.`),
      };
    },
  },
  {
    claim: "λ(‖W₁‖² + ‖W₂‖²) = λ Σ (s² + 1/s²).",
    theory: "Only where W₂ = W₁⁺ exactly, which no λ > 0 allows: with W₂ = W₁ᵀ it is 2λ Σ s².",
    rule:
      "Left side over right side, sum penalty: within 0.1% of 1 everywhere, it holds; within 5% somewhere, in part; else it does not hold.",
    judge(runs) {
      const ratios = runs.select("penalty/inverse", { penalty: "sum" }).map(({ value }) => Math.abs(value - 1));
      if (ratios.length === 0) return undefined;
      const verdict = Math.max(...ratios) < 1e-3
        ? "holds"
        : Math.min(...ratios) < 0.05
        ? "holds in part"
        : "does not hold";
      return {
        verdict,
        measured: `Left and right differ by ${print(100 * Math.min(...ratios))}% to ${
          print(100 * Math.max(...ratios))
        }%.`,
      };
    },
  },
  {
    claim: "d/ds (s² + 1/s²) = 0 gives s = 1.",
    theory: "Right algebra; it is the limit λ → 0. For λ > 0, s = √(1 − λ/μ).",
    rule:
      "In part when the singular values of the smallest λ are nearer to 1 than those of the next; holds when no λ moves them by 1%; else it does not hold.",
    judge(runs) {
      const rows = runs.select("singular", {
        penalty: "sum",
        ...runs.main,
        optimiser: "momentum",
        side: "encoder",
        index: 1,
      });
      const byLambda = [...Map.groupBy(rows, ({ labels }) => Number(labels.lambda))].sort(([a], [b]) => a - b)
        .map(([lambda, group]) => ({ lambda, off: Math.max(...group.map(({ value }) => Math.abs(1 - value))) }));
      if (byLambda.length < 2) return undefined;
      const [first, second] = byLambda;
      const verdict = byLambda.every(({ off }) => off < 0.01)
        ? "holds"
        : first.off < second.off
        ? "holds in part"
        : "does not hold";
      return {
        verdict,
        measured:
          byLambda.map(({ lambda, off }) => `λ ${print(lambda)}: |1 − s₁| up to ${formatAtMost(off)}`).join("; ") +
          ".",
      };
    },
  },
  {
    claim: "Non-zero singular values are near one.",
    theory: "Only when λ ≪ μ: s = √(1 − λ/μ), and exactly 0 from λ = μ on.",
    rule:
      "Near one is within 5%, of singular values over 0.05 with the sum penalty: all, it holds; some, in part; none, it does not hold.",
    judge(runs) {
      const rows = runs.select("singular", { penalty: "sum", optimiser: "momentum" }).filter(({ value }) =>
        value > 0.05
      );
      if (rows.length === 0) return undefined;
      const near = rows.filter(({ value }) => Math.abs(1 - value) < 0.05).length;
      const verdict = near === rows.length ? "holds" : near > 0 ? "holds in part" : "does not hold";
      const off = Math.max(
        ...rows.filter(({ labels }) => labels.theory !== undefined).map(({ value, labels }) =>
          Math.abs(value - Number(labels.theory))
        ),
      );
      return {
        verdict,
        measured: `${print(near)} of ${print(rows.length)} are; the farthest from √(1 − λ/μ) is ${print(off)} off.`,
      };
    },
  },
  {
    claim: "Rows of W₁ and columns of W₂ are approximately orthogonal.",
    theory: "W₁W₁ᵀ = Oᵀ diag(1 − λ/μ) O with any orthogonal O: off-diagonal entries are bounded by λ(1/μ_K − 1/μ₁)/2.",
    rule:
      "Largest off-diagonal entry, sum penalty: under 0.001 everywhere, it holds; else within the bound (and 0.002), in part; else it does not hold.",
    judge(runs) {
      const rows = runs.select("off-diagonal", { penalty: "sum", optimiser: "momentum" }).filter(({ labels }) =>
        labels.theory !== undefined
      );
      if (rows.length === 0) return undefined;
      const most = Math.max(...rows.map(({ value }) => value));
      const inside = rows.filter(({ value, labels }) => value <= Number(labels.theory) + 2e-3).length;
      const verdict = most < 1e-3 ? "holds" : inside === rows.length ? "holds in part" : "does not hold";
      return {
        verdict,
        measured: `Off-diagonal entries of W₁W₁ᵀ reach ${print(most)}; ${print(inside)} of ${
          print(rows.length)
        } trials keep within the bound.`,
      };
    },
  },
  {
    claim: "The penalty biases W₂ towards W₁⁺.",
    theory: "The exact statement is W₂ = W₁ᵀ; then ‖W₂ − W₁⁺‖² = Σ (λ/μ)²/(1 − λ/μ).",
    rule: "Sum penalty, smallest λ swept: ‖W₁ − W₂ᵀ‖ smaller than ‖W₂ − W₁⁺‖ in every trial, in part; else it holds.",
    judge(runs) {
      const where = { penalty: "sum", ...runs.main, optimiser: "momentum" };
      const least = Math.min(
        ...runs.select("loss", where).map(({ labels }) => Number(labels.lambda)).filter((each) => each > 0),
      );
      const transpose = runs.select("distance/transpose", { ...where, lambda: least });
      const inverse = runs.select("distance/inverse", { ...where, lambda: least });
      if (transpose.length === 0 || inverse.length !== transpose.length) return undefined;
      const nearer = transpose.every(({ value }, at) => value < inverse[at].value);
      return {
        verdict: nearer ? "holds in part" : "holds",
        measured: `At λ ${print(least)}, ‖W₁ − W₂ᵀ‖ is at most ${
          formatAtMost(Math.max(...transpose.map(({ value }) => value)))
        }, ‖W₂ − W₁⁺‖ ${print(Math.max(...inverse.map(({ value }) => value)))} (closed form ${
          print(Number(inverse[0].labels.theory))
        }).`,
      };
    },
  },
];

/** All nine, in the notes' order. */
export function claimsOf(runs: AutoencoderRuns): Judged[] {
  return statements.map(({ judge, ...statement }) => {
    const found = judge(runs);
    return found ? judged(statement, found.verdict, found.measured) : untested(statement, noRows);
  });
}
