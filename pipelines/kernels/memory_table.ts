/**
 * From which length on poly-2 holds fewer bytes than softmax: by theory's numbers, by what is allocated, and as measured.
 *
 * @module
 */
import { cost } from "../../operators/mod.ts";
import { type Column, type Table, table } from "../../reports/mod.ts";
import { type KernelRuns, settingName } from "./runs.ts";
import { measuredCell } from "./tables.ts";

const AGAINST = [
  { softmax: "softmax-materialised", name: "Materialised", theory: "materialised" },
  { softmax: "softmax", name: "Streaming", theory: "streaming" },
] as const;

/** Memory crossovers of poly-2 with softmax materialised and streaming. */
export function memoryTable(runs: KernelRuns): Table | undefined {
  const settings = runs.settings.filter((setting) =>
    AGAINST.some(({ softmax }) => runs.memoryCrossing(setting, "poly2", softmax, "measured"))
  );
  if (settings.length === 0) return undefined;
  const rows = settings.map((setting) => {
    const { memory } = cost.crossover({ d: setting.d, m: setting.d });
    return {
      setting: settingName(setting),
      ...Object.fromEntries(AGAINST.flatMap(({ softmax, name, theory }) => [
        [`${name} theory`, memory[theory]],
        ...(["predicted", "measured"] as const).map((kind) => [
          `${name} ${kind}`,
          measuredCell(runs.memoryCrossing(setting, "poly2", softmax, kind)),
        ]),
      ])),
    };
  });
  const overtaken = (softmax: string) =>
    settings.filter((setting) => (runs.memoryCrossing(setting, "poly2", softmax, "measured")?.lastRatio ?? 0) > 1)
      .length;
  return table({
    id: "memory-crossovers",
    title:
      `Poly-2 is seen to need less memory than softmax materialised in ${
        overtaken("softmax-materialised")
      }, and than softmax ` +
      `streaming in ${overtaken("softmax")} of ${rows.length} settings`,
    caption:
      "N from which on poly-2 holds less. By numbers: its state C(M + 1) against N² scores, or against one number a " +
      "position. As allocated: peak bytes by the closed form of this engine, outputs and scratch included, between the " +
      "lengths measured. Measured: peak bytes. > is over the greatest length, < under the least. Poly-2's kernel also holds " +
      "the scaled queries, ND numbers, which streaming softmax doesn't: as allocated, that crossover is farther off, or " +
      "nowhere.",
    columns: [
      { key: "setting", heading: "Setting", kind: "text" },
      ...AGAINST.flatMap(({ name }): Column[] => [
        { key: `${name} theory`, heading: `${name}, by numbers`, digits: 0 },
        { key: `${name} predicted`, heading: "as allocated", digits: 0 },
        { key: `${name} measured`, heading: "measured", digits: 0 },
      ]),
    ],
    rows,
  });
}
