/**
 * A diagram of decoder paths, drawn from what the paths say of themselves: one step, in the order in which it is computed.
 *
 * @module
 */
import type { Path } from "../../operators/mod.ts";
import { type Html, html } from "../../reports/mod.ts";

const [WIDTH, ROW, TOP] = [350, 62, 34];

/** Where each name stands: what is given on the left, what is made in rows of its own, in the order of making. */
function placesOf({ flow }: Path): Map<string, { x: number; y: number; made: boolean }> {
  const made = flow.map(({ to }) => to);
  const given = [...new Set(flow.flatMap(({ from }) => from))].filter((name) => !made.includes(name));
  const height = ROW * (made.length - 1);
  return new Map<string, { x: number; y: number; made: boolean }>([
    ...given.map((name, at) =>
      [name, { x: 52, y: TOP + (given.length === 1 ? 0 : height * at / (given.length - 1)), made: false }] as const
    ),
    ...made.map((name, at) => [name, { x: 235, y: TOP + ROW * at, made: true }] as const),
  ]);
}

function drawing(path: Path): Html {
  const places = placesOf(path);
  const height = TOP * 2 + ROW * (path.flow.length - 1);
  const arrows = path.flow.flatMap(({ from, to }) =>
    from.map((name) => ({ a: places.get(name)!, b: places.get(to)! }))
  );
  return html`
    <figure class="diagram">
      <figcaption><b>${path.name[0].toUpperCase()}${path.name.slice(1)}</b></figcaption>
      <svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" style="max-width:100%;height:auto"
        aria-label="${spoken(path)}">
        ${arrows.map(({ a, b }) => {
          const bent = a.made ? 60 : 0; // from one made thing to another: around the right
          const d = a.made
            ? `M${a.x + 40} ${a.y}C${a.x + 40 + bent} ${a.y} ${b.x + 40 + bent} ${b.y} ${b.x + 44} ${b.y}`
            : `M${a.x + 44} ${a.y}C${a.x + 90} ${a.y} ${b.x - 90} ${b.y} ${b.x - 44} ${b.y}`;
          return html`
            <path d="${d}" fill="none" stroke="currentColor" stroke-opacity="0.55" stroke-width="1.3" />
            <circle cx="${a.made ? b.x + 44 : b.x - 44}" cy="${b.y}" r="3" fill="currentColor" />
          `;
        })}
        ${[...places].map(([name, { x, y, made }]) =>
          html`
            <rect x="${x - 40}" y="${y - 14}" width="80" height="28" rx="${made ? 14 : 3}" fill="var(--raised, #eee)"
              stroke="${made ? "var(--hue-0, #0067a8)" : "var(--rule, #bbb)"}" />
            <text x="${x}" y="${y + 4}" text-anchor="middle" font-size="13" fill="currentColor">${name}</text>
          `
        )}
        ${path.flow.map(({ to, by }, at) => {
          const { x, y } = places.get(to)!;
          return html`
            <text x="${x}" y="${y + 29}" text-anchor="middle" font-size="11" fill="currentColor"
              fill-opacity="0.75">${at + 1}. ${by}</text>
          `;
        })}
      </svg>
    </figure>
  `;
}

function spoken({ name, flow }: Path): string {
  return `${name}: ${flow.map(({ from, to, by }) => `${to} from ${from.join(", ")} by ${by}`).join("; ")}.`;
}

/** Both paths side by side. */
export function pathDiagram(paths: readonly Path[]): Html {
  return html`
    <div style="display:flex;flex-wrap:wrap;gap:1.5rem">${paths.map(drawing)}</div>
    <p
      class="caption">One step of each path, drawn from the code's own description. Square: given, from the step before or from the
      encoder. Round: made, numbered in the order of making. h is the decoder's state, α the weights, c the context.</p>
  `;
}
