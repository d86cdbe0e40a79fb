/**
 * The blocks of a section as markup: paragraphs, figures, tables, claims and the method.
 *
 * @module
 */
import { type Claim, type Claims, verdicts } from "./claims.ts";
import { withSubscripts } from "./subscripts.ts";
import type { Figure } from "./figure.ts";
import { cellText, cellValue, type Column, type Table } from "./table.ts";
import { type Html, html, isHtml, trusted } from "./html.ts";
import type { Block, Method, MethodEntry } from "./page.ts";

/** Counts figures and tables through a page. */
export interface Numbering {
  figure: number;
  table: number;
}

/** Markup of one block. `files` is the address of the folder with the figures' data, relative to the page. */
export function blockMarkup(block: Block, numbering: Numbering, files: string): Html {
  if (typeof block === "string") return html`<p>${block}</p>`;
  switch (block.kind) {
    case "html":
      return html`${block}`;
    case "figure":
      return figureMarkup(block, ++numbering.figure, files);
    case "table":
      return tableMarkup(block, ++numbering.table);
    case "claims":
      return claimsMarkup(block);
    case "method":
      return methodMarkup(block);
  }
}

function figureMarkup(figure: Figure, number: number, files: string): Html {
  const id = `figure-${figure.id}`;
  const shown = figure.panels.slice(0, figure.visible);
  const more = figure.panels.slice(figure.visible);
  const image = (panels: Figure["panels"]) =>
    html`
      <div class="drawing" role="img" aria-labelledby="${id}-title"
        aria-describedby="${id}-summary">${panelsMarkup(panels, figure.columns)}</div>
    `;
  return html`<figure id="${id}" class="figure">
<figcaption>
<p class="figure-title" id="${id}-title"><span class="number">Figure ${number}.</span> ${figure.title}</p>
${figure.caption && html`<p class="caption">${withSubscripts(figure.caption)}</p>`}</figcaption>
${shown.length > 0 ? image(shown) : html`<p class="empty">${figure.summary}</p>`}${
    more.length > 0 &&
    html`<details class="more"><summary>${more.length} more: ${
      more.map((panel) => panel.heading ?? "").filter((heading) => heading !== "").join(", ")
    }</summary>
${image(more)}</details>`
  }<div class="figure-foot">
<details class="words"><summary>In words</summary><p id="${id}-summary">${figure.summary}</p></details>
<p class="data-links">Data: <a href="${files}/${figure.id}.csv" download>CSV</a>, <a href="${files}/${figure.id}.json" download>JSON</a></p>
</div>
</figure>`;
}

function panelsMarkup(panels: Figure["panels"], columns: number): Html {
  return html`<div class="panels columns-${columns}">${
    panels.map((panel) =>
      html`<div class="panel">${panel.heading !== undefined && html`<p class="panel-heading">${panel.heading}</p>`}${
        drawing(panel)
      }</div>`
    )
  }</div>`;
}

/** The two drawings of a panel; the stylesheet shows the one that fits. */
export function drawing(panel: { readonly wide: string; readonly narrow: string }): Html {
  return panel.wide === panel.narrow ? html`<div class="always">${trusted(panel.wide)}</div>` : html`
    <div class="wide">${trusted(panel.wide)}</div>
    <div class="narrow">${trusted(panel.narrow)}</div>
  `;
}

function tableMarkup(table: Table, number: number): Html {
  const id = `table-${table.id}`;
  const grid = html`
    <div class="scroll" role="region" aria-labelledby="${id}-title" tabindex="0">
      <table class="sortable" aria-labelledby="${id}-title">
        <thead>
          <tr>${table.columns.map(headerMarkup)}</tr>
        </thead>
        <tbody>${table.rows.map((row) => rowMarkup(table, row))}</tbody>
      </table>
    </div>
  `;
  return html`
    <div class="table" id="${id}">
      <p class="figure-title" id="${id}-title"><span class="number">Table ${number}.</span> ${table.title}</p>
      ${table.caption && html`<p class="caption" id="${id}-caption">${withSubscripts(table.caption)}</p>`}
      ${table.folded ? foldedMarkup(table, grid) : grid}
    </div>
  `;
}

function foldedMarkup({ columns }: Table, grid: Html): Html {
  const headings = columns.slice(1).map(({ heading }) => heading).join(", ");
  return html`<details class="more"><summary>${columns.length - 1} columns: ${headings}</summary>${grid}</details>`;
}

function headerMarkup(column: Column): Html {
  const unit = column.unit && html`<span class="unit">${column.unit}</span>`;
  return html`<th scope="col" class="${kindOf(column)}">${column.heading} ${unit}</th>`;
}

function rowMarkup(table: Table, row: Table["rows"][number]): Html {
  const cells = table.columns.map((column, index) => {
    const cell = row[column.key];
    const text = cellText(cell, column);
    return index === 0
      ? html`<th scope="row" class="${kindOf(column)}">${text}</th>`
      : html`<td class="${kindOf(column)}" data-value="${cellValue(cell)}">${text}</td>`;
  });
  return html`<tr>${cells}</tr>`;
}

function kindOf(column: Column): string {
  return column.kind === "text" ? "text" : "numeric";
}

function claimsMarkup({ claims }: Claims): Html {
  const counts = verdicts.map((verdict) => ({
    verdict,
    count: claims.filter((claim) => claim.verdict === verdict).length,
  })).filter(({ count }) => count > 0);
  return html`<p class="tally">${
    counts.map(({ verdict, count }) =>
      html`
        <span>${badge(verdict)} ${count}</span>
      `
    )
  }</p>
<ol class="claims">
${claims.map(claimMarkup)}</ol>`;
}

function claimMarkup(claim: Claim): Html {
  return html`
    <li class="claim">
      <div class="claim-head"><q>${withSubscripts(claim.claim)}</q> ${badge(claim.verdict)}</div>
      <dl>
        <div>
          <dt>Theory</dt>
          <dd>${withSubscripts(claim.theory)}</dd>
        </div>
        <div>
          <dt>Measured here</dt>
          <dd>${withSubscripts(claim.measured)}</dd>
        </div>
      </dl>
    </li>
  `;
}

const signs: Readonly<Record<Claim["verdict"], string>> = {
  "holds": "✓",
  "holds in part": "◐",
  "does not hold": "✕",
  "no difference seen": "=",
  "not tested here": "?",
};

function badge(verdict: Claim["verdict"]): Html {
  return html`<span class="badge ${verdict.replaceAll(" ", "-")}"><span aria-hidden="true">${
    signs[verdict]
  }</span> ${verdict}</span>`;
}

function methodMarkup({ entries }: Method): Html {
  return html`<dl class="method">
${entries.map((entry) => html`<div><dt>${entry.term}</dt>${valuesOf(entry)}</div>`)}</dl>`;
}

function valuesOf(entry: MethodEntry): readonly Html[] {
  const values = typeof entry.value === "string" || isHtml(entry.value) ? [entry.value] : entry.value;
  return values.map((value) =>
    html`<dd>${
      entry.code ? html`<code>${value}</code>` : typeof value === "string" ? withSubscripts(value) : value
    }</dd>`
  );
}
