/**
 * One trial: learn with one penalty, λ, optimiser and seed, and hold what was learnt against its closed form.
 *
 * Rows carry the labels source, penalty, lambda (as in Kunin et al.), code and optimiser; measurements.ts lists them.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { concat, concatMap, defer, EMPTY, from, lastValueFrom, type Observable, of, tap } from "rxjs";
import {
  adam,
  constantMoments,
  constantRate,
  descent,
  fromKunin,
  gather,
  linearAutoencoder,
  linearDecay,
  linearOptimum,
  type Moments,
  type MomentTensors,
  type Parameters,
  type Penalty,
  pull,
  reconstruct,
  reconstructionLoss,
  seedFrom,
  shuffle,
  train,
  uniformPrefixes,
  type Vectors,
  type VectorTensors,
  vectorTensors,
  withParameters,
} from "../../operators/mod.ts";
import type { Measurement, TrainStep } from "../../operators/records.ts";
import type { Trial, TrialContext, TrialEvent } from "../experiment.ts";
import { rowsOf } from "../rows.ts";
import { dataOf } from "./data.ts";
import { balanceOf, dataRows, finalRows } from "./measurements.ts";
import { labelsOf, type Setting } from "./setting.ts";

/** Parts of a trial: a checkpoint after each. */
const PARTS = 10;
/** A gradient under this share of the data's variance counts as none: float32 has no more to give. */
const STILL = 1e-6;

/** What a trial goes on from. */
interface Checkpoint {
  readonly part: number;
  readonly still: boolean;
  readonly parameters: Awaited<ReturnType<Parameters["save"]>>;
  readonly near: number | undefined;
  readonly balance: number | undefined;
}

/** Penalties by name, λ in the notes' normalisation. */
export function penaltyOf(kind: string, lambda: number, code: number): Penalty {
  if (kind === "sum" || kind === "product") return { kind, lambda };
  if (kind === "nested") return uniformPrefixes(code);
  if (kind === "none") return { kind: "none" };
  // From near 0 to near 2 λ: as far apart as they can be, so that the codes have an order that can be learnt.
  return { kind: "non-uniform", lambdas: Array.from({ length: code }, (_, k) => lambda * (2 * k + 1) / code) };
}

async function settingOf(trial: Trial): Promise<Setting> {
  const { options, seed } = trial;
  const data = (await dataOf(options, seed))!;
  const { moments, eigen } = data;
  const code = Number(options.code), bias = Number(options.bias) === 1;
  const lambda = fromKunin(Number(options.lambda), moments.size);
  const penalty = penaltyOf(String(options.penalty), lambda, code);
  // Largest curvature near the optimum is about four times the largest second moment.
  const steepest = eigen.values[0] + (bias ? moments.mean.reduce((sum, each) => sum + each * each, 0) : 0);
  const { [String(options.optimiser)]: usual } = paces;
  const pace = options.optimiser === "momentum" && options.bias !== 1 && paces[penalty.kind] || usual;
  const rate = options.optimiser === "adam" ? pace.rate : pace.rate / (steepest + lambda);
  return {
    trial,
    data,
    autoencoder: linearAutoencoder({ width: moments.width, code, penalty, bias }),
    optimum: linearOptimum(eigen.values, code, penalty),
    lambda,
    rate,
    momentum: pace.momentum,
    clip: pace.clip * steepest,
  };
}

/**
 * Rates are shares of the inverse of the largest second moment (Adam's is as it is), clips shares of that moment: while
 * weights are still small they grow fast, and momentum would carry them past every bound. What orders the codes is a
 * small slope among steep ones, which takes more momentum; most with the non-uniform penalty, where columns still turn
 * when the loss is at its minimum to six digits (Bao et al. 2020 find it slow, too). L-BFGS is no way out: with values
 * rounded to float32 its line search can't see what is left to gain, and it ended up to 70° away.
 */
const paces: Readonly<Record<string, { readonly rate: number; readonly momentum: number; readonly clip: number }>> = {
  adam: { rate: 0.02, momentum: 0, clip: Infinity },
  descent: { rate: 0.05, momentum: 0, clip: Infinity },
  momentum: { rate: 0.3, momentum: 0.9, clip: 1 },
  nested: { rate: 0.4, momentum: 0.95, clip: 0.3 },
  "non-uniform": { rate: 0.4, momentum: 0.99, clip: 0.3 },
};

/** Runs one trial; goes on after the last stored part when there is a checkpoint. */
export function runAutoencoderTrial(trial: Trial, { checkpoint }: TrialContext): Observable<TrialEvent> {
  let state = checkpoint && deserialize(checkpoint) as Checkpoint;
  return defer(() => settingOf(trial)).pipe(
    concatMap((setting) =>
      withParameters(trial.seed, (parameters) => {
        if (state) parameters.restore(state.parameters);
        const begin = state?.part ?? 0;
        const parts = Array.from({ length: PARTS - begin }, (_, at) => begin + at);
        return concat(
          begin === 0 ? of({ rows: dataRows(setting), progress: 0 }) : EMPTY,
          from(parts).pipe(
            concatMap((part) =>
              defer(async () => {
                if (state?.still) return { rows: [], progress: (part + 1) / PARTS };
                const { event, next } = await onePart(setting, parameters, part, state);
                state = next;
                return event;
              })
            ),
          ),
          defer(async () => ({
            rows: finalRows(setting, (await parameters.save()).values, parameters.steps, state?.near),
            progress: 1,
          })),
        );
      })
    ),
  );
}

async function onePart(setting: Setting, parameters: Parameters, part: number, state: Checkpoint | undefined) {
  const { trial: { options, id }, optimum, autoencoder, lambda, rate, data } = setting;
  const most = Number(options.steps), count = Math.ceil((part + 1) * most / PARTS) - Math.ceil(part * most / PARTS);
  const row = rowsOf(id, labelsOf(setting));
  const rows: Measurement[] = [];
  let near = state?.near, last: TrainStep | undefined, balance = state?.balance;
  const trace = data.eigen.values.reduce((sum, mu) => sum + mu, 0);
  const note = (step: TrainStep) => {
    last = step;
    const excess = (step.loss - optimum.loss) / optimum.loss;
    if (near === undefined && Math.abs(excess) < 1e-3) near = step.step;
    if (isPoint(step.step, most)) rows.push(row("excess", Math.max(excess, 1e-6), "1", step.step));
  };
  if (part === 0) balance = balanceOf((await initialValues(setting, parameters)).values, setting);
  await lastValueFrom(
    concat(steps(setting, parameters, count, part), of(undefined)).pipe(tap((step) => step && note(step))),
  );
  const saved = await parameters.save();
  if (autoencoder.penalty.kind === "sum" && options.optimiser === "descent") {
    const flow = balance! * Math.exp(-4 * lambda * rate * parameters.steps);
    rows.push(row("balance", balanceOf(saved.values, setting), "1", parameters.steps, { kind: "measured" }));
    rows.push(row("balance", flow, "1", parameters.steps, { kind: "predicted" }));
  }
  const still = Number(options.batch) === 0 && last !== undefined && last.gradientNorm < STILL * trace;
  const next: Checkpoint = { part: part + 1, still, parameters: saved, near, balance };
  const event: TrialEvent = { rows, checkpoint: serialize(next), progress: 0.98 * (part + 1) / PARTS };
  return { event, next };
}

/** The values that training starts from: parameters are made when first asked for. */
async function initialValues({ autoencoder }: Setting, parameters: Parameters) {
  parameters.group("autoencoder", (seed) => autoencoder.parameters(seed));
  return await parameters.save();
}

function steps(setting: Setting, parameters: Parameters, count: number, part: number): Observable<TrainStep> {
  const { trial, data, autoencoder, rate, momentum, clip } = setting;
  const { options, seed } = trial;
  const shared = {
    parameters,
    optimiser: options.optimiser === "adam" ? adam() : descent(momentum),
    // Batches are noisy: at a constant rate they would never settle.
    learningRate: options.optimiser === "adam" || Number(options.batch) > 0
      ? linearDecay(rate, Number(options.steps))
      : constantRate(rate),
    loss: reconstructionLoss,
    clip,
  };
  const size = Number(options.batch);
  if (size === 0) {
    const { second, mean, ...rest } = data.moments;
    const record: Moments = { ...rest, second: Float32Array.from(second), mean: Float32Array.from(mean) };
    return pull(Array<Moments>(count).fill(record)).pipe(
      train(reconstruct<MomentTensors, Moments>(autoencoder), { ...shared, lend: constantMoments(parameters) }),
    );
  }
  const walk = function* () {
    for (let left = count * size; left > 0;) {
      for (const vector of data.vectors) if (left-- > 0) yield vector;
    }
  };
  return pull(walk()).pipe(
    shuffle(seedFrom(seed, `part ${part}`), data.vectors.length),
    gather({ size }),
    train(reconstruct<VectorTensors, Vectors>(autoencoder), { ...shared, lend: vectorTensors }),
  );
}

/** Forty points of a curve, all of the beginning among them. */
function isPoint(step: number, most: number): boolean {
  return step <= 5 || step % Math.ceil(most / 40) === 0;
}
