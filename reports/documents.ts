/**
 * Whole HTML documents: a page, and the index of all questions.
 *
 * @module
 */
import { blockMarkup, drawing, type Numbering } from "./blocks.ts";
import { formatBytes, formatNumber } from "./format.ts";
import { glossary } from "./glossary.ts";
import { type Html, html } from "./html.ts";
import type { Page, Section } from "./page.ts";

/** Bytes of a page's downloads, for the links. */
export interface Sizes {
  readonly csv: number;
  readonly json: number;
}

/** The document of one page. */
export function pageDocument(page: Page, sizes: Sizes): string {
  const numbering: Numbering = { figure: 0, table: 0 };
  const sections = [...page.sections, { heading: "Every row", blocks: [downloads(page, sizes)] }];
  const ids = sectionIds(sections);
  return document(
    page.question,
    page.headline,
    html`
      <header class="masthead"><a class="home" href="index.html">Heed</a></header>
      <main id="content" class="page">
        <header class="lead">
      <h1>${page.question}</h1>
      <p class="headline">${page.headline}</p>
      ${page.scope !== undefined && html`<p class="scope">${page.scope}</p>`}</header>
        <nav class="contents" aria-label="Contents">
          <p>Contents</p>
          <ol>${sections.map((section, index) => html`<li><a href="#${ids[index]}">${section.heading}</a></li>`)}</ol>
        </nav>
        <div class="sections">
      ${sections.map((section, index) =>
        html`<section id="${ids[index]}" aria-labelledby="${ids[index]}-heading">
<h2 id="${ids[index]}-heading">${section.heading}</h2>
${section.blocks.map((block) => blockMarkup(block, numbering, page.name))}</section>`
      )}</div>
      </main>
    `,
  );
}

/** The document that lists every question with its answer. */
export function indexDocument(pages: readonly Page[]): string {
  return document(
    "Heed: a workbench for attention",
    "Questions about attention mechanisms, answered with measurements on real data.",
    html`
      <header class="masthead"><span class="home">Heed</span></header>
      <main id="content" class="index">
        <header class="lead">
          <h1>What attention does, measured</h1>
          <p
            class="headline">Heed trains attention mechanisms on real data and answers one question a page. Every number comes from
      runs that you can repeat with one command; every figure links to its rows.</p>
        </header>
        <section aria-labelledby="questions-heading">
          <h2 id="questions-heading">Questions</h2>
          <ol class="questions">
      ${pages.map(questionMarkup)}</ol>
        </section>
        <section aria-labelledby="glossary-heading">
          <h2 id="glossary-heading">Glossary</h2>
          <dl class="glossary">
      ${glossary.map(({ term, meaning }) =>
        html`
          <div>
            <dt>${term}</dt>
            <dd>${meaning}</dd>
          </div>
        `
      )}</dl>
        </section>
      </main>
    `,
  );
}

function questionMarkup(page: Page): Html {
  const small = page.thumbnail;
  return html`<li class="question">
<div><h3><a href="${page.name}.html">${page.question}</a></h3>
<p>${page.headline}</p>${page.scope !== undefined && html`<p class="scope">${page.scope}</p>`}</div>
${
    small !== undefined && small.panels.length > 0 && html`
      <figure id="figure-${page.name}-${small.id}" class="small">
        <div class="drawing" role="img" aria-label="${small.summary}">${small.panels.map(drawing)}</div>
        <figcaption>${small.title}</figcaption>
      </figure>
    `
  }</li>`;
}

function downloads(page: Page, sizes: Sizes): Html {
  return html`<p>All ${
    formatNumber(page.rows.length)
  } rows behind this page, one measurement a row: <a href="${page.name}.csv" download>${page.name}.csv</a> (${
    formatBytes(sizes.csv)
  }), <a href="${page.name}.json" download>${page.name}.json</a> (${formatBytes(sizes.json)}).</p>${
    page.texts && page.texts.length > 0 && html`
      <p>As plain text, one line a sentence:</p>
      <ul>
        ${page.texts.map(({ id, label }) => html`<li><a href="${page.name}/${id}.txt" download>${label}</a></li>`)}
      </ul>
    `
  }`;
}

/** Ids from headings: words and hyphens, and the first free number behind an id that is taken. */
function sectionIds(sections: readonly Section[]): string[] {
  const ids: string[] = [];
  for (const { heading } of sections) {
    const words = heading.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    const id = `section-${words || "untitled"}`;
    let free = id;
    for (let number = 2; ids.includes(free); number++) free = `${id}-${number}`;
    ids.push(free);
  }
  return ids;
}

function document(title: string, description: string, body: Html): string {
  const root = html`
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <meta name="description" content="${description}">
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="style.css">
        <script src="site.js" defer></script>
      </head>
      <body>
    <a class="skip" href="#content">Skip to content</a>
    ${body}<footer class="foot"><p>Made with Heed. No address outside this folder is used: it can be read from a disk, archived, or served as it is.</p></footer>
      </body>
    </html>
  `;
  return `<!doctype html>\n${root.markup.trim()}\n`;
}
