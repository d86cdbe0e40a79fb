/**
 * A figure as a picture of its own: an SVG file that any viewer opens, outside the site and its stylesheet.
 *
 * @module
 */
import type { Figure } from "./figure.ts";

/** What the site's stylesheet says of a page's paper and ink, in light. */
const STYLE = "svg { --paper: #fdfdfb; --ink: #1d2126; --ink-soft: #565d66; color: var(--ink); " +
  "background: var(--paper); font-family: system-ui, sans-serif; }";

/**
 * The SVG of one panel of a figure, as a file's text.
 *
 * @param panel Which panel, from 0.
 * @throws RangeError when the figure has no such panel.
 */
export function picture(figure: Figure, panel = 0): string {
  const drawn = figure.panels[panel];
  if (!drawn) {
    throw new RangeError(
      `Cannot make a picture as the panel must be below ${figure.panels.length}: current value is ${panel}`,
    );
  }
  return drawn.wide.replace(/^<svg([^>]*)>/, `<svg xmlns="http://www.w3.org/2000/svg"$1><style>${STYLE}</style>`);
}
