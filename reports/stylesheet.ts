/**
 * The site's one stylesheet, joined of a file for each thing that a page shows. Their order is that of the rules.
 *
 * @module
 */
import claims from "./assets/claims.css" with { type: "text" };
import figures from "./assets/figures.css" with { type: "text" };
import foot from "./assets/foot.css" with { type: "text" };
import frame from "./assets/frame.css" with { type: "text" };
import method from "./assets/method.css" with { type: "text" };
import palette from "./assets/palette.css" with { type: "text" };
import print from "./assets/print.css" with { type: "text" };
import questions from "./assets/questions.css" with { type: "text" };
import subscripts from "./assets/subscripts.css" with { type: "text" };
import tables from "./assets/tables.css" with { type: "text" };
import { hueVariables } from "./palette.ts";

const rules = [palette, frame, figures, tables, claims, method, questions, foot, print, subscripts];

/** The stylesheet: the hues' variables for both schemes, then the rules. */
export function stylesheet(): string {
  return `:root { ${hueVariables("light")} }\n` +
    `@media screen and (prefers-color-scheme: dark) { :root { ${hueVariables("dark")} } }\n${rules.join("\n")}`;
}
