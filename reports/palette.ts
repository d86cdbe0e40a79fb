/**
 * One colour, one symbol and one dash per mechanism, the same on every page, told apart by colour-blind readers too
 * (hues in the spirit of Okabe and Ito, 2008, darkened or lightened until labels in them have a contrast of 4.5).
 *
 * @module
 */

/** How a mechanism is drawn. */
export interface Ink {
  /** A CSS colour that follows light and dark: `var(--hue-3, #a8327e)`. */
  readonly colour: string;
  /** Plot's name of the symbol. */
  readonly symbol: "circle" | "square" | "triangle" | "diamond" | "star" | "cross" | "wye" | "hexagon";
  /** SVG `stroke-dasharray`; `none` is a solid line. */
  readonly dash: string;
  /** Class of every mark that belongs to the mechanism, for highlighting: `series hue-3`. */
  readonly className: string;
}

/** Inks by mechanism. */
export type Palette = (name: string) => Ink;

/** Hues on light and on dark paper; their places are the `--hue-N` variables of the stylesheet. */
export const hues: readonly { readonly light: string; readonly dark: string }[] = [
  { light: "#0067a8", dark: "#5eb1f0" }, // blue
  { light: "#bd4a00", dark: "#f59a5b" }, // vermilion
  { light: "#00785a", dark: "#3fc79f" }, // bluish green
  { light: "#a8327e", dark: "#ec8fc4" }, // reddish purple
  { light: "#7d6200", dark: "#d9b93b" }, // ochre
  { light: "#5a48c4", dark: "#a99cff" }, // indigo
  { light: "#3d4852", dark: "#c3ced8" }, // slate
  { light: "#087990", dark: "#4cc4dd" }, // cyan
  { light: "#8c2f24", dark: "#f28b7d" }, // brick
  { light: "#4c6b12", dark: "#a3c95a" }, // moss
];

const symbols: readonly Ink["symbol"][] = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "star",
  "hexagon",
  "wye",
  "cross",
];

const dashes = ["none", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "5 2 1 2 1 2", "1 2"];

/**
 * Places of what Heed ships, by page; those of one comparison never share one. A place from 10 on is the hue of its last
 * digit with another dash and symbol: a variant of what stands there.
 */
const places: Readonly<Record<string, number>> = {
  // Scores
  dot: 0,
  general: 1,
  concat: 2,
  location: 3,
  scaledDot: 4,
  "scaled dot": 4,
  // Paths and scopes; scores stand beside them.
  Bahdanau: 5,
  Luong: 7,
  "Luong + feeding": 8,
  global: 0,
  "local-m": 4,
  "local-p": 9,
  monotonic: 3,
  "no attention": 6,
  // Attentions and feature maps, by name and by label
  softmax: 6,
  poly2: 1,
  elu: 0,
  "favor-positive": 2,
  taylor: 3,
  cosformer: 4,
  relu: 5,
  "softmax, materialised": 8,
  "poly-2": 1,
  "poly-2, quadratic": 9,
  "poly-2 as in the notes": 11,
  "elu + 1": 0,
  "FAVOR+ positive": 2,
  "FAVOR+ positive, iid": 12,
  "FAVOR+ hyperbolic": 22,
  "FAVOR+ trigonometric": 32,
  Taylor: 3,
  cosFormer: 4,
  ReLU: 5,
  // Composers, baselines, heads, and classes of sentences
  greedy: 0,
  balanced: 1,
  left: 2,
  right: 3,
  random: 5,
  given: 7,
  "naive Bayes": 4,
  "mean of vectors": 9,
  majority: 6,
  "all nodes and root": 5,
  "root alone": 7,
  positive: 7,
  negative: 8,
  // Penalties, and a penalty by its optimiser
  sum: 5,
  product: 7,
  none: 8,
  nested: 9,
  "non-uniform": 6,
  "sum, momentum": 5,
  "product, momentum": 7,
  "none, momentum": 8,
  "nested, momentum": 9,
  "non-uniform, momentum": 6,
  "sum, adam": 15,
  "sum, descent": 25,
  // What bounds a kernel, and the two engines
  products: 0,
  functions: 2,
  memory: 4,
  "with the kernel pack": 0,
  "stock wasm backend": 6,
  // A closed form beside what was measured
  measured: 0,
  predicted: 6,
};

/** Places are tried in this order for names that nobody knows. */
const spare = [5, 7, 8, 9, 6, 4, 3, 2, 1, 0];

/**
 * Inks for a set of names. Known mechanisms have fixed places; every other name gets the next place that no name of the
 * set uses, in alphabetical order, so that the same set always looks the same. Beyond ten names places repeat with
 * another dash and symbol.
 */
export function palette(names: readonly string[]): Palette {
  const taken = new Map<string, number>();
  const unique = [...new Set(names)].sort(byCodePoint);
  const used = new Set<number>();
  for (const name of unique) {
    if (Object.hasOwn(places, name)) {
      taken.set(name, places[name]);
      used.add(places[name]);
    }
  }
  let repeats = 0;
  for (const name of unique) {
    if (taken.has(name)) continue;
    const free = spare.find((place) => !used.has(place));
    const place = free ?? spare[repeats % spare.length] + hues.length * (1 + Math.floor(repeats++ / spare.length));
    taken.set(name, place);
    used.add(place);
  }
  return (name) => inkAt(taken.get(name) ?? (Object.hasOwn(places, name) ? places[name] : 6));
}

function inkAt(place: number): Ink {
  const hue = place % hues.length;
  const turn = Math.floor(place / hues.length);
  return {
    colour: `var(--hue-${hue}, ${hues[hue].light})`,
    symbol: symbols[(hue + turn) % symbols.length],
    dash: dashes[(hue + turn) % dashes.length],
    className: `series place-${place}`,
  };
}

/** The stylesheet's variables: `--hue-N` for one scheme. */
export function hueVariables(scheme: "light" | "dark"): string {
  return hues.map((hue, index) => `--hue-${index}: ${hue[scheme]};`).join(" ");
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
