/** What all method sections say alike: sources once each, how many trials there are, and one core not as "1 cores". */
import { assertEquals } from "@std/assert";
import project from "../../deno.json" with { type: "json" };
import type { Measurement } from "../../operators/records.ts";
import type { Machine, Results, Trial } from "../../pipelines/experiment.ts";
import {
  checksumEntry,
  dataEntry,
  finishedTrials,
  optionName,
  runEntries,
  seedsEntry,
} from "../../pipelines/method.ts";
import { formatCount } from "../../reports/mod.ts";

const hash = "0123456789abcdef".repeat(4);

function set(name: string, checksum: string): Measurement {
  const labels = { set: "train", name, split: "train", licence: "MIT", citation: "Somebody 2020", checksum };
  return { trial: "t", metric: "set", step: 0, value: 3, unit: "words", labels };
}

function trial(seed: number): Trial {
  return { id: `t${seed}`, pipeline: "p", options: { score: "./mine/own.ts" }, seed, version: "2" };
}

function results(more: Partial<Results> = {}): Results {
  return { trials: [trial(2), trial(1)], rows: [], profile: "quick", command: "go", machines: [], ...more };
}

const nameOf = ({ options }: Trial) => optionName(options.score);

Deno.test("a source is named once, however many trials read it, and not at all where there is none", () => {
  const sets = [set("Words", hash), set("Words", hash), set("Vectors", "none: made from the seed")];
  assertEquals(dataEntry(sets), {
    term: "Data and licence",
    value: ["Words. Licence: MIT. Somebody 2020", "Vectors. Licence: MIT. Somebody 2020"],
  });
  assertEquals(checksumEntry(sets), {
    term: "Checksum",
    value: [`sha256 ${hash}`, "none: made from the seed"],
    code: true,
  });
  assertEquals([dataEntry([]), checksumEntry([])], [undefined, undefined]);
});

Deno.test("the seeds entry counts what was planned, and says which trials failed and why", () => {
  const said = (more: Partial<Results>) => seedsEntry(results(more), nameOf).value;
  assertEquals(said({}), "1 and 2; all 2 trials finished.");
  assertEquals(said({ planned: 5 }), "1 and 2; 2 of 5 trials are finished.");
  const failures = [{ trial: trial(3), message: "It broke." }];
  assertEquals(said({ failures }), "1 and 2; 2 of 3 trials finished; own (seed 3) failed: It broke.");
  assertEquals(said({ trials: [], planned: 1 }), "0 of 1 trial is finished.");
  assertEquals(finishedTrials({ trials: [trial(1)] }, nameOf), "all 1 trial finished.");
});

Deno.test("versions, machines and the command end the section, and what isn't known is left out", () => {
  const machine: Machine = { processor: "P", cores: 1, system: "linux", deno: "2.0.0", engine: "wasm, pack auto" };
  const tfjs = project.imports["@tensorflow/tfjs"].split("@").at(-1);
  const matrix = project.imports["ml-matrix"].split("@").at(-1);
  assertEquals(runEntries(results({ machines: [machine, { ...machine, cores: 16 }] }), ["ml-matrix"]), [
    { term: "Profile", value: "quick" },
    { term: "Versions", value: `Heed ${project.version}, protocol 2, TensorFlow.js ${tfjs}, ml-matrix ${matrix}` },
    {
      term: "Machines",
      value: [
        "P, 1 core, linux; Deno 2.0.0; backend wasm, pack auto",
        "P, 16 cores, linux; Deno 2.0.0; backend wasm, pack auto",
      ],
    },
    { term: "Command", value: "go", code: true },
  ]);
  const [, versions, machines] = runEntries(results({ trials: [] }));
  assertEquals(versions, { term: "Versions", value: `Heed ${project.version}, TensorFlow.js ${tfjs}` });
  assertEquals(machines, undefined);
});

Deno.test("formatCount() puts a number and its noun together", () => {
  const said = [formatCount(1, "seed"), formatCount(0, "seed"), formatCount(1200, "pass", "passes")];
  assertEquals(said, ["1 seed", "0 seeds", "1,200 passes"]);
});
