/**
 * The one file that knows which DOM Plot draws into. Plot asks for a document only; linkedom is one that needs no
 * browser and has an SVG namespace.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/**
 * Draws a plot on the server and returns its SVG as markup that follows the page's colours: no background, no style of
 * its own, `currentColor` for text and axes.
 *
 * Legends and titles belong to the page, not to the plot: with either, Plot returns a `<figure>` around the `<svg>`,
 * which is refused here.
 *
 * @throws TypeError when the options made Plot return anything but an SVG.
 */
export function renderPlot(options: Plot.PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const drawn = Plot.plot({ ...options, document: document as unknown as Document });
  if (drawn.tagName.toLowerCase() !== "svg") {
    throw new TypeError(
      `Cannot draw as a plot must be one SVG (no title, caption or legend): got ${drawn.tagName.toLowerCase()}`,
    );
  }
  drawn.querySelector("style")?.remove();
  drawn.setAttribute("class", "plot");
  drawn.setAttribute("aria-hidden", "true");
  drawn.setAttribute("focusable", "false");
  // The page has one text alternative for the whole figure; labels of single marks would be read as noise.
  for (const element of drawn.querySelectorAll("[aria-label], [aria-description]")) {
    element.removeAttribute("aria-label");
    element.removeAttribute("aria-description");
  }
  drawn.removeAttribute("font-family");
  return shorten(drawn.outerHTML);
}

/** Coordinates with two digits behind the point: a hundredth of a pixel is less than anybody sees. */
function shorten(markup: string): string {
  return markup.replace(
    /(\s(?:d|transform|x|y|x1|x2|y1|y2|cx|cy|r|width|height|points)=")([^"]*)"/g,
    (_, start, value) => `${start}${value.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (n: string) => String(round(n)))}"`,
  );
}

function round(number: string): number {
  const rounded = Math.round(Number(number) * 100) / 100;
  return rounded === 0 ? 0 : rounded;
}
