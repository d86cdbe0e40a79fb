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

/** The calibration that is kept for this machine, or a new one, which is then kept. */
export async function calibrate(tell: (line: string) => void, path: string = CALIBRATION): Promise<Calibration> {
  const key = calibrationKey();
  const kept = await Deno.readTextFile(path).then((text) => JSON.parse(text) as Calibration).catch(() => undefined);
  if (kept?.key === key && kept.rates) return kept;
  tell("Measuring this machine, once: about 10 seconds ...");
  const engine = await useEngine();
  const all = contenderNames.map(contender);
  const rates: Record<string, number> = {};
  for (const d of WIDTHS) {
    for (const causal of [false, true]) {
      const settings = { engine, d, m: d, causal, budget: 0.15, repeats: 5 };
      const measured = await lastValueFrom(
        of(LENGTH).pipe(measureAttention(() => all.map((each) => each.mechanism), settings)),
      );
      measured.forEach(({ seconds }, i) => {
        const operations = all[i].cost({ n: LENGTH, d, m: d, causal })?.operations;
        if (operations !== undefined) rates[`${all[i].name} ${d} ${causal}`] = operations / Math.min(...seconds);
      });
    }
  }
  const made = { key, rates };
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, JSON.stringify(made));
  } catch (error) {
    throw new InputError(`Cannot keep the calibration in ${path} as ${reasonOf(error)}`);
  }
  return made;
}

/** Operations a second of a mechanism at a width: straight between the measured widths on logarithms, level beyond them. */
export function rateOf({ rates }: Calibration, mechanism: string, d: number, causal: boolean): number {
  const [low, high] = WIDTHS.map((width) => rates[`${mechanism} ${width} ${causal}`]);
  const share = Math.min(1, Math.max(0, Math.log(d / WIDTHS[0]) / Math.log(WIDTHS[1] / WIDTHS[0])));
  return low * (high / low) ** share;
}
