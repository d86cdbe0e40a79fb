import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { type Box, overlaps, placeLabels, type Wanted } from "../../reports/figures/labels.ts";

const frame: Box = { left: 0, right: 700, top: 0, bottom: 300 };
const dot = ({ x, y }: Wanted): Box => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 });
const place = (wanted: readonly Wanted[], bars: readonly Box[] = []) =>
  placeLabels(wanted, wanted.map(dot), bars, frame);

Deno.test("a name with room around it stands right of its point, at its height", () => {
  assertEquals(place([{ x: 100, y: 100, width: 60 }]).map(({ side, dy }) => [side, dy]), [["right", 0]]);
  assertEquals(place([{ x: 680, y: 100, width: 60 }])[0].side, "left", "where the frame ends it stands on the left");
});

Deno.test("names of neighbouring points don't cover each other or the points", () => {
  // As on the context page: two points at nearly one height, the second behind the first's name.
  const wanted = [{ x: 300, y: 80, width: 105 }, { x: 380, y: 82, width: 42 }, { x: 310, y: 81, width: 60 }];
  const placed = place(wanted);
  for (const [i, a] of placed.entries()) {
    for (const [j, b] of placed.entries()) assert(i === j || !overlaps(a.box, b.box), `${i} and ${j}`);
    for (const point of wanted) assert(!overlaps(a.box, dot(point)), `${i} covers a point`);
    assertLessOrEqual(Math.abs(a.dy), 32);
  }
});

Deno.test("a name moves a little rather than stand across an interval", () => {
  const bar: Box = { left: 149, right: 151, top: 90, bottom: 104 };
  const [{ box, dy }] = place([{ x: 100, y: 100, width: 80 }], [bar]);
  assert(!overlaps(box, bar));
  assertLessOrEqual(Math.abs(dy), 20);
});

Deno.test("random points with up to seven names: none covers another or leaves the frame", () => {
  const point = fc.record({
    x: fc.integer({ min: 20, max: 680 }),
    y: fc.integer({ min: 10, max: 290 }),
    width: fc.integer({ min: 20, max: 110 }),
  });
  fc.assert(fc.property(fc.array(point, { minLength: 1, maxLength: 7 }), (wanted) => {
    const placed = place(wanted);
    for (const [i, { box }] of placed.entries()) {
      assert(box.left >= 0 && box.right <= 700 && box.top >= 0 && box.bottom <= 300);
      for (const other of placed.slice(i + 1)) assert(!overlaps(box, other.box));
    }
  }));
});
