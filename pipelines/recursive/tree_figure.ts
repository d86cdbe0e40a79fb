/**
 * Trees as drawings: a line is a merge, as wide as its reconstruction error is great; a node has the colour of the class
 * that its head gives it; words stand below, and every phrase can be read (on paper: in the table of the same rows).
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import type { Measurement } from "../../operators/records.ts";
import { type DataRow, type FigureSpec, formatNumber, type Frame, type Panel } from "../../reports/mod.ts";

/** One node of a drawn tree. */
export type TreeRow = DataRow & {
  readonly sentence: string;
  readonly truth: string;
  readonly text: string;
  readonly node: number;
  readonly x: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly class: string;
  /** Probability of the last class, `positive` for two. */
  readonly positive: number;
  /** E_rec; 0 for a word. */
  readonly error: number;
};

/** The figure: one panel a sentence. */
export function treeFigure(title: string, caption: string): FigureSpec<TreeRow> {
  return {
    id: "trees",
    title,
    caption,
    by: "class",
    columns: 2,
    data: rowsOf,
    summary: (data) =>
      sentencesOf(data).map((nodes) => {
        const root = nodes[nodes.length - 1];
        return `“${root.text}” (${root.truth}) is judged ${root.class}; its merges, in order: ${
          nodes.filter(({ left }) => left >= 0).map(({ text, class: name }) => `“${text}” ${name}`).join(", ")
        }.`;
      }).join(" "),
    panels: (data, frame) => sentencesOf(data).map((nodes) => panel(nodes, frame)),
  };
}

function rowsOf(rows: readonly Measurement[]): TreeRow[] {
  const first = rows.find(({ metric }) => metric === "tree")?.trial;
  return rows.filter(({ metric, trial }) => metric === "tree" && trial === first).map(({ labels, step, value }) => ({
    sentence: String(labels.sentence),
    truth: String(labels.truth),
    text: String(labels.text),
    node: step,
    x: (Number(labels.start) + Number(labels.end) - 1) / 2,
    height: Number(labels.height),
    left: Number(labels.left),
    right: Number(labels.right),
    class: String(labels.class),
    positive: Number(labels.positive),
    error: value,
  }));
}

function sentencesOf(data: readonly TreeRow[]): TreeRow[][] {
  return [...Map.groupBy(data, ({ sentence }) => sentence).values()].map((nodes) =>
    [...nodes].sort((a, b) => a.node - b.node)
  );
}

function panel(nodes: readonly TreeRow[], frame: Frame): Panel {
  const root = nodes[nodes.length - 1];
  const words = nodes.filter(({ left }) => left < 0);
  const greatest = Math.max(1e-9, ...nodes.map(({ error }) => error));
  const widthOf = ({ error }: TreeRow) => 1 + 5 * error / greatest;
  const links = nodes.filter(({ left }) => left >= 0).flatMap((parent) =>
    [parent.left, parent.right].map((child) => ({
      x1: parent.x,
      y1: parent.height,
      x2: nodes[child].x,
      y2: nodes[child].height,
      width: widthOf(parent),
    }))
  );
  const classes = [...new Set(nodes.map(({ class: name }) => name))].sort();
  const ink = (node: TreeRow) => frame.palette(node.class).colour;
  const width = frame.narrow ? frame.width : Math.floor(frame.width / 2) - 12;
  const phrase = (node: TreeRow) =>
    `“${node.text}”: ${node.class} (${formatNumber(100 * node.positive, 0)}% ${
      root.class === "positive" || root.class === "negative" ? "positive" : "last class"
    })${node.left >= 0 ? `, reconstruction error ${formatNumber(node.error, 3)}` : ""}`;
  return {
    heading: `${root.text} — ${root.truth}, judged ${root.class}`,
    plot: {
      width,
      height: 90 + 24 * Math.max(1, root.height) + 40,
      marginTop: 14,
      marginBottom: 74,
      marginLeft: 22,
      marginRight: 22,
      x: { axis: null, domain: [-0.4, words.length - 0.6] },
      y: { axis: null, domain: [0, Math.max(1, root.height)] },
      marks: [
        Plot.link(links, {
          x1: "x1",
          y1: "y1",
          x2: "x2",
          y2: "y2",
          stroke: "currentColor",
          strokeOpacity: 0.45,
          strokeWidth: (link) => link.width,
        }),
        Plot.dot(nodes, {
          x: "x",
          y: "height",
          r: (node: TreeRow) => node.left < 0 ? 4 : 6,
          fill: ink,
          symbol: (node: TreeRow) => node.class === root.class ? "circle" : "square",
          title: phrase,
        }),
        ...classes.map((name, place) =>
          Plot.text([name], {
            text: (name: string) => `● ${name}`,
            frameAnchor: "top-left",
            dx: -18,
            dy: 4 + 16 * place,
            fill: frame.palette(name).colour,
            fontSize: 12,
          })
        ),
        Plot.text(words, {
          x: "x",
          y: "height",
          text: "text",
          dy: 10,
          rotate: -50,
          textAnchor: "end",
          fill: "currentColor",
          fontSize: 12,
        }),
      ],
      symbol: { type: "identity" },
      r: { type: "identity" },
      color: { type: "identity" },
    },
  };
}
