/**
 * How fast this machine runs each attention, measured once in about ten seconds and kept.
 *
 * @module
 */
import { dirname } from "@std/path";
import { lastValueFrom, of } from "rxjs";
import project from "../../deno.json" with { type: "json" };
import { measureAttention, useEngine } from "../../operators/mod.ts";
import { InputError } from "../../operators/records.ts";
import { contender, contenderNames } from "../kernels/contenders.ts";
import { reasonOf } from "../run/content.ts";
import { thisMachine } from "../run/machine.ts";

/** Operations a second by `mechanism d causal`, of one machine and version. */
export interface Calibration {
  /** Machine and versions; another key is another calibration. */
  readonly key: string;
  readonly rates: Readonly<Record<string, number>>;
}

/** Where it is kept. */
export const CALIBRATION = ".heed/calibration.json";
/** At this length, and at these widths. */
const LENGTH = 1024, WIDTHS = [16, 64] as const;

/** What names this machine and this version. */
export function calibrationKey(): string {
  return JSON.stringify([3, project.version, thisMachine({ backend: "wasm", pack: "auto" })]);
}

/** What {@linkcode calibrate} may be told otherwise. */
export interface CalibrateOptions {
  /** @default ".heed/calibration.json" */
  readonly path?: string;
  /** @default {@linkcode measureRates} */
  readonly measure?: () => Promise<Calibration["rates"]>;
}

/**
 * The calibration that is kept for this machine, or a new one, which is then kept. A file that is broken, of another machine
 * or version, or without a mechanism counts as none.
 *
 * @throws InputError when it can't be kept
 */
export async function calibrate(tell: (line: string) => void, options: CalibrateOptions = {}): Promise<Calibration> {
  const { path = CALIBRATION, measure = measureRates } = options;
  const key = calibrationKey();
  const text = await Deno.readTextFile(path).catch(() => "");
  const kept = parsed(text);
  if (kept?.key === key && isWhole(kept.rates)) return { key, rates: kept.rates };
  tell(
    text === "" || kept?.key !== undefined && kept.key !== key
      ? "Measuring this machine, once: about 10 seconds ..."
      : `Measuring this machine anew, as ${path} is no whole calibration: about 10 seconds ...`,
  );
  const made = { key, rates: await measure() };
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, JSON.stringify(made));
  } catch (error) {
    throw new InputError(`Cannot keep the calibration in ${path} as ${reasonOf(error)}`);
  }
  return made;
}

function parsed(text: string): Partial<Calibration> | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is a rate for everything that is planned with. */
function isWhole(rates: unknown): rates is Calibration["rates"] {
  return rateNames().every((name) => Number((rates as Calibration["rates"] | undefined)?.[name]) > 0);
}

/** Names of all rates. */
export function rateNames(): string[] {
  return contenderNames.filter((name) => contender(name).cost({ n: 1, d: WIDTHS[0], m: WIDTHS[0] })).flatMap((name) =>
    WIDTHS.flatMap((d) => [false, true].map((causal) => `${name} ${d} ${causal}`))
  );
}

/** Times every attention at some length, both widths, causal and not. */
export async function measureRates(length = LENGTH, budget = 0.15): Promise<Calibration["rates"]> {
  const engine = await useEngine();
  const all = contenderNames.map(contender);
  const rates: Record<string, number> = {};
  for (const d of WIDTHS) {
    for (const causal of [false, true]) {
      const settings = { engine, d, m: d, causal, budget, repeats: 5 };
      const measured = await lastValueFrom(
        of(length).pipe(measureAttention(() => all.map((each) => each.mechanism), settings)),
      );
      measured.forEach(({ seconds }, i) => {
        const operations = all[i].cost({ n: length, d, m: d, causal })?.operations;
        if (operations !== undefined) rates[`${all[i].name} ${d} ${causal}`] = operations / Math.min(...seconds);
      });
    }
  }
  return rates;
}

/** Operations a second of a mechanism at a width: straight between the measured widths on logarithms, level beyond them. */
export function rateOf({ rates }: Calibration, mechanism: string, d: number, causal: boolean): number {
  const [low, high] = WIDTHS.map((width) => rates[`${mechanism} ${width} ${causal}`]);
  const share = Math.min(1, Math.max(0, Math.log(d / WIDTHS[0]) / Math.log(WIDTHS[1] / WIDTHS[0])));
  return low * (high / low) ** share;
}
