/**
 * What kernels ask of their inputs.
 *
 * @module
 */
import type { Inputs } from "./pack.ts";

/** Refuses other inputs than float32. @param verb What the kernel does: `attend`. @throws Error naming the input. */
export function checkFloats(verb: string, inputs: Inputs): void {
  for (const [name, { dtype }] of Object.entries(inputs)) {
    if (dtype !== "float32") {
      throw new Error(`Cannot ${verb} as ${name} must be float32: current value is ${dtype}`);
    }
  }
}
