/**
 * How fast each kernel of the pack is, and how near to what the processor can do at most: a loop of multiply-adds in
 * registers, timed beside every repetition, so that a machine whose speed drifts moves both.
 *
 * @module
 */
import { concatMap, defer, finalize, from, type Observable } from "rxjs";
import { tf } from "../numerics/tf.ts";
import { type KernelBound, type KernelCase, kernelCases } from "./kernel_cases.ts";
import { installedBuild, packFunctions } from "./pack.ts";

/** One kernel's speed; one number a repetition. */
export interface KernelRate {
  readonly kernel: string;
  readonly transposes: string;
  readonly bound: KernelBound;
  /** Operations a second. */
  readonly operations: readonly number[];
  /** Bytes a second. */
  readonly bytes: readonly number[];
  /** The peak beside each repetition, operations a second. */
  readonly peak: readonly number[];
  /** Operations a second over the peak, repetition by repetition. */
  readonly share: readonly number[];
  /** How many kernels there are to measure. */
  readonly of: number;
}

/** Options of {@linkcode kernelRates}. */
export interface KernelRateOptions {
  /** Repetitions. @default {7} */
  readonly rounds?: number;
  /**
   * Least seconds of a stretch, in which a kernel runs as often as that takes. The best of a few stretches counts: one that
   * other work on the machine didn't interrupt.
   *
   * @default {0.0005}
   */
  readonly stretch?: number;
  /** Seconds since whenever. @default wall time; a process of its own may give its processor time */
  readonly clock?: () => number;
}

/** Multiply-adds in a call of the loop that gives the peak: some 40 microseconds. */
const PEAK_ROUNDS = 20000;
/** Operations in a round of it. */
const PEAK_OPERATIONS = 96;
/** Stretches of a repetition; one call is a stretch for slow kernels. */
const STRETCHES = 4;

/**
 * Measures every kernel, one after another, giving the thread back between two. Its tensors are gone when it completes,
 * fails or is left.
 *
 * @throws Error when the kernel pack isn't in place.
 */
export function kernelRates(options: KernelRateOptions = {}): Observable<KernelRate> {
  return defer(() => {
    if (installedBuild() === "off") {
      throw new Error("Cannot measure the kernels as the pack must be in place: current value is off");
    }
    const { cases, dispose } = kernelCases();
    const measured = async (each: KernelCase) => {
      await new Promise((done) => setTimeout(done));
      return { ...rateOf(each, options), of: cases.length };
    };
    return from(cases).pipe(concatMap(measured), finalize(dispose));
  });
}

function rateOf(
  { kernel, transposes, bound, operations, bytes, run }: KernelCase,
  { rounds = 7, stretch = 0.0005, clock = () => performance.now() / 1000 }: KernelRateOptions,
): Omit<KernelRate, "of"> {
  const long = (call: () => void) => {
    for (let calls = 1;; calls *= 2) {
      const start = clock();
      for (let i = 0; i < calls; i++) call();
      const elapsed = clock() - start;
      if (elapsed >= stretch) return elapsed / calls;
    }
  };
  const seconds = (call: () => void) => {
    let best = long(call);
    const stretches = best < STRETCHES * stretch ? STRETCHES : 1;
    for (let more = 1; more < stretches; more++) best = Math.min(best, long(call));
    return best;
  };
  const { multiplyAdds } = packFunctions()!;
  const once = () => seconds(() => tf.dispose(run()));
  once();
  const pairs = Array.from({ length: rounds }, () => {
    const peak = PEAK_OPERATIONS * PEAK_ROUNDS / seconds(() => void multiplyAdds(PEAK_ROUNDS, 1, 0.5));
    return { peak, seconds: once() };
  });
  return {
    ...{ kernel, transposes, bound },
    operations: pairs.map(({ seconds }) => operations / seconds),
    bytes: pairs.map(({ seconds }) => bytes / seconds),
    peak: pairs.map(({ peak }) => peak),
    share: pairs.map(({ peak, seconds }) => operations / seconds / peak),
  };
}
