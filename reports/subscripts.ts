/**
 * Subscripts in running text: `W_a` as mathematics writes it.
 *
 * @module
 */
import { html, type HtmlValue } from "./html.ts";

/**
 * One letter, an underscore, and letters or digits: `W_a`, `l_d`, `D_Da`, with a number before (`2D_x`) or the next symbol
 * behind (`D_pD_x`). Longer names (`my_score`) stay as they are.
 */
const SUBSCRIPT = /(?<![\p{L}_])(\p{L})_([\p{L}\p{N}]{1,3}?)(?=$|[^\p{L}\p{N}_]|\p{L}_)/u;

/** Text with its subscripts set as such; everything else is text, to be escaped. */
export function withSubscripts(text: string): HtmlValue {
  const found = SUBSCRIPT.exec(text);
  if (!found) return text;
  const [whole, letter, below] = found;
  const rest = withSubscripts(text.slice(found.index + whole.length));
  return [text.slice(0, found.index), html`${letter}<sub>${below}</sub>`, rest];
}
