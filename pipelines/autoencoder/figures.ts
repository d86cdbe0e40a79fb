/**
 * The figures of the autoencoder's page. Titles are sentences computed from the rows.
 *
 * @module
 */
import type { Measurement } from "../../operators/records.ts";
import {
  type CurvePoint,
  type Figure,
  figure,
  type FigureSpec,
  formatAtMost,
  formatExact,
  formatNumber,
  images,
  lineWithInterval,
  listWords,
  type Picture,
  pointsOnCurve,
  small,
} from "../../reports/mod.ts";
import type { AutoencoderRuns } from "./runs.ts";

/** Rows of the digits. */
export const MNIST = { source: "mnist" };

const penaltyName = (penalty: string) => penalty === "none" ? "no penalty" : `${penalty} penalty`;

/** Sum-penalty singular values of one sweep. */
export function sweptValues(runs: AutoencoderRuns): Measurement[] {
  return runs.select("singular", { penalty: "sum", source: runs.swept, optimiser: "momentum", side: "decoder" })
    .filter(({ labels }) => labels.theory !== undefined);
}

/** How far squared singular values lie from 1 − λ/μ at most. */
export function farthest(rows: readonly Measurement[]): number {
  return Math.max(...rows.map(({ value, labels }) => Math.abs(value ** 2 - Number(labels.theory) ** 2)));
}

/** Learnt singular values on the curve that theory draws. */
export function shrinkageFigure(runs: AutoencoderRuns): Figure | undefined {
  const rows = sweptValues(runs);
  return rows.length === 0 ? undefined : figure(shrinkage(rows), rows);
}

/** The small figure of the list of questions: the same curve. */
export function thumbnail(runs: AutoencoderRuns): Figure | undefined {
  const rows = sweptValues(runs);
  return rows.length === 0 ? undefined : figure(small(shrinkage(rows), { id: "shrinkage-small" }), rows);
}

function shrinkage(rows: readonly Measurement[]): FigureSpec<CurvePoint> {
  const points = rows.map(({ value, labels }) => ({ x: Math.min(2, Number(labels.ratio)), y: value, penalty: "sum" }));
  return pointsOnCurve({
    id: "shrinkage",
    title: `Squared singular values of W₂ lie at most ${formatAtMost(farthest(rows))} from 1 − λ/μ`,
    caption:
      "Each point is a learnt singular value of one trial; the line is √(1 − λ/μ), and 0 from λ = μ on: there a direction " +
      "is dropped. Ratios over 2 are drawn at 2.",
    points,
    curve: (x) => Math.sqrt(Math.max(0, 1 - x)),
    from: 0,
    to: 2,
    xLabel: "λ/μ, penalty over second moment",
    yLabel: "Singular value of the decoder",
    by: "penalty",
  });
}

/** Directions against the principal ones. */
export function angleFigure(runs: AutoencoderRuns): Figure | undefined {
  const where = runs.select("angle", MNIST).length > 0 ? MNIST : runs.main;
  const least = Math.min(...runs.select("angle", where).map(({ labels }) => Number(labels.lambda)));
  const rows = runs.select("angle", { ...where, optimiser: "momentum", lambda: least })
    .map((row) => ({ ...row, step: Number(row.labels.index) }));
  if (rows.length === 0) return undefined;
  const worst = [...Map.groupBy(rows, ({ labels }) => String(labels.penalty))]
    .map(([penalty, group]) => ({ penalty, most: Math.max(...group.map(({ value }) => value)) }))
    .sort((a, b) => a.most - b.most);
  return figure(
    lineWithInterval({
      id: "angles",
      title: `Over all seeds, directions are at most ${
        listWords(worst.map(({ penalty, most }) => `${formatAtMost(most)}° (${penalty})`))
      } from the principal ones`,
      caption:
        "Angle between the k-th left singular vector of the decoder and the k-th principal direction; means over seeds. " +
        `Without the sum penalty singular vectors are arbitrary within their subspace. ${runs.centring}`.trimEnd(),
      metric: "angle",
      label: "Angle",
      most: 90,
      step: "direction",
      by: "penalty",
    }),
    rows,
  );
}

/** Bao et al.'s claim: it is about the columns themselves, without a decomposition afterwards. */
export function columnFigure(runs: AutoencoderRuns): Figure | undefined {
  const rows = comparable(runs, "column").map((row) => ({ ...row, step: Number(row.labels.index) }));
  if (rows.length === 0) return undefined;
  const most = (penalty: string) => runs.largest("column", { ...runs.main, optimiser: "momentum", penalty });
  const ordered = ["nested", "non-uniform"].flatMap((penalty) => {
    const angle = most(penalty);
    return angle === undefined ? [] : [{ penalty, angle }];
  });
  const said = ordered.map(({ penalty, angle }) => `${formatAtMost(angle)}° (${penalty})`);
  const short = ordered.filter(({ angle }) => angle > 5).map(({ penalty }) => penalty);
  return figure(
    lineWithInterval({
      id: "columns",
      title: ordered.length === 0
        ? "Columns of the decoder against principal directions"
        : `Columns of the decoder end at most ${listWords(said)} from the principal directions, in order` +
          (short.length === 0 ? "" : `; ${listWords(short)} had not converged within 5° in every seed`),
      caption:
        "Angle between the k-th column of W₂ itself and the k-th principal direction, vectors of the sweep; means over seeds. " +
        "Nested dropout and the non-uniform penalty give codes an order (Bao et al. 2020); the others leave columns free to turn.",
      metric: "column",
      label: "Angle",
      most: 90,
      step: "direction",
      by: "penalty",
    }),
    rows,
  );
}

/** Rows by momentum on the swept vectors, the first λ; the non-uniform penalty has its own. */
function comparable(runs: AutoencoderRuns, metric: string): Measurement[] {
  const rows = runs.select(metric, { ...runs.main, optimiser: "momentum" });
  const least = Math.min(...rows.map(({ labels }) => Number(labels.lambda)));
  return rows.filter(({ labels }) => labels.lambda === least || labels.penalty === "non-uniform");
}

/** Directions of the digits as pictures. */
export function directionFigure(runs: AutoencoderRuns): Figure | undefined {
  const seed = runs.seeds[0];
  const all = runs.select("direction", { ...MNIST, seed });
  if (all.length === 0) return undefined;
  const picture = (name: string) => ({ labels }: Measurement): Picture => ({
    row: name,
    column: Number(labels.index),
    pixels: String(labels.pixels),
  });
  const learnt = (penalty: string) =>
    all.filter(({ labels }) => labels.kind === "learnt" && labels.penalty === penalty).map(
      picture(penaltyName(penalty)),
    );
  const principal = all.filter(({ labels }) => labels.kind === "principal" && labels.penalty === all[0].labels.penalty);
  const pictures = [...principal.map(picture("principal components")), ...["sum", "product", "none"].flatMap(learnt)];
  const sum = runs.largest("angle", { ...MNIST, penalty: "sum" });
  return figure(
    images({
      id: "directions",
      title: sum === undefined
        ? "Principal components and what was learnt"
        : `With the sum penalty the decoder's directions are the principal components, to ${formatAtMost(sum)}°`,
      caption:
        "Left singular vectors of the decoder, the first seed, beside the principal components; grey is 0, signs are turned to agree.",
      summary: "Pictures of nine directions: one line of principal components and one for each penalty.",
      pictures,
      width: 28,
    }),
    all.map((row) => ({ ...row, labels: { row: "principal components" } })),
  );
}

/** What comes back of the first digits. */
export function reconstructionFigure(runs: AutoencoderRuns): Figure | undefined {
  const all = runs.select("reconstruction", { ...MNIST, seed: runs.seeds[0] });
  if (all.length === 0) return undefined;
  const first = (kind: string) =>
    all.filter(({ labels }) => labels.kind === kind && labels.penalty === all[0].labels.penalty);
  const lines = [
    { row: "images", rows: first("original") },
    { row: "mean and principal components", rows: first("principal") },
    ...["sum", "product", "none"].map((penalty) => ({
      row: penaltyName(penalty),
      rows: all.filter(({ labels }) => labels.kind === "learnt" && labels.penalty === penalty),
    })),
  ].filter(({ rows }) => rows.length > 0);
  const mean = lines.slice(1).map(({ row, rows }) =>
    `${formatNumber(rows.reduce((sum, { value }) => sum + value, 0) / rows.length)} (${row})`
  );
  return figure(
    images({
      id: "reconstructions",
      title: `From ${formatNumber(Number(all[0].labels.code))} numbers an image, squared errors of these digits are ${
        listWords(mean)
      }`,
      caption: "The first images and what comes back of them, the first seed; black is 0, white is 1. " +
        "Means of squared errors, summed over pixels: a penalty shrinks what it keeps, which costs reconstruction.",
      summary: "Pictures of digits: a line of images, then a line for each way of reconstructing them.",
      pictures: lines.flatMap(({ row, rows }) =>
        rows.map(({ labels }): Picture => ({ row, column: Number(labels.index), pixels: String(labels.pixels) }))
      ),
      width: 28,
    }),
    all.map((row) => ({ ...row, labels: { row: "images" } })),
  );
}

/** How far losses are from their closed-form minimum while learning goes on. */
export function excessFigure(runs: AutoencoderRuns): Figure | undefined {
  const all = runs.select("excess", runs.main);
  const least = Math.min(...all.map(({ labels }) => Number(labels.lambda)));
  const chosen = ({ labels }: Measurement) => labels.lambda === least || labels.penalty === "non-uniform";
  const rows = all.filter(chosen).map((row) => ({
    ...row,
    labels: { ...row.labels, way: `${row.labels.penalty}, ${row.labels.optimiser}` },
  }));
  if (rows.length === 0) return undefined;
  return figure(
    lineWithInterval({
      id: "excess",
      title: excessTitle(runs, chosen),
      caption: `(loss − L*)/L* against steps, λ ${
        formatNumber(least)
      } (the non-uniform penalty has its own); values under 10⁻⁶ are float32's and drawn there.`,
      metric: "excess",
      label: "Excess loss, a share of the minimum",
      step: "step",
      by: "way",
      scale: "log",
      least: 8e-7,
    }),
    rows,
  );
}

/** How soon each optimiser comes near the minimum in the slowest seed; for momentum, with the slowest penalty too. */
function excessTitle(runs: AutoencoderRuns, chosen: (row: Measurement) => boolean): string {
  const finished = runs.select("loss", runs.main).filter(chosen);
  const reached = runs.select("steps/near", runs.main).filter(chosen);
  const optimisers: Record<string, string> = { momentum: "momentum", adam: "Adam", descent: "gradient descent" };
  const told = Object.entries(optimisers).flatMap(([optimiser, name]) => {
    const of = (rows: readonly Measurement[]) => rows.filter(({ labels }) => labels.optimiser === optimiser);
    const steps = of(reached).map(({ value }) => value), asked = of(finished).length;
    return asked === 0 ? [] : [{
      name,
      most: Math.max(...steps),
      all: steps.length === asked,
      penalties: new Set(of(finished).map(({ labels }) => labels.penalty)).size,
    }];
  });
  const near = told.filter(({ all }) => all).map(({ name, most, penalties }) =>
    `${formatExact(most)} steps by ${name}${penalties > 1 ? ", whatever the penalty" : ""}`
  );
  const not = told.filter(({ all }) => !all).map(({ name }) => name);
  if (near.length === 0) return "No optimiser came within 0.1% of the closed-form minimum in every seed";
  return `Every seed comes within 0.1% of the closed-form minimum in at most ${listWords(near)}${
    not.length === 0 ? "" : `, but not by ${listWords(not)}`
  }`;
}

/** The law of the imbalance under gradient flow. */
export function balanceFigure(runs: AutoencoderRuns): Figure | undefined {
  const rows = runs.select("balance");
  if (rows.length === 0) return undefined;
  const pairs = [...Map.groupBy(rows, ({ trial, step }) => `${trial} ${step}`).values()];
  const gap = Math.max(...pairs.map((pair) => {
    const [a, b] = [pair[0].value, pair[1]?.value ?? pair[0].value];
    return Math.abs(Math.log(a / b));
  }));
  return figure(
    lineWithInterval({
      id: "balance",
      title: `Imbalance decays as e^(−4λt), to within a factor of ${
        formatNumber(Math.ceil(100 * Math.exp(gap)) / 100, 2)
      }`,
      caption:
        "‖W₁W₁ᵀ − W₂ᵀW₂‖ under plain gradient descent with small steps, t = rate × steps, beside the law of gradient flow.",
      metric: "balance",
      label: "Imbalance",
      step: "step",
      by: "kind",
      scale: "log",
    }),
    rows,
  );
}
