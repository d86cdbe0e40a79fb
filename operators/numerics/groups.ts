/**
 * Names of parameters inside groups: a mechanism made of parts calls a part's parameter `part/parameter`.
 *
 * @module
 */

/** Puts a group's names under a part's name: `{ bias }` under `forward` becomes `{ "forward/bias" }`. */
export function under<T>(part: string, group: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(group).map(([name, value]) => [`${part}/${name}`, value]));
}

/**
 * The group of one part, with its own names again; the inverse of {@linkcode under}.
 *
 * @throws RangeError when no name begins with the part's.
 */
export function partOf<T>(part: string, group: Readonly<Record<string, T>>): Record<string, T> {
  const prefix = `${part}/`;
  const found = Object.entries(group).filter(([name]) => name.startsWith(prefix));
  if (found.length === 0) {
    throw new RangeError(
      `Cannot take part ${part} as no parameter is named ${prefix}*: current value is ${Object.keys(group).join(", ")}`,
    );
  }
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}
