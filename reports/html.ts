/**
 * HTML that can't be injected into: text becomes markup only through {@linkcode html}, which escapes every value that
 * isn't markup already.
 *
 * @module
 */
import { escape } from "@std/html";

/** A piece of markup that is safe to put into a page as it stands. */
export interface Html {
  readonly kind: "html";
  readonly markup: string;
}

/** What may stand between the pieces of a template: text and numbers are escaped, markup is not. */
export type HtmlValue = string | number | Html | null | undefined | false | readonly HtmlValue[];

/**
 * A template tag: literal parts are markup, values are text unless they are {@linkcode Html}. `null`, `undefined` and
 * `false` leave nothing; arrays are joined.
 *
 * @example
 * ```ts
 * import { html } from "@heed/heed/reports";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(html`<em>${"a < b"}</em>`.markup, "<em>a &lt; b</em>");
 * ```
 */
export function html(literals: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const markup = literals.reduce((text, literal, index) => text + toMarkup(values[index - 1]) + literal);
  return { kind: "html", markup };
}

/** Markup from a trusted maker (the SVG serialiser); never call it on anything that a user wrote. */
export function trusted(markup: string): Html {
  return { kind: "html", markup };
}

function toMarkup(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string") return escape(value);
  if (typeof value === "number") return escape(String(value));
  if (isHtml(value)) return value.markup;
  return value.map(toMarkup).join("");
}

/** Whether a value is markup made by {@linkcode html}. */
export function isHtml(value: unknown): value is Html {
  return typeof value === "object" && value !== null && (value as Html).kind === "html";
}
