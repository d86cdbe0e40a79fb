/**
 * Softmax or kernel: at what length does linear attention win?
 *
 * Every attention is measured side by side on one core: time, peak bytes and operations at one length after another, at
 * three widths, causal and not, against the closed forms of THEORY.md 6.3 to 6.5. Another trial learns a small attention
 * model and holds each kernel against softmax on its queries and keys. Trials take times, so they run alone. At some of
 * the lengths a forward and a backward pass are timed together, too: training; and one more token behind so many
 * positions: decoding.
 *
 * Quick profile: N to 4,096, training at every second length, about 35 s on a quiet core. Full profile: N to 32,768, three
 * seeds, some hours.
 *
 * Sources: Katharopoulos et al. 2020, sections 3.2 and 3.3; Dao et al. 2022 (streaming softmax); Choromanski et al. 2021
 * (FAVOR+); Arora et al. 2024 (Taylor); Qin et al. 2022 (cosFormer).
 *
 * @module
 */
import { checkAttentionDims, checkParts } from "../operators/mod.ts";
import { InputError } from "../operators/records.ts";
import type { Experiment, Options, OptionSpec } from "./experiment.ts";
import { contenderNames, isPairwise, isSoftmax, usualNames } from "./kernels/contenders.ts";
import { kernelsPage } from "./kernels/page.ts";
import { runKernelsTrial } from "./kernels/trial.ts";

const powers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${2 ** (from + i)}`);

const options = {
  mechanisms: {
    kind: "list",
    help: "attentions to compare; a module (./mine.ts) may export a feature map or an attention of your own",
    default: { quick: usualNames, full: contenderNames },
    choices: contenderNames,
    modules: true,
  },
  lengths: {
    kind: "list",
    help: "lengths N to measure",
    default: { quick: powers(6, 12), full: powers(6, 15) },
  },
  dims: {
    kind: "list",
    help: "widths D = M of a head",
    default: { quick: ["16", "32", "64"], full: ["16", "32", "64"] },
  },
  repeats: { kind: "integer", help: "repetitions of each time", default: { quick: 5, full: 15 }, min: 3, max: 1000 },
  budget: {
    kind: "number",
    help: "seconds that the repetitions of one attention at one length may take; one is always kept",
    default: { quick: 0.06, full: 5 },
    min: 0,
    max: 3600,
  },
  training: {
    kind: "integer",
    help: "time forward and backward passes, too, at the greatest length and at every so many before it; 0: nowhere",
    default: { quick: 2, full: 1 },
    min: 0,
    max: 100,
  },
  decoding: {
    kind: "integer",
    help: "time one more token behind those of the lengths that have at most so many positions",
    default: { quick: 2048, full: 8192 },
    min: 0,
    max: 2 ** 20,
  },
  words: {
    kind: "integer",
    help: "words that the model whose queries and keys are looked at learns from; 0 leaves that out",
    default: { quick: 2000, full: 40000 },
    min: 0,
    max: 200000,
  },
} as const satisfies Record<string, OptionSpec>;

/** Every kernel of Heed's own is held against softmax, beside what is asked for: it takes no time worth telling. */
function withKernels(mechanisms: readonly string[]): readonly string[] {
  const kernels = contenderNames.filter((name) => !isSoftmax(name) && !isPairwise(name));
  return [...mechanisms, ...kernels.filter((name) => !mechanisms.includes(name))];
}

/** The experiment: `deno task pipeline kernels`. */
export const kernelsExperiment: Experiment = {
  name: "kernels",
  question: "Softmax or kernel: at what length does linear attention win?",
  version: "3",
  options,
  alone: true,
  seeds: { quick: 1, full: 3 },
  configurations(asked: Options) {
    const { mechanisms, dims, repeats, budget, training, decoding, words } = asked;
    try {
      for (const key of ["lengths", "dims"] as const) {
        for (const text of asked[key] as readonly string[]) {
          const size = /^\d+$/.test(text) ? Number(text) : NaN;
          if (!(size >= 1)) {
            throw new InputError(
              `Cannot use --set ${key}=${text} as each of ${key} must be a positive whole number: current value is ${text}`,
            );
          }
        }
      }
      const lengths = asked.lengths as readonly string[];
      for (const d of dims as readonly string[]) {
        const width = Number(d), sizes = lengths.map((n) => ({ n: Number(n), d: width, m: width }));
        for (const each of sizes) checkAttentionDims(each, "measure", 2 ** 30);
        // What the parts of the work are measured on, up to 1,024 positions with poly-2's features.
        const most = Math.min(Math.max(...lengths.map(Number)), 1024);
        checkParts({ n: most, d: width, m: width, features: (width + 1) * (width + 2) / 2 });
      }
      return Promise.resolve([
        ...(dims as readonly string[]).flatMap((d) =>
          ["no", "yes"].map((causal) => ({
            ...{ part: "cost", mechanisms, lengths, d: Number(d), causal },
            ...{ repeats, budget, training, decoding },
          }))
        ),
        ...(Number(words) > 0
          ? [{ part: "error", mechanisms: withKernels(mechanisms as readonly string[]), words }]
          : []),
      ]);
    } catch (error) {
      return Promise.reject(error);
    }
  },
  run: runKernelsTrial,
  page: kernelsPage,
};
