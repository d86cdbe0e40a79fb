/**
 * The page `autoencoder.html`, from stored rows alone.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import type { Measurement } from "../../operators/records.ts";
import {
  type Block,
  type Cell,
  claims,
  type Figure,
  figure,
  formatNumber,
  html,
  images,
  lineWithInterval,
  listWords,
  method,
  type Page,
  page,
  type Picture,
  pointsOnCurve,
  section,
  sparkline,
  type Table,
  table,
} from "../../reports/mod.ts";
import type { Results } from "../experiment.ts";
import { claimsOf } from "./claims.ts";
import { AutoencoderRuns, type Labels } from "./runs.ts";

const MNIST = { source: "mnist" };

/** Draws the page. What was not run is said to be missing. */
export function autoencoderPage(results: Results): Promise<Page> {
  const runs = new AutoencoderRuns(results);
  const judged = claimsOf(runs);
  const present = (...blocks: readonly (Block | undefined)[]): Block[] => blocks.filter((block) => block !== undefined);
  return Promise.resolve(page({
    name: "autoencoder",
    question: "What does a regularised linear autoencoder really learn?",
    headline: headlineOf(runs),
    scope: `${results.profile} profile · ${formatNumber(runs.seeds.length)} seeds`,
    rows: results.rows,
    thumbnail: thumbnailOf(runs),
    sections: [
      section("Singular values", ...present(shrinkageFigure(runs))),
      section("Directions", ...present(angleFigure(runs), directionFigure(runs))),
      section("Convergence", ...present(excessFigure(runs), balanceFigure(runs))),
      section("Every number", ...present(numbersTable(runs))),
      section(
        "The claims",
        "Nine claims of the teaching notes that this comparison began with, each held against theory and these runs.",
        claims(judged),
        html`
          <details class="words">
            <summary>The rules of the verdicts</summary>
            <ol>${judged.map(({ rule }) => html`<li>${rule}</li>`)}</ol>
          </details>
        `,
      ),
      section("Method", methodOf(results, runs)),
    ],
  }));
}

/** Sum-penalty singular values of one sweep. */
function sweptValues(runs: AutoencoderRuns): Measurement[] {
  return runs.select("singular", { penalty: "sum", source: runs.swept, optimiser: "momentum", side: "decoder" })
    .filter(({ labels }) => labels.theory !== undefined);
}

function farthest(rows: readonly Measurement[]): number {
  return Math.max(...rows.map(({ value, labels }) => Math.abs(value ** 2 - Number(labels.theory) ** 2)));
}

function headlineOf(runs: AutoencoderRuns): string {
  const rows = sweptValues(runs);
  if (rows.length === 0) return "No finished trial has learnt with the sum penalty yet, so there is no answer.";
  const sum = runs.largest("angle", { ...MNIST, penalty: "sum" });
  const none = runs.largest("angle", { ...MNIST, penalty: "none" });
  const said = `With the sum penalty, squared singular values are 1 − λ/μ to within ${formatNumber(farthest(rows))}`;
  if (sum === undefined || none === undefined) return `${said}.`;
  return `${said}; on digits its directions lie within ${
    formatNumber(sum)
  }° of the principal ones, and without a penalty up to ${formatNumber(none)}° away.`;
}

function shrinkageFigure(runs: AutoencoderRuns): Figure | undefined {
  const rows = sweptValues(runs);
  if (rows.length === 0) return undefined;
  const points = rows.map(({ value, labels }) => ({ x: Math.min(2, Number(labels.ratio)), y: value, penalty: "sum" }));
  return figure(
    pointsOnCurve({
      id: "shrinkage",
      title: `Squared singular values of W₂ lie at most ${formatNumber(farthest(rows))} from 1 − λ/μ`,
      caption:
        "Each point is a learnt singular value of one trial; the line is √(1 − λ/μ), and 0 from λ = μ on: there a direction " +
        "is dropped. Ratios over 2 are drawn at 2.",
      points,
      curve: (x) => Math.sqrt(Math.max(0, 1 - x)),
      from: 0,
      to: 2,
      xLabel: "λ/μ, penalty over the direction's second moment",
      yLabel: "Singular value of the decoder",
      by: "penalty",
    }),
    rows,
  );
}

function angleFigure(runs: AutoencoderRuns): Figure | undefined {
  const source = runs.select("angle", MNIST).length > 0 ? "mnist" : runs.swept;
  const least = Math.min(...runs.select("angle", { source }).map(({ labels }) => Number(labels.lambda)));
  const rows = runs.select("angle", { source, optimiser: "momentum", lambda: least })
    .map((row) => ({ ...row, step: Number(row.labels.index) }));
  if (rows.length === 0) return undefined;
  const worst = [...Map.groupBy(rows, ({ labels }) => String(labels.penalty))]
    .map(([penalty, group]) => ({ penalty, most: Math.max(...group.map(({ value }) => value)) }))
    .sort((a, b) => a.most - b.most);
  return figure(
    lineWithInterval({
      id: "angles",
      title: `Over all seeds, directions are at most ${
        listWords(worst.map(({ penalty, most }) => `${formatNumber(most)}° (${penalty})`))
      } from the principal ones`,
      caption:
        "Angle between the k-th left singular vector of the decoder and the k-th principal direction; means over seeds.",
      metric: "angle",
      label: "Angle",
      step: "direction",
      by: "penalty",
    }),
    rows,
  );
}

function directionFigure(runs: AutoencoderRuns): Figure | undefined {
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
      picture(`${penalty} penalty`),
    );
  const principal = all.filter(({ labels }) => labels.kind === "principal" && labels.penalty === all[0].labels.penalty);
  const pictures = [...principal.map(picture("principal components")), ...["sum", "product", "none"].flatMap(learnt)];
  const sum = runs.largest("angle", { ...MNIST, penalty: "sum" });
  return figure(
    images({
      id: "directions",
      title: sum === undefined
        ? "Principal components and what was learnt"
        : `With the sum penalty the decoder's directions are the principal components, to ${formatNumber(sum)}°`,
      caption:
        "Left singular vectors of the decoder, the first seed, beside the principal components; grey is 0, signs are turned to agree.",
      summary: "Pictures of nine directions: one line of principal components and one for each penalty.",
      pictures,
      width: 28,
    }),
    all.map((row) => ({ ...row, labels: { row: "principal components" } })),
  );
}

function excessFigure(runs: AutoencoderRuns): Figure | undefined {
  const source = runs.swept;
  const least = Math.min(...runs.select("excess", { source }).map(({ labels }) => Number(labels.lambda)));
  const rows = runs.select("excess", { source, lambda: least }).map((row) => ({
    ...row,
    labels: { ...row.labels, way: `${row.labels.penalty}, ${row.labels.optimiser}` },
  }));
  if (rows.length === 0) return undefined;
  const near = [
    ...Map.groupBy(
      runs.select("steps/near", { source, lambda: least }),
      ({ labels }) => `${labels.penalty} by ${labels.optimiser}`,
    ),
  ]
    .map(([name, group]) => `${name} ${formatNumber(Math.max(...group.map(({ value }) => value)))}`);
  return figure(
    lineWithInterval({
      id: "excess",
      title: near.length === 0
        ? "No way of learning came within 0.1% of the closed-form minimum"
        : `Steps to within 0.1% of the closed-form minimum, slowest seed: ${listWords(near)}`,
      caption: `(loss − L*)/L* against steps, λ ${
        formatNumber(least)
      }; values under 10⁻⁷ are float32's and drawn there.`,
      metric: "excess",
      label: "Excess loss, a share of the minimum",
      step: "step",
      by: "way",
      scale: "log",
    }),
    rows,
  );
}

function balanceFigure(runs: AutoencoderRuns): Figure | undefined {
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
      title: `Imbalance decays as e^(−4λt), to within a factor of ${formatNumber(Math.exp(gap))}`,
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

function thumbnailOf(runs: AutoencoderRuns): Figure | undefined {
  const rows = runs.select("excess", { source: runs.swept, optimiser: "momentum", penalty: "sum" });
  if (rows.length === 0) return undefined;
  return figure(
    sparkline({
      id: "excess-small",
      title: "Excess loss over training",
      metric: "excess",
      label: "excess loss",
      by: "penalty",
    }),
    rows,
  );
}

function numbersTable(runs: AutoencoderRuns): Table | undefined {
  const configurations = runs.configurations;
  if (configurations.length === 0) return undefined;
  const cell = (metric: string, labels: Labels, pick: (row: Measurement) => number = ({ value }) => value): Cell => {
    const values = runs.select(metric, labels).map(pick).filter(Number.isFinite);
    return values.length === 0 ? null : Math.max(...values);
  };
  const relative = ({ value, labels }: Measurement) => Math.abs(value - Number(labels.theory)) / Number(labels.theory);
  const losses = runs.select("loss", { optimiser: "momentum" }).filter(({ labels }) => labels.penalty !== "nested").map(
    relative,
  );
  return table({
    id: "numbers",
    title: `Losses end at most ${
      formatNumber(100 * Math.max(0, ...losses))
    }% from their closed-form minimum (momentum, nested dropout apart)`,
    caption: "The largest value over seeds. λ as in Kunin et al. (squared error summed over n vectors).",
    columns: [
      { key: "name", heading: "Data, penalty, optimiser", kind: "text" },
      { key: "lambda", heading: "λ" },
      { key: "loss", heading: "Loss off the minimum", unit: "%" },
      { key: "transpose", heading: "‖W₁ − W₂ᵀ‖" },
      { key: "inverse", heading: "‖W₂ − W₁⁺‖" },
      { key: "closed", heading: "its closed form" },
      { key: "projector", heading: "‖W₂W₁ − U_K U_Kᵀ‖" },
      { key: "map", heading: "‖W₂W₁ − closed form‖" },
      { key: "off", heading: "off-diagonal of W₁W₁ᵀ" },
      { key: "angle", heading: "Largest angle", unit: "degrees" },
      { key: "near", heading: "Steps to 0.1%" },
    ],
    rows: configurations.map((labels) => ({
      name: `${labels.source}, ${labels.penalty}, ${labels.optimiser}, K ${labels.code}`,
      lambda: Number(labels.lambda),
      loss: cell("loss", labels, (row) => 100 * relative(row)),
      transpose: cell("distance/transpose", labels),
      inverse: cell("distance/inverse", labels),
      closed: cell("distance/inverse", labels, (row) => Number(row.labels.theory)),
      projector: cell("distance/projector", labels),
      map: cell("distance/map", labels),
      off: cell("off-diagonal", labels),
      angle: cell("angle", labels),
      near: cell("steps/near", labels),
    })),
  });
}

function methodOf(results: Results, runs: AutoencoderRuns) {
  const sets = runs.select("set");
  const data = [
    ...new Set(
      sets.map(({ labels }) => `${labels.name} (${labels.split}). Licence: ${labels.licence}. ${labels.citation}`),
    ),
  ];
  const sums = [...new Set(sets.map(({ labels }) => `${labels.checksum}`))];
  const failures = results.failures ?? [];
  return method([
    ...(data.length === 0
      ? []
      : [{ term: "Data and licence", value: data }, { term: "Checksum", value: sums, code: true }]),
    {
      term: "λ",
      value:
        "Stated as Kunin et al. do: added to a squared error summed over n vectors. The notes divide the error by n, and λ with it. " +
        "A framework whose error is a mean over vectors and m entries has λ = m · weight_decay / 2 in the notes' normalisation; " +
        "an error summed over a batch of B has λ / B.",
    },
    {
      term: "Training",
      value:
        "Gradients of the loss, through the engine. Full batch: the loss depends on the data only through their second moments " +
        "and mean, so steps don't touch vectors. Momentum 0.9 and plain descent at constant rates, Adam falling to 0; it stops " +
        "when the gradient is under 10⁻⁶ of the data's variance, or at the most steps. Digits have unpenalised biases.",
    },
    { term: "Intervals", value: "95% t-intervals over seeds; titles and verdicts use the worst seed." },
    ...(failures.length === 0
      ? []
      : [{ term: "Failures", value: failures.map(({ trial, message }) => `seed ${trial.seed}: ${message}`) }]),
    { term: "Seeds", value: listWords(runs.seeds.map(String)) },
    { term: "Profile", value: results.profile },
    { term: "Versions", value: `Heed ${project.version}; ml-matrix ${project.imports["ml-matrix"].split("@").at(-1)}` },
    {
      term: "Machine",
      value: results.machines.map(({ processor, cores, system, deno, engine }) =>
        `${processor}, ${cores} cores, ${system}; Deno ${deno}; ${engine}`
      ),
    },
    { term: "Command", value: results.command, code: true },
  ]);
}
