/** A strict reader of the HTML that reports write: it refuses what browsers silently repair. */
import type { Figure, Page } from "../../reports/mod.ts";

const voids = new Set(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"]);

/** One start tag. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Names of the elements around it, outermost first. */
  readonly path: readonly string[];
}

/**
 * Reads every tag of a document.
 *
 * @throws SyntaxError on an unclosed or wrongly closed element, an attribute that isn't quoted or stands twice, or a bare
 * `<` or `&` in text or attribute.
 */
export function readTags(source: string): Tag[] {
  const tags: Tag[] = [], open: string[] = [];
  const body = source.replace(/^<!doctype html>\n/i, "");
  const token = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[^\s=>"'/]+(?:\s*=\s*"[^"]*")?)*)\s*(\/?)>/y;
  let at = 0;
  while (at < body.length) {
    const next = body.indexOf("<", at);
    checkText(body.slice(at, next < 0 ? body.length : next));
    if (next < 0) break;
    token.lastIndex = next;
    const match = token.exec(body);
    if (!match) throw new SyntaxError(`bare < at ${body.slice(next, next + 60)}`);
    const [whole, closing, name, attributes, self] = match;
    at = next + whole.length;
    if (closing) {
      if (open.pop() !== name) throw new SyntaxError(`</${name}> closes nothing at ${body.slice(next - 80, at)}`);
      continue;
    }
    tags.push({ name, attributes: readAttributes(attributes), path: [...open] });
    if (!self && !voids.has(name)) open.push(name);
  }
  if (open.length > 0) throw new SyntaxError(`left open: ${open.join(" ")}`);
  return tags;
}

function readAttributes(source: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, value] of source.matchAll(/\s+([^\s=>"'/]+)(?:\s*=\s*"([^"]*)")?/g)) {
    if (attributes.has(name)) throw new SyntaxError(`attribute ${name} stands twice`);
    checkText(value ?? "");
    attributes.set(name, value ?? "");
  }
  return attributes;
}

function checkText(text: string): void {
  const bare = /&(?!(?:amp|lt|gt|quot|nbsp|#\d+|#x[0-9a-f]+);)/i.exec(text);
  if (bare) throw new SyntaxError(`bare & at ${text.slice(bare.index, bare.index + 40)}`);
  if (text.includes("<")) throw new SyntaxError(`bare < in ${text.slice(0, 60)}`);
}

/** The texts of an SVG, in the order of drawing. */
export function svgTexts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
}

/**
 * Checks that a name is drawn in one colour in all of a page's figures, the small one of the list of questions included.
 * Names are the bold texts of drawings that aren't numbers.
 *
 * @returns Every name with its place in the palette.
 * @throws Error when a name has two.
 */
export function placesOfNames(page: Page): Map<string, string> {
  const places = new Map<string, string>();
  const figures = [...page.sections.flatMap(({ blocks }) => blocks), page.thumbnail].filter((block): block is Figure =>
    typeof block === "object" && block.kind === "figure"
  );
  for (const { id, panels } of figures) {
    for (const svg of panels.flatMap(({ wide, narrow }) => [wide, narrow])) {
      for (const [, group, texts] of svg.matchAll(/<g([^>]*font-weight="600"[^>]*)>((?:<text[^>]*>[^<]*<\/text>)*)/g)) {
        const [, place] = /class="series (place-\d+)"/.exec(group) ?? [];
        if (place === undefined) continue;
        for (const name of svgTexts(texts).filter((text) => !/^[\d.,]+×?$/.test(text))) {
          const known = places.get(name);
          if (known !== undefined && known !== place) throw new Error(`${name} is ${known} and, in ${id}, ${place}`);
          places.set(name, place);
        }
      }
    }
  }
  return places;
}
