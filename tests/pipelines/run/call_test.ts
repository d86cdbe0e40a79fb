import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../operators/records.ts";
import { commandFor, parseCall } from "../../../pipelines/run/call.ts";

Deno.test("parseCall() has a default for everything", () => {
  const call = parseCall(["pipeline"], 7);
  assertEquals([call.names, call.workers, call.out, call.store, call.json], [
    [],
    7,
    "site",
    ".heed/store.sqlite",
    false,
  ]);
  assertEquals(parseCall([], 1).command, "help");
  assertEquals(parseCall(["--help"], 1).command, "help");
  assertEquals(parseCall(["serve", "--help"], 1).help, true);
});

Deno.test("parseCall() takes flags in either form, and text that looks like a number as text", () => {
  const call = parseCall(
    ["pipeline", "scores", "--profile=full", "--set", "epochs=4", "--set=train=a=b.dict", "--seeds", "5", "12"],
    2,
  );
  assertEquals(call.names, ["scores", "12"]);
  assertEquals([...call.settings], [["epochs", "4"], ["train", "a=b.dict"]]);
  assertEquals([call.profile, call.seeds], ["full", 5]);
});

for (
  const [args, parts] of [
    [["pipelne"], ["pipelne", "did you mean pipeline?", "report"]],
    [["pipeline", "--seed", "3"], ["--seed", "did you mean --seeds?", "--workers"]],
    [["report", "--workers", "3"], ["--workers", "with report", "--profile"]],
    [["pipeline", "--profile", "fast"], ["--profile fast", "quick, full"]],
    [["pipeline", "--backend", "wsm"], ["wsm", "did you mean wasm?"]],
    [["pipeline", "--workers", "0"], ["--workers", "from 1 to 256", "current value is 0"]],
    [["pipeline", "--seeds", "1.5"], ["--seeds", "whole number", "1.5"]],
    [["pipeline", "--seeds=-1"], ["--seeds", "-1"]],
    [["pipeline", "--out", ""], ["--out", "needs a value"]],
    [["pipeline", "--out"], ["--out", "needs a value"]],
    [["pipeline", "--out", "a", "--out", "b"], ["--out twice", "a, b"]],
    [["pipeline", "--set", "epochs"], ["--set epochs", "KEY=VALUE"]],
    [["pipeline", "--set", "=4"], ["=4", "KEY=VALUE"]],
    [["pipeline", "--set", "a=1", "--set", "a=2"], ["a was set before"]],
    [["serve", "site"], ["--out"]],
    [["serve", "--port", "99999"], ["--port", "65535"]],
  ] as const
) {
  Deno.test(`parseCall() refuses ${args.join(" ")} in one line`, () => {
    const { message } = assertThrows(() => parseCall(args, 2), InputError);
    assert(!message.includes("\n"));
    for (const part of parts) assertStringIncludes(message, part);
  });
}

Deno.test("commandFor() is the command that makes the same rows, whatever else was asked", () => {
  const typed = [
    "pipeline",
    "scores",
    "paths",
    "--workers",
    "3",
    "--out",
    "x",
    "--set",
    "words=my words",
    "--set",
    "b=2",
  ];
  const call = parseCall([...typed, "--profile", "full", "--seeds", "3", "--backend", "cpu"], 2);
  const command = commandFor(call, "scores", ["words"]);
  assertEquals(command, "deno task pipeline scores --profile full --set 'words=my words' --seeds 3 --backend cpu");
});
