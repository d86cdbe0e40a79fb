import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../operators/records.ts";
import type { OptionSpec } from "../../pipelines/experiment.ts";
import { checkKeys, parseSettings, parseValue, resolveOptions } from "../../pipelines/options.ts";
import { fake } from "./run/fake.ts";

const spec = (rest: Partial<OptionSpec>): OptionSpec => ({
  kind: "integer",
  help: "",
  default: { quick: 1, full: 1 },
  ...rest,
});

Deno.test("resolveOptions() takes the profile's defaults, and what was set in their place", async () => {
  const quick = await resolveOptions(fake, "quick", new Map());
  assertEquals([quick.steps, quick.arms], [3, ["left", "right"]]);
  const full = await resolveOptions(fake, "full", parseSettings(["arms=right,right", "pause=1e-3"]));
  assertEquals([full.steps, full.arms, full.pause], [5, ["right"], 0.001]);
});

Deno.test("parseValue() reads back every number that it should", async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), async (value) => {
    assertEquals(await parseValue("k", String(value), spec({})), value);
  }));
  await fc.assert(
    fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (value) => {
      assertEquals(await parseValue("k", String(value), spec({ kind: "number" })), Number(String(value)));
    }),
  );
});

const missing = "./no/such/file.dict";
for (
  const [text, rest, part] of [
    ["", {}, "must be a whole number: current value is empty"],
    ["four", {}, "must be a whole number: current value is four"],
    ["1.5", {}, "must be a whole number"],
    ["0x10", {}, "must be a whole number"],
    ["9007199254740993", {}, "must be a whole number"],
    ["1e400", { kind: "number" }, "must be a number"],
    ["Infinity", { kind: "number" }, "must be a number"],
    ["0", { min: 1 }, "must be at least 1"],
    ["11", { max: 10 }, "must be at most 10"],
    ["11", { min: 1, max: 10 }, "must be from 1 to 10: current value is 11"],
    ["dott", { kind: "text", choices: ["dot", "general"] }, "must be one of dot, general: current value is dott"],
    ["dot,genral", { kind: "list", choices: ["dot", "general"] }, "no item genral (did you mean general?"],
    ["dot,,general", { kind: "list" }, "no empty item"],
    ["./mine.ts", { kind: "list", choices: ["dot"], modules: true }, "there is no such file"],
    ["./mine.ts", { kind: "list", choices: ["dot"] }, "has no item ./mine.ts"],
    ["", { kind: "file" }, "must be the path of a file"],
    [missing, { kind: "file" }, "there is no such file"],
    [".", { kind: "file" }, "it is"],
  ] as [string, Partial<OptionSpec>, string][]
) {
  Deno.test(`parseValue() refuses ${text || "nothing"} for ${JSON.stringify(rest)}`, async () => {
    const { message } = await assertRejects(() => parseValue("key", text, spec(rest)), InputError);
    assert(!message.includes("\n"));
    assertStringIncludes(message, `--set key=${text}`);
    assertStringIncludes(message, part);
  });
}

Deno.test("checkKeys() names the nearest key and all of them", () => {
  checkKeys(new Map([["steps", "1"]]), [fake]);
  const { message } = assertThrows(() => checkKeys(new Map([["step", "1"]]), [fake]), InputError);
  assertStringIncludes(message, "did you mean steps? accepted: arms, log, mode, pause, steps, words");
  assertThrows(() => checkKeys(new Map([["a", "1"]]), [{ ...fake, options: {} }]), InputError, "takes no options");
});
