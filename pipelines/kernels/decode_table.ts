/**
 * Behind how many positions one more token costs a kernel less than softmax: by operations, and as measured.
 *
 * @module
 */
import { cost } from "../../operators/mod.ts";
import { type Table, table } from "../../reports/mod.ts";
import { contender, contenderNames, labelOf } from "./contenders.ts";
import type { KernelRuns } from "./runs.ts";
import { measuredCell } from "./tables.ts";

/** Decoding's crossovers of each kernel with softmax, whose operations are told. */
export function decodeTable(runs: KernelRuns): Table | undefined {
  const rows = runs.settings.filter(({ causal }) => causal).flatMap((setting) => {
    const { d } = setting;
    return runs.mechanisms.flatMap((mechanism) => {
      const crossing = mechanism === "softmax" ? undefined : runs.decodeCrossing(setting, mechanism);
      const features = contenderNames.includes(mechanism) ? contender(mechanism).features?.(d) : undefined;
      return crossing
        ? [{
          setting: `D = M = ${d}`,
          mechanism: labelOf(mechanism),
          predicted: features ? cost.crossover({ d, m: d, causal: true, features }).decode : null,
          measured: measuredCell(crossing),
          last: 1 / crossing.lastRatio,
          lastN: crossing.lastN,
        }]
        : [];
    });
  });
  if (rows.length === 0) return undefined;
  const cheaper = rows.filter(({ last }) => last < 1).length;
  return table({
    id: "decode-crossovers",
    title: `Behind the most positions measured a token costs less than softmax's in ${cheaper} of ${rows.length} cases`,
    caption:
      "Positions behind which one more token takes fewer operations, and less time by medians, than softmax over its " +
      "cache. > is over the most positions measured, < under the least. Times softmax: behind the most positions.",
    columns: [
      { key: "setting", heading: "Setting", kind: "text" },
      { key: "mechanism", heading: "Kernel", kind: "text" },
      { key: "predicted", heading: "Predicted", digits: 0 },
      { key: "measured", heading: "Measured", digits: 0 },
      { key: "last", heading: "Times softmax", digits: 2 },
      { key: "lastN", heading: "Behind", digits: 0 },
    ],
    rows,
  });
}
