/**
 * Treebanks in brackets, a tree a line, each node with its class: `(3 (2 not) (4 (3 really) (4 good)))`, as in the Stanford
 * Sentiment Treebank (Socher et al. 2013), whose classes are 0 (very negative) to 4 (very positive). Other brackets, with
 * names of phrases for classes or nodes of one child or more than two, as in the Penn Treebank, are refused.
 *
 * @module
 */
import { type Dataset, InputError, type Sentence, type Tree } from "../operators/records.ts";
import { sha256 } from "./checksum.ts";
import { datasetOf } from "./dataset.ts";
import { readText } from "./text_file.ts";

/** How to read a treebank. */
export interface TreebankOptions {
  /**
   * `binary`: classes under the middle are `negative`, above it `positive`; sentences of the middle class are left out,
   * phrases of it have no class. `fine`: every class is one, by its number.
   */
  readonly classes: "binary" | "fine";
  /** Numbers of classes run from 0 to this. @default {4} */
  readonly highest?: number;
  /** @default {1000} */
  readonly maxWords?: number;
  /** What the part is called. @default {"all"} */
  readonly split?: string;
}

/**
 * Reads trees; words are in lower case.
 *
 * @throws InputError of one line, naming the file, line and column.
 */
export async function treebank(path: string, options: TreebankOptions): Promise<Dataset<Sentence>> {
  const { classes, highest = 4, maxWords = 1000, split = "all" } = options;
  const { text, bytes } = await readText(path, "trees");
  const middle = highest / 2;
  const items: Sentence[] = [];
  let middles = 0;
  text.split("\n").forEach((line, at) => {
    if (line.trim() === "") return;
    const { words, tree } = readTree(line, `${JSON.stringify(path)}, line ${at + 1}`, highest, maxWords);
    const labels = tree.labels!;
    const root = labels[labels.length - 1];
    if (classes === "binary" && root === middle) {
      middles++;
      return;
    }
    const binary = (label: number) => label === middle ? -1 : label < middle ? 0 : 1;
    items.push({
      id: `tree:${at + 1}`,
      source: words,
      targets: [[classes === "fine" ? String(root) : root < middle ? "negative" : "positive"]],
      tree: classes === "fine" ? tree : { ...tree, labels: labels.map(binary) },
    });
  });
  if (items.length === 0) {
    throw new InputError(
      middles === 0
        ? `Cannot read ${JSON.stringify(path)} as it must hold a tree: current value is a file without one`
        : `Cannot read ${JSON.stringify(path)} as a tree's class must be other than the middle one, ${middle}, which ` +
          `binary leaves out: current value is ${middle} in ${middles === 1 ? "its one tree" : `all ${middles} trees`}`,
    );
  }
  const name = path.split(/[\\/]/).at(-1)!;
  return datasetOf(items, {
    name: `${name} (trees in brackets)`,
    split,
    licence: "as its owner states; the format names none",
    citation: `${name}, read from a file`,
    checksum: await sha256(bytes),
  });
}

/** The class names that {@linkcode treebank} gives, in the order of its numbers. */
export function treebankClasses(classes: "binary" | "fine", highest = 4): string[] {
  return classes === "binary"
    ? ["negative", "positive"]
    : Array.from({ length: highest + 1 }, (_, label) => `${label}`);
}

/** An open bracket: its class, its children so far, and where it stands. */
interface Open {
  readonly label: number;
  readonly column: number;
  readonly children: number[];
  word?: string;
}

/** Reads one tree without recursion: a chain of 1,000 words is as deep. */
function readTree(line: string, where: string, highest: number, maxWords: number): { words: string[]; tree: Tree } {
  const refuse = (column: number, rule: string, value: string): never => {
    throw new InputError(`Cannot read ${where}, column ${column + 1}, as ${rule}: current value is ${value}`);
  };
  const words: string[] = [];
  const wordLabels: number[] = [];
  const merges: { left: number; right: number; label: number }[] = [];
  const open: Open[] = [];
  let closed = false;
  // Merges are numbered from -1 down until the count of words is known.
  const close = (column: number) => {
    const node = open.pop();
    if (!node) return refuse(column, "brackets must be balanced", "a closing bracket too many");
    let made: number;
    if (node.word !== undefined) {
      made = words.push(node.word) - 1;
      wordLabels.push(node.label);
      if (words.length > maxWords) {
        refuse(column, `a sentence may have ${maxWords} words at most`, `${words.length} and more`);
      }
    } else if (node.children.length === 2) {
      made = -merges.push({ left: node.children[0], right: node.children[1], label: node.label });
    } else {
      return refuse(
        node.column,
        "a node must have a word or two children",
        node.children.length === 1 ? "1 child" : `${node.children.length} children`,
      );
    }
    if (open.length > 0) {
      const above = open[open.length - 1];
      if (above.word !== undefined) refuse(node.column, "a node must have a word or two children", "both");
      above.children.push(made);
    } else closed = true;
  };
  for (const { 0: token, index } of line.matchAll(/[()]|[^\s()]+/g)) {
    if (closed) refuse(index, "a line must hold one tree", JSON.stringify(token.slice(0, 20)));
    const last = open[open.length - 1];
    if (token === ")") close(index);
    else if (token === "(") {
      const label = /^\(\s*([^\s()]+)/.exec(line.slice(index, index + 80))?.[1];
      const value = Number(label);
      if (label === undefined || !/^\d+$/.test(label) || value > highest) {
        refuse(index + 1, `a node's class must be a whole number from 0 to ${highest}`, label ?? "nothing");
      }
      open.push({ label: value, column: index, children: [] });
    } else if (!last) refuse(index, "a tree must begin with a bracket", JSON.stringify(token.slice(0, 20)));
    else if (last.children.length === 0 && last.word === undefined && !labelled.has(last)) labelled.add(last);
    else if (last.word !== undefined || last.children.length > 0) {
      refuse(index, "a node must have a word or two children", `one more word, ${JSON.stringify(token.slice(0, 20))}`);
    } else last.word = token.toLowerCase();
  }
  if (!closed) {
    const column = open.length > 0 ? open[open.length - 1].column : line.length;
    refuse(column, "brackets must be balanced", `${open.length} open at the line's end`);
  }
  const node = (index: number) => index >= 0 ? index : words.length - 1 - index;
  return {
    words,
    tree: {
      words: words.length,
      left: Int32Array.from(merges, ({ left }) => node(left)),
      right: Int32Array.from(merges, ({ right }) => node(right)),
      labels: Int32Array.from([...wordLabels, ...merges.map(({ label }) => label)]),
    },
  };
}

/** Nodes whose class was read already: the token after it is a word. */
const labelled = new WeakSet<Open>();
