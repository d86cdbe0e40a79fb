/**
 * What a run ran on.
 *
 * @module
 */
import { cpus } from "node:os";
import type { Machine } from "../experiment.ts";
import type { EngineChoice } from "./messages.ts";

/** This machine, as the method section of a page prints it. Nothing that names its owner or its network. */
export function thisMachine({ backend, pack }: EngineChoice): Machine {
  return {
    processor: processor(),
    cores: navigator.hardwareConcurrency,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    engine: backend === "wasm" ? `wasm, pack ${pack}` : backend,
  };
}

function processor(): string {
  try {
    return cpus()[0]?.model.trim() || "unknown";
  } catch {
    // --allow-sys=cpus was not given: a run needn't fail for that.
    return "unknown";
  }
}
