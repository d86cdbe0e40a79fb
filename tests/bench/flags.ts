/**
 * The flags of a benchmark: each has a default, and its kind is the default's. `--json` is every benchmark's.
 *
 * @module
 */
import { parseArgs } from "@std/cli";

/** What a flag may be: a switch, a whole number, a list of them (`16,32`), or a list of pairs (`128x128,256x64`). */
type Value = boolean | number | readonly number[] | readonly (readonly [number, number])[];

/** Values of the defaults' kinds, and `json`. */
type Flags<F extends Record<string, Value>> =
  & { readonly json: boolean }
  & {
    readonly [K in keyof F]: F[K] extends boolean ? boolean
      : F[K] extends number ? number
      : F[K] extends readonly number[] ? readonly number[]
      : readonly (readonly [number, number])[];
  };

/**
 * Reads the flags of one benchmark.
 *
 * @throws RangeError when a flag is unknown or its value is of another kind, or there is anything that is no flag.
 */
export function readFlags<F extends Record<string, Value>>(args: readonly string[], defaults: F): Flags<F> {
  const known = Object.keys(defaults);
  const isSwitch = (name: string) => name === "json" || typeof defaults[name] === "boolean";
  const refuse = (what: string, rule: string, value: unknown): never => {
    throw new RangeError(`Cannot run the benchmark as ${what} must be ${rule}: current value is ${value}`);
  };
  const names = ["json", ...known];
  const given = parseArgs(args, {
    boolean: names.filter(isSwitch),
    string: names.filter((name) => !isSwitch(name)),
    unknown: (arg) => refuse("every argument", `one of ${names.map((name) => `--${name}`).join(", ")}`, arg),
  });
  const whole = (name: string, text: string): number =>
    /^[1-9][0-9]*$/.test(text)
      ? Number(text)
      : refuse(`--${name}`, "made of whole numbers of at least 1", text || "none");
  const read = (name: string): Value => {
    const value = given[name], start = defaults[name];
    if (isSwitch(name)) return value as boolean;
    if (value === undefined) return start;
    if (typeof start === "number") return whole(name, value);
    const parts = String(value).split(",");
    if (!Array.isArray((start as readonly unknown[])[0])) return parts.map((part) => whole(name, part));
    return parts.map((part) => {
      const sides = part.split("x");
      if (sides.length !== 2) return refuse(`--${name}`, "pairs like 128x64", part);
      return [whole(name, sides[0]), whole(name, sides[1])] as const;
    });
  };
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Flags<F>;
}

/** The flags that this process was given. What is wrong with them is said in one line, and ends it with exit code 2. */
export function flags<F extends Record<string, Value>>(defaults: F): Flags<F> {
  try {
    return readFlags(Deno.args, defaults);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}
