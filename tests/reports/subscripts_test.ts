import { assertEquals } from "@std/assert";
import { html } from "../../reports/html.ts";
import { withSubscripts } from "../../reports/subscripts.ts";

Deno.test("withSubscripts() sets one letter's subscript, and leaves names and markup characters alone", () => {
  const cases = {
    "W_a has l_d x l_e": "W<sub>a</sub> has l<sub>d</sub> x l<sub>e</sub>",
    "2D_x and 4D_pD_x": "2D<sub>x</sub> and 4D<sub>p</sub>D<sub>x</sub>",
    "D_Da, x2_y_z": "D<sub>Da</sub>, x2_y_z",
    "my_score < W_a": "my_score &lt; W<sub>a</sub>",
    "4D_pD_x + 2D_x, E_rec": "4D<sub>p</sub>D<sub>x</sub> + 2D<sub>x</sub>, E<sub>rec</sub>",
    "a_b_c and D_Da": "a_b_c and D<sub>Da</sub>",
    "nothing here": "nothing here",
    "": "",
  };
  for (const [text, markup] of Object.entries(cases)) assertEquals(html`${withSubscripts(text)}`.markup, markup);
});
