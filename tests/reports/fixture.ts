/**
 * Rows as a run of five scores and three seeds writes them, made from a seeded generator: the shapes are those of real
 * runs (falling error rates, soft diagonals), the numbers are nobody's results.
 */
import type { Measurement } from "../../operators/records.ts";
import {
  claims,
  dotInterval,
  figure,
  formatQuantity,
  heatmaps,
  html,
  lineWithInterval,
  meanInterval,
  method,
  type Page,
  page,
  predictedMeasured,
  section,
  sparkline,
  table,
} from "../../reports/mod.ts";

/** The five scores and where their error rate ends, in %. */
const ends: Readonly<Record<string, number>> = {
  dot: 17.9,
  general: 15.2,
  concat: 14.6,
  location: 24.3,
  scaledDot: 16.1,
};

const words: readonly (readonly [string, string])[] = [
  ["through", "TH R UW"],
  ["knight", "N AY T"],
  ["attention", "AH T EH N SH AH N"],
  ["phoneme", "F OW N IY M"],
  ["physics", "F IH Z IH K S"],
  ["yacht", "Y AA T"],
];

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Rows of a run: `epochs` epochs of the given scores, three seeds each. */
export function fixtureRows(scores: readonly string[] = Object.keys(ends), epochs = 10, seeds = 3): Measurement[] {
  return scores.flatMap((score, index) =>
    Array.from({ length: seeds }, (_, seed) => trialRows(score, index, seed, epochs)).flat()
  );
}

function trialRows(score: string, index: number, seed: number, epochs: number): Measurement[] {
  const random = uniform(1000 * index + seed + 1);
  const trial = `${index}${seed}`.padEnd(16, "0");
  const row = (metric: string, step: number, value: number, unit: string, labels = {}): Measurement => ({
    trial,
    metric,
    step,
    value,
    unit,
    labels: { score, seed, ...labels },
  });
  const end = (ends[score] ?? 16.6) + 0.9 * (random() - 0.5);
  const rows: Measurement[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const per = end + (92 - end) * Math.exp(-0.72 * epoch) + 0.6 * (random() - 0.5);
    rows.push(row("per", epoch, per, "%"), row("wer", epoch, Math.min(100, 30 + per * 1.9), "%"));
    rows.push(row("loss/train", epoch, 0.1 + 2.8 * Math.exp(-0.5 * epoch) + per / 100, "nats"));
    rows.push(row("gradient/score", epoch, 0.02 * (1 + index) * Math.exp(-0.15 * epoch) * (0.9 + 0.2 * random()), "1"));
  }
  const operations = 1_000_000 * [1, 1.9, 6.3, 0.8, 1.05, 2.2][index % 6];
  rows.push(row("operations/predicted", epochs, operations, "operations"));
  rows.push(row("operations/counted", epochs, operations, "operations"));
  for (const length of [8, 32, 128]) {
    const bytes = operations / 100 * length;
    rows.push(row("bytes/predicted", epochs, bytes, "bytes", { length }));
    rows.push(row("bytes/counted", epochs, bytes * (1 + 0.2 * random()), "bytes", { length }));
  }
  rows.push(row("parameters", 0, [0, 16384, 24704, 8192, 0, 4096][index % 6], "1"));
  return [...rows, ...words.flatMap(([word, phones]) => alignmentRows(word, phones.split(" "), score, row, epochs))];
}

function alignmentRows(
  word: string,
  phones: readonly string[],
  score: string,
  row: (metric: string, step: number, value: number, unit: string, labels: object) => Measurement,
  step: number,
): Measurement[] {
  const letters = [...word], width = score === "location" ? 1.7 : score === "concat" ? 0.55 : 0.85;
  return [...phones, "⏎"].flatMap((output, i) => {
    const centre = (i + 0.5) * letters.length / (phones.length + 1) - 0.5;
    const raw = letters.map((_, j) => Math.exp(-(((j - centre) / width) ** 2)));
    const sum = raw.reduce((total, each) => total + each, 0);
    return letters.map((input, j) =>
      row("alignment", step, raw[j] / sum, "1", { word, row: i, column: j, output, input })
    );
  });
}

/** A page with every kind of block. */
export function fixturePage(rows: readonly Measurement[] = fixtureRows(), name = "scores"): Page {
  const names = [...new Set(rows.map((row) => String(row.labels.score)))];
  const finals = (metric: string, score: string) => {
    const last = Math.max(...rows.map((row) => row.step));
    return rows.filter((row) => row.metric === metric && row.labels.score === score && row.step === last)
      .map((row) => row.value);
  };
  return page({
    name,
    question: "Which score function should I use?",
    headline: "Concat and general end with the lowest phoneme error rate, 14.6% and 15.2%; between those two no " +
      "difference is seen. Location is behind by 9 points.",
    scope: "Made-up rows for tests: five scores, three seeds, ten epochs.",
    rows,
    thumbnail: figure(
      sparkline({
        id: "per",
        title: "Phoneme error rate over training",
        metric: "per",
        label: "phoneme error rate",
        step: "epoch",
      }),
      rows,
    ),
    sections: [
      section(
        "How wrong is each score?",
        "All five see the same encoder width, so that dot, which needs equal dimensions, can be compared with the others.",
        figure(
          lineWithInterval({
            id: "per-epoch",
            title: "Four scores learn at about the same pace; location stays behind",
            caption: "Phoneme error rate on the dev words after each epoch. Lines are means over 3 seeds, bands are " +
              "95% t-intervals, cut where they leave the frame.",
            metric: "per",
            label: "Phoneme error rate",
            step: "epoch",
          }),
          rows,
        ),
        figure(
          dotInterval({
            id: "final",
            title: "Content-based scores end close together, well above the published results of larger models",
            caption: "Last epoch on the test words. Small dots are seeds, large marks are means, lines are 95% " +
              "t-intervals. Grey ticks are published: Toshniwal & Livescu, Jointly learning to align and convert " +
              "graphemes to phonemes with neural attention models, SLT 2016.",
            metrics: [{ metric: "per", label: "Phoneme error rate" }, { metric: "wer", label: "Word error rate" }],
            references: [
              { metric: "per", label: "Toshniwal & Livescu 2016", value: 5.04, citation: "SLT 2016, global attention" },
              { metric: "per", label: "Yao & Zweig 2015", value: 5.45, citation: "arXiv 1506.00196" },
              { metric: "wer", label: "Toshniwal & Livescu 2016", value: 21.69, citation: "SLT 2016, global" },
            ],
          }),
          rows,
        ),
        table({
          id: "finals",
          title: "Every final number",
          caption: "Means over 3 seeds ± half the width of the 95% t-interval.",
          columns: [
            { key: "score", heading: "Score", kind: "text" },
            { key: "per", heading: "Phoneme error rate", unit: "%" },
            { key: "wer", heading: "Word error rate", unit: "%" },
            { key: "loss", heading: "Training loss", unit: "nats" },
            { key: "parameters", heading: "Parameters of the score" },
            { key: "operations", heading: "Operations a step", unit: "counted" },
            { key: "bytes", heading: "Memory", kind: "bytes" },
          ],
          rows: names.map((score) => ({
            score,
            per: meanInterval(finals("per", score)),
            wer: meanInterval(finals("wer", score)),
            loss: meanInterval(finals("loss/train", score)),
            parameters: rows.find((row) => row.metric === "parameters" && row.labels.score === score)!.value,
            operations: finals("operations/counted", score)[0],
            bytes: finals("bytes/counted", score)[0],
          })),
        }),
      ),
      section(
        "Where do they look?",
        figure(
          heatmaps({
            id: "alignments",
            title: "Alignments follow the spelling, and location can't tell letters apart",
            caption:
              "Attention weights of test words, first seed: letters across, phonemes down, darker is more weight.",
          }),
          rows,
        ),
      ),
      section(
        "What does each cost?",
        figure(
          predictedMeasured({
            id: "operations",
            title: "Counted operations equal the closed form, exactly",
            caption: "Bars: operations counted by instrumented execution. Marks across them: the closed form.",
            predicted: "operations/predicted",
            measured: "operations/counted",
            label: "Operations a step",
            verb: "counted",
          }),
          rows,
        ),
        figure(
          predictedMeasured({
            id: "bytes",
            title: "Memory stays within 20% of the closed form",
            caption: "One point a source length; both axes are logarithmic.",
            predicted: "bytes/predicted",
            measured: "bytes/counted",
            label: "Bytes",
            point: "length",
          }),
          rows,
        ),
        figure(
          lineWithInterval({
            id: "gradients",
            title: "Gradients at the score shrink over training and vanish in none",
            caption: "Norm of the gradient at the score's input. Means over 3 seeds with 95% t-intervals.",
            metric: "gradient/score",
            label: "Gradient norm",
            step: "epoch",
            scale: "log",
          }),
          rows,
        ),
      ),
      section(
        "What people claim",
        "Each claim stands in teaching notes on attention. The verdict is computed from these runs.",
        claims([
          {
            claim: "The dot score has no parameters.",
            theory: "True by definition: the score is a product of query and key.",
            measured: "0 parameters counted.",
            verdict: "holds",
          },
          {
            claim: "General and concat cost about the same.",
            theory: "The same order only when the projected keys are computed once; concat needs a tanh for each pair.",
            measured: "1.90 M operations against 6.30 M.",
            verdict: "holds in part",
          },
          {
            claim: "The tanh in the score prevents exploding and solves vanishing gradients.",
            theory: "Its derivative lies in (0, 1], so that it can only shrink a gradient.",
            measured: `Gradient norm ${formatQuantity(0.00524, "1")} for concat, ${
              formatQuantity(0.00471, "1")
            } for dot.`,
            verdict: "does not hold",
          },
          {
            claim: "In sequence-to-sequence models general is best.",
            theory: "No theorem says so; Luong et al. 2015, Table 4, has dot first for global attention.",
            measured: "Paired difference of PER general − concat: 0.6 ± 0.9 points.",
            verdict: "no difference seen",
          },
          {
            claim: "Location gives the better result with local attention.",
            theory: "Luong et al. 2015 report the opposite.",
            measured: "No run here uses local attention.",
            verdict: "not tested here",
          },
        ]),
      ),
      section(
        "Method",
        html`<p>Encoder and decoder are GRUs; the decoder follows Luong’s path. Words are split by a hash of their spelling, so that a word is in <em>one</em> part only.</p>`,
        method([
          { term: "Data", value: ["CMU Pronouncing Dictionary, 134,373 words", "Licence: BSD-2-Clause"] },
          {
            term: "Checksum",
            value: "sha256 9f2c0e6d5a4b1c7788d1e0b5f3a2948471c6d2e0f5b8a7c6d3e2f1a0b9c8d7e6",
            code: true,
          },
          { term: "Split", value: "8,000 train, 500 dev and 1,000 test words" },
          { term: "Seeds", value: "1, 2, 3" },
          { term: "Versions", value: "Heed 0.1.0, Deno 2.9.6, TensorFlow.js 4.22.0" },
          { term: "Machine", value: "2 cores, x86-64, relaxed SIMD" },
          { term: "Command", value: "deno task pipeline scores --profile quick --seeds 3", code: true },
        ]),
      ),
    ],
  });
}
