/**
 * A page: one question, its answer in one sentence, and sections of text, figures, tables and claims.
 *
 * @module
 */
import type { Measurement } from "../operators/records.ts";
import type { Claims } from "./claims.ts";
import type { Figure } from "./figure.ts";
import { assertSlug } from "./format.ts";
import type { Html } from "./html.ts";
import type { Table } from "./table.ts";

/** The method block: terms and what they were. A list of values prints as lines. */
export interface Method {
  readonly kind: "method";
  readonly entries: readonly MethodEntry[];
}

/** One line of the method: `Split`, `Seeds`, `Machine`, `Command`. */
export interface MethodEntry {
  readonly term: string;
  readonly value: string | Html | readonly string[];
  /** Print the value as code that can be copied (a command, a checksum). */
  readonly code?: boolean;
}

/** What may stand in a section: a string is one paragraph of plain text. */
export type Block = string | Html | Figure | Table | Claims | Method;

/** One section of a page. */
export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

/** A text that a reader can take away, beside the rows. */
export interface PageText {
  /** File name without ending: lower-case letters, digits and hyphens; unique within a page. */
  readonly id: string;
  /** What the link says. */
  readonly label: string;
  readonly text: string;
}

/** A page, ready for `writeSite`. */
export interface Page {
  /** File name without ending: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** The question in one sentence. */
  readonly question: string;
  /** The answer in one sentence, computed from rows. */
  readonly headline: string;
  /** What the answer rests on, in a few words (profile, words, seeds). */
  readonly scope?: string;
  readonly sections: readonly Section[];
  /** Every row behind the page: `NAME.csv` and `NAME.json`. */
  readonly rows: readonly Measurement[];
  /** Plain texts for download: `NAME/ID.txt`. */
  readonly texts?: readonly PageText[];
  /** A small figure for the list of questions. */
  readonly thumbnail?: Figure;
}

/**
 * One section: a heading and its blocks, in order. Blocks that a run has no rows for are left out, and where none is left
 * the section says so.
 */
export function section(heading: string, ...blocks: readonly (Block | undefined | false)[]): Section {
  const there = blocks.filter((block) => block !== undefined && block !== false);
  return {
    heading,
    blocks: there.length === 0 && blocks.length > 0 ? ["This run has measured nothing of it."] : there,
  };
}

/**
 * The method block of a page: data and licence, split, protocol, seeds, versions, machine, the exact command. Entries that
 * a run has nothing to say of are left out.
 */
export function method(entries: readonly (MethodEntry | undefined)[]): Method {
  return { kind: "method", entries: entries.filter((entry) => entry !== undefined) };
}

/**
 * Checks a page and returns it.
 *
 * @throws RangeError when the name isn't a slug or is taken by the site, or when two figures or tables, or two texts, share an id.
 */
export function page(content: Page): Page {
  assertSlug("a page", content.name);
  if (content.name === "index") {
    throw new RangeError("Cannot name a page index as that is the list of questions: index");
  }
  const seen = new Set<string>();
  for (const block of content.sections.flatMap((each) => each.blocks)) {
    if (typeof block === "string" || (block.kind !== "figure" && block.kind !== "table")) continue;
    if (seen.has(block.id)) {
      throw new RangeError(`Cannot make page ${content.name} as ids must be unique: ${block.id} stands twice`);
    }
    seen.add(block.id);
  }
  const texts = (content.texts ?? []).map(({ id }) => id);
  texts.forEach((id) => assertSlug("a text", id));
  const twice = texts.find((id, at) => texts.indexOf(id) !== at);
  if (twice !== undefined) {
    throw new RangeError(`Cannot make page ${content.name} as texts need ids of their own: ${twice} stands twice`);
  }
  return content;
}
