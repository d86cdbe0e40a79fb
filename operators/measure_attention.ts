/** @module measureAttention: time and peak bytes of attention mechanisms at one length after another */
import { concatMap, map, type Observable, of, type OperatorFunction, range, reduce, toArray } from "rxjs";
import { lend, transform } from "./loan.ts";
import { checkAttentionDims, checkBytes, checkSizes, FLOAT } from "./numerics/attention_dims.ts";
import { type AttentionMechanism, checkAttention } from "./numerics/attention_mechanism.ts";
import { normal, seedFrom, shuffleInPlace } from "./numerics/random.ts";
import type { Initial } from "./numerics/shape.ts";
import { type Tensor, type Tensor4D, tf } from "./numerics/tf.ts";

/** What of a device this needs to know of bytes; an `Engine` is one. */
export interface ByteMeter {
  /** Most bytes in use since the last reset. */
  peakBytes(): number;
  /** Starts the peak anew from what is in use now. */
  resetPeak(): void;
  /** Gives back what kernels keep for their scratch. */
  releaseScratch(): void;
}

/** What one mechanism took at one length. */
export interface AttentionTimes {
  readonly mechanism: AttentionMechanism;
  /** N. */
  readonly n: number;
  /** Most bytes that were held beyond Q, K and V: the output, what lay between, and the scratch of device kernels. */
  readonly peakBytes: number;
  /** Bytes of Q, K and V, and of the output. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Seconds of one pass, one number a repetition. */
  readonly seconds: readonly number[];
}

/** Options of {@linkcode measureAttention}. */
export interface MeasureAttentionOptions {
  readonly engine: ByteMeter;
  readonly d: number;
  readonly m: number;
  readonly heads?: number;
  readonly batch?: number;
  readonly causal?: boolean;
  /**
   * What is measured: a forward pass, or forward and backward, the gradients at q, k and v, as in training; mechanisms
   * through which no gradient can be taken are left out then.
   *
   * @default "forward"
   */
  readonly pass?: "forward" | "training";
  readonly seed?: number;
  /** Repetitions that are kept, at most, after those for bytes and to warm up. @default 7 */
  readonly repeats?: number;
  /**
   * Seconds that the repetitions of one mechanism at one length may take together; one is always kept, and that is the
   * first pass itself where it takes over twice as long.
   *
   * @default 0.3
   */
  readonly budget?: number;
}

/** Positions of a chunk that fills a state: pairs of a chunk and all before it are held, not pairs of all positions. */
const FILL = 512;
/** A single pass shorter than this is repeated within one repetition: the clock ticks in microseconds. */
const SHORTEST = 2e-3;

/**
 * Measures mechanisms side by side at each length N that comes in, on normal queries, keys and values of deviation 1: first
 * bytes (with the pack's scratch given back, so that each mechanism is seen to ask for its own), then times, all
 * repetitions of all mechanisms in one random order, so that a machine that slows down slows all of them. Times are of
 * synchronous devices (wasm, cpu).
 *
 * @param mechanismsAt those to measure at a length
 * @throws InputError for sizes that are none, or of which the inputs or a mechanism would hold over 4 GiB, before anything
 * is allocated; it comes as an error of the stream
 */
export function measureAttention(
  mechanismsAt: (n: number) => readonly AttentionMechanism[],
  options: MeasureAttentionOptions,
): OperatorFunction<number, readonly AttentionTimes[]> {
  const { engine, d, m, heads = 1, batch = 1, causal = false, pass = "forward" } = options;
  const { seed = 1, repeats = 7, budget = 0.3 } = options;
  return concatMap((n) => {
    const dims = { n, d, m, heads, batch, causal }, action = "measure attention";
    checkAttentionDims(dims, action);
    const measured = mechanismsAt(n);
    for (const each of measured) checkAttention(each, dims, action, pass === "training");
    const draw = (name: string, width: number) => normal([batch, heads, n, width], 1, seedFrom(seed, `${name} ${n}`));
    const drawn = { q: draw("q", d), k: draw("k", d), v: draw("v", m), dOut: draw("dOut", m) };
    const lent = lend((_: AttentionMechanism) => ({
      q: tensor(drawn.q),
      k: tensor(drawn.k),
      v: tensor(drawn.v),
      ...(pass === "training" ? { dOut: tensor(drawn.dOut) } : {}),
    }));
    const bytes = of(...measured).pipe(
      lent,
      transform((lent, { record }): First | undefined => {
        engine.releaseScratch();
        engine.resetPeak();
        const before = engine.peakBytes();
        const started = performance.now();
        const output = passed(record, lent, causal);
        if (!output) return undefined;
        const first = (performance.now() - started) / 1000;
        const bytesOf = (...tensors: Tensor4D[]) => 4 * tensors.reduce((sum, { size }) => sum + size, 0);
        const peakBytes = engine.peakBytes() - before;
        return { first, peakBytes, inputBytes: bytesOf(lent.q, lent.k, lent.v), outputBytes: bytesOf(output) };
      }),
      map(({ tensors, record }) => ({ mechanism: record, found: tensors })),
      toArray(),
    );
    const timed = (passes: (mechanism: AttentionMechanism) => number) => (source: Observable<AttentionMechanism>) =>
      source.pipe(
        lent,
        transform((lent, { record }) => {
          const count = passes(record);
          const started = performance.now();
          for (let pass = 0; pass < count; pass++) passed(record, lent, causal);
          return (performance.now() - started) / 1000 / count;
        }),
        map(({ tensors, record }) => ({ mechanism: record, seconds: tensors })),
      );
    return bytes.pipe(concatMap((all) => {
      const known = all.flatMap(({ mechanism, found }) => found ? [{ mechanism, found }] : []);
      const [mechanisms, bytes] = [known.map(({ mechanism }) => mechanism), known.map(({ found }) => found)];
      // A first pass that is quick may have been slow for being the first: a second one says how long passes are.
      const quick = mechanisms.filter((_, i) => bytes[i].first < budget / 4);
      return of(...quick).pipe(
        timed(() => 1),
        toArray(),
        concatMap((second) => {
          const once = new Map(mechanisms.map((each, i) => [each, bytes[i].first]));
          for (const { mechanism, seconds } of second) once.set(mechanism, seconds);
          const passes = (each: AttentionMechanism) => Math.min(32, Math.max(1, Math.ceil(SHORTEST / once.get(each)!)));
          const long = (each: AttentionMechanism) => once.get(each)! > 2 * budget;
          const jobs = mechanisms.filter((each) => !long(each)).flatMap((each) => {
            const count = Math.floor(budget / (once.get(each)! * passes(each)));
            return Array<AttentionMechanism>(Math.min(repeats, Math.max(1, count))).fill(each);
          });
          return of(...shuffleInPlace(jobs, seedFrom(seed, `order ${n}`))).pipe(
            timed(passes),
            reduce(
              (all, { mechanism, seconds }) => {
                all.get(mechanism)!.push(seconds);
                return all;
              },
              new Map(
                mechanisms.map((each): [AttentionMechanism, number[]] => [each, long(each) ? [once.get(each)!] : []]),
              ),
            ),
            map((all) =>
              mechanisms.map((mechanism, i): AttentionTimes => ({
                mechanism,
                n,
                ...bytes[i],
                seconds: all.get(mechanism)!,
              }))
            ),
          );
        }),
      );
    }));
  });
}

/** What the first pass of a mechanism shows. */
interface First extends Pick<AttentionTimes, "peakBytes" | "inputBytes" | "outputBytes"> {
  readonly first: number;
}

/** The output of one pass; with a gradient at the output both ways, and nothing where no gradient can be taken. */
function passed(
  mechanism: AttentionMechanism,
  { q, k, v, dOut }: { q: Tensor4D; k: Tensor4D; v: Tensor4D; dOut?: Tensor4D },
  causal: boolean,
): Tensor4D | undefined {
  if (!dOut) return mechanism.apply(q, k, v, { causal });
  const attend = (...[q, k, v]: Tensor[]) => mechanism.apply(q as Tensor4D, k as Tensor4D, v as Tensor4D, { causal });
  try {
    return tf.valueAndGrads(attend)([q, k, v], dOut).value as Tensor4D;
  } catch (error) {
    if (/^Cannot compute gradient/.test((error as Error).message)) return undefined;
    throw error;
  }
}

/** What one more token takes behind `position` others. */
export interface DecodeTimes {
  readonly mechanism: AttentionMechanism;
  readonly position: number;
  /** Seconds a token, one number a repetition. */
  readonly seconds: readonly number[];
  /** Bytes that are kept from token to token. */
  readonly stateBytes: number;
}

/**
 * Measures decoding at each position that comes in: a state is filled by chunks, then takes tokens one by one.
 *
 * @throws InputError for sizes that are none, or that would take over 4 GiB, before anything is allocated; it comes as an
 * error of the stream
 */
export function measureDecoding(
  mechanisms: readonly AttentionMechanism[],
  options: Pick<MeasureAttentionOptions, "d" | "m" | "seed" | "repeats">,
): OperatorFunction<number, readonly DecodeTimes[]> {
  const { d, m, seed = 1, repeats = 7 } = options;
  return concatMap((position) => {
    for (const each of mechanisms) checkAttention(each, { n: position, d, m, causal: true }, "measure decoding");
    const draw = (name: string, width: number) => normal([1, 1, position, width], 1, seedFrom(seed, name));
    const drawn = { q: draw("q", d), k: draw("k", d), v: draw("v", m) };
    return of(...mechanisms.filter((each) => each.state)).pipe(
      lend((_: AttentionMechanism) => ({ q: tensor(drawn.q), k: tensor(drawn.k), v: tensor(drawn.v) })),
      transform(({ q, k, v }, { record }) => {
        const part = (x: Tensor4D, from: number, length: number) =>
          tf.slice(x, [0, 0, from, 0], [1, 1, length, x.shape[3]]) as Tensor4D;
        const token = { q: part(q, 0, 1), k: part(k, 0, 1), v: part(v, 0, 1) };
        let filled = record.state!({ positions: position + repeats + 2 });
        for (let from = 0; from < position; from += FILL) {
          const length = Math.min(FILL, position - from);
          filled = filled.step(part(q, from, length), part(k, from, length), part(v, from, length)).next;
        }
        const seconds: number[] = [];
        // Each token follows the same state: what is timed is the step at this position and no other.
        for (let i = 0; i < repeats + 2; i++) {
          const started = performance.now();
          filled.step(token.q, token.k, token.v);
          if (i >= 2) seconds.push((performance.now() - started) / 1000);
        }
        return { seconds, stateBytes: 4 * filled.tensors.reduce((sum, each) => sum + each.size, 0) };
      }),
      map(({ tensors, record }): DecodeTimes => ({ mechanism: record, position, ...tensors })),
      toArray(),
    );
  });
}

/** A part of a mechanism's work on its own. */
export interface PartTimes {
  readonly part: string;
  /** Operations a second. */
  readonly rate: number;
}

/** Sizes of parts: N, D, M and C. */
export interface PartSizes {
  readonly n: number;
  readonly d: number;
  readonly m: number;
  readonly features: number;
}

/** Repetitions of a part: the best of them counts. */
const PART_REPEATS = 4;

/**
 * Checks what {@linkcode measureParts} would allocate: its inputs, and the results of all repetitions.
 *
 * @throws InputError in one line: a size that is no positive whole number, or the predicted bytes where they are over 2 GiB
 */
export function checkParts({ n, d, m, features }: PartSizes): void {
  const sizes = { n, d, m, features }, action = "measure parts of attention";
  checkSizes(sizes, action);
  const inputs = n * d + n * n + n * m + features * (n + m);
  const results = 2 * n * n + 2 * n * m + features * m;
  checkBytes(FLOAT * (inputs + PART_REPEATS * results), sizes, { action, what: "their tensors", limit: 2 ** 31 });
}

/**
 * How fast the parts of both attentions run by themselves, best of a few: products of all pairs, the softmax of all pairs,
 * features, and the two products with features. What moves a measured crossover from a predicted one is their difference.
 *
 * @throws InputError when {@linkcode checkParts} does.
 */
export function measureParts({ seed = 1, ...sizes }: PartSizes & { seed?: number }): Observable<readonly PartTimes[]> {
  checkParts(sizes);
  const { n, d, m, features } = sizes;
  return range(1).pipe(
    lend(() => ({
      q: tensor(normal([n, d], 1, seedFrom(seed, "q"))),
      pairs: tensor(normal([n, n], 1, seedFrom(seed, "pairs"))),
      v: tensor(normal([n, m], 1, seedFrom(seed, "v"))),
      made: tensor(normal([n, features], 1, seedFrom(seed, "features"))),
      state: tensor(normal([features, m], 1, seedFrom(seed, "state"))),
    })),
    transform(({ q, pairs, v, made, state }) => {
      const best = (f: () => unknown) => {
        const times = Array.from({ length: PART_REPEATS }, () => {
          const started = performance.now();
          f();
          return (performance.now() - started) / 1000;
        });
        return Math.max(1e-7, Math.min(...times));
      };
      return [
        { part: "scores QKᵀ", rate: 2 * n * n * d / best(() => tf.matMul(q, q, false, true)) },
        { part: "softmax of scores", rate: 5 * n * n / best(() => tf.softmax(pairs)) },
        { part: "weights times V", rate: 2 * n * n * m / best(() => tf.matMul(pairs, v)) },
        { part: "state φ(K)ᵀV", rate: 2 * n * features * m / best(() => tf.matMul(made, v, true)) },
        { part: "read φ(Q)S", rate: 2 * n * features * m / best(() => tf.matMul(made, state)) },
      ];
    }),
    map(({ tensors }) => tensors),
  );
}

function tensor({ values, shape }: Initial): Tensor4D {
  return tf.tensor(values, [...shape] as [number, number, number, number]);
}
