import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parse } from "@std/csv";
import { join } from "@std/path";
import { InputError, type Measurement } from "../../operators/records.ts";
import { html, method, page, section, siteFiles, table, writeSite } from "../../reports/mod.ts";
import { readTags, type Tag } from "../helpers/markup.ts";
import { fixturePage, fixtureRows } from "./fixture.ts";

const attack = `<script>alert("&'")</script>`;
const files = siteFiles([fixturePage(), fixturePage(fixtureRows(["dot", attack], 3, 2), "attacked")]);
const pages = ["index.html", "scores.html", "attacked.html"];

Deno.test("the site is the same, byte for byte, for the same pages", () => {
  assertEquals([...siteFiles([fixturePage()])], [...siteFiles([fixturePage()])]);
});

for (const name of pages) {
  const tags = () => readTags(files.get(name)!);

  Deno.test(`${name} is well-formed, in a language, and its ids are unique`, () => {
    const all = tags();
    assertEquals(all[0].attributes.get("lang"), "en");
    const ids = all.flatMap(({ attributes }) => attributes.get("id") ?? []);
    assertEquals(ids.length, new Set(ids).size);
    for (const reference of ["aria-labelledby", "aria-describedby"]) {
      for (const { attributes } of all) {
        const id = attributes.get(reference);
        assert(id === undefined || ids.includes(id), `${reference} names ${id}`);
      }
    }
    assertEquals(all.filter((tag) => tag.name === "h1").length, 1);
  });

  Deno.test(`${name} links to nothing but the site's own files and places`, () => {
    const all = tags();
    const ids = new Set(all.map(({ attributes }) => attributes.get("id")));
    let links = 0;
    for (const { name, attributes } of all) {
      for (const [key, value] of attributes) {
        if (key === "style") assert(!/url\(/i.test(value));
        if (!["href", "src", "srcset", "action", "poster", "data", "xlink:href"].includes(key) || value === "data:,") {
          continue;
        }
        links++;
        assert(value.startsWith("#") ? ids.has(value.slice(1)) : files.has(value), `${name} ${key}=${value}`);
      }
    }
    assert(links > 2);
  });

  Deno.test(`${name} has one script, and no text became markup`, () => {
    const scripts = tags().filter((tag) => tag.name === "script");
    assertEquals(scripts.map((tag) => tag.attributes.get("src")), ["site.js"]);
    assert(tags().every(({ attributes }) => [...attributes.keys()].every((key) => !key.startsWith("on"))));
  });
}

Deno.test("a mechanism's name that is markup is shown as text, in figures, summaries and tables", () => {
  const source = files.get("attacked.html")!;
  assert(!source.includes("<script>alert"));
  assert(source.split("&lt;script&gt;alert").length > 5);
});

Deno.test("the stylesheet and the script ask for nothing", () => {
  for (const name of ["style.css", "site.js"]) {
    assert(!/@import|url\(|https?:|fetch|XMLHttp|import\b/.test(files.get(name)!), name);
  }
});

Deno.test("every figure has an id, a number, a title, a caption, a text alternative, and its rows as CSV and JSON", () => {
  const all = readTags(files.get("scores.html")!);
  const figures = all.filter((tag) => tag.name === "figure");
  assertEquals(figures.length, 6);
  for (const [index, { attributes }] of figures.entries()) {
    const id = attributes.get("id")!, name = id.replace("figure-", "");
    assert(all.some((tag) => tag.attributes.get("id") === `${id}-title`));
    const image = all.find((tag) => tag.attributes.get("aria-labelledby") === `${id}-title`)!;
    assertEquals([image.attributes.get("role"), image.attributes.get("aria-describedby")], ["img", `${id}-summary`]);
    const source = files.get("scores.html")!.split(`<figure id="${id}"`)[1].split("</figure>")[0];
    assert(source.includes(`Figure ${index + 1}.`));
    assert(new RegExp(`id="${id}-summary">[^<]{30,}<`).test(source));
    assert(/class="caption">[^<]{10,}</.test(source));
    const rows = JSON.parse(files.get(`scores/${name}.json`)!) as Record<string, unknown>[];
    const csv = parse(files.get(`scores/${name}.csv`)!, { skipFirstRow: true });
    assert(rows.length > 0);
    assertEquals(csv, rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, String(v ?? "")]))));
  }
});

Deno.test("a page's texts are files of their own beside its rows, and links lead there", () => {
  const content = { name: "p", question: "?", headline: "!", sections: [], rows: [] };
  const texts = [{ id: "said", label: "hypotheses of A & B", text: "one\ntwo\n" }];
  const written = siteFiles([page({ ...content, texts })]);
  assertEquals(written.get("p/said.txt"), "one\ntwo\n");
  const links = readTags(written.get("p.html")!).map(({ attributes }) => attributes.get("href"));
  assert(links.includes("p/said.txt"));
  assert(written.get("p.html")!.includes("hypotheses of A &amp; B"));
  assertThrows(() => page({ ...content, texts: [...texts, ...texts] }), RangeError, "said stands twice");
  assertThrows(() => page({ ...content, texts: [{ ...texts[0], id: "../said" }] }), InputError, "../said");
});

Deno.test("tables head their columns and rows", () => {
  const all = readTags(files.get("scores.html")!);
  const scopes = (scope: string) => all.filter((tag) => tag.name === "th" && tag.attributes.get("scope") === scope);
  assertEquals([scopes("col").length, scopes("row").length], [7, 5]);
  assert(all.filter((tag: Tag) => tag.name === "th").every((tag) => tag.attributes.has("scope")));
});

Deno.test("every verdict is said in words", () => {
  const source = files.get("scores.html")!;
  for (const verdict of ["holds", "holds in part", "does not hold", "no difference seen", "not tested here"]) {
    assert(source.includes(`</span> ${verdict}</span>`), verdict);
  }
});

Deno.test("a page's rows are its CSV and its JSON, labels in columns of their own", () => {
  const rows: Measurement[] = [
    { trial: "t", metric: "per", step: 1, value: 0.1, unit: "%", labels: { score: 'a "b", c', unit: "x" } },
    { trial: "t", metric: "per", step: 2, value: 1e-9, unit: "%", labels: { score: "d\ne", seed: 7 } },
  ];
  const written = siteFiles([page({ name: "p", question: "?", headline: "!", sections: [], rows })]);
  assertEquals(JSON.parse(written.get("p.json")!), rows);
  assertEquals(parse(written.get("p.csv")!, { skipFirstRow: true }), [
    { trial: "t", metric: "per", step: "1", value: "0.1", unit: "%", score: 'a "b", c', seed: "", label_unit: "x" },
    { trial: "t", metric: "per", step: "2", value: "1e-9", unit: "%", score: "d\ne", seed: "7", label_unit: "" },
  ]);
});

Deno.test("pages refuse names and ids that would collide, and say which", () => {
  const empty = { question: "?", headline: "!", sections: [], rows: [] };
  assertThrows(() => page({ ...empty, name: "index" }), RangeError, "index");
  assertThrows(() => page({ ...empty, name: "../up" }), InputError, "../up");
  const one = table({ id: "t", title: "", caption: "", columns: [{ key: "a", heading: "A" }], rows: [] });
  assertThrows(() => page({ ...empty, name: "p", sections: [section("", one, one)] }), RangeError, "t stands twice");
  assertThrows(() => siteFiles([page({ ...empty, name: "p" }), page({ ...empty, name: "p" })]), RangeError, "p stands");
  assertThrows(() => table({ ...one, rows: [{}] }), RangeError, "needs a cell a");
});

Deno.test("what a run has no rows for is left out, and a section of which nothing is left says so", () => {
  assertEquals(section("A", undefined, "text", false).blocks, ["text"]);
  assertEquals(section("A", undefined, false).blocks, ["This run has measured nothing of it."]);
  assertEquals(section("A").blocks, []);
  const seeds = { term: "Seeds", value: "1" };
  assertEquals(method([undefined, seeds, undefined]).entries, [seeds]);
});

Deno.test("sections with equal headings have ids of their own", () => {
  const sections = ["A", "A 2", "A", "A", "λ", "µ"].map((heading) => section(heading));
  const written = siteFiles([page({ name: "p", question: "?", headline: "!", sections, rows: [] })]).get("p.html")!;
  const ids = readTags(written).flatMap(({ name, attributes }) => name === "section" ? attributes.get("id")! : []);
  assertEquals(ids.slice(0, 6), [
    "section-a",
    "section-a-2",
    "section-a-3",
    "section-a-4",
    "section-untitled",
    "section-untitled-2",
  ]);
});

Deno.test("html`` escapes values, keeps markup, and leaves out what isn't there", () => {
  assertEquals(
    html`<p title="${`"&'`}">${"<b>"}${html`<i>${1}</i>`}${null}${false}${undefined}${["a", "<"]}</p>`.markup,
    `<p title="&quot;&amp;&#39;">&lt;b&gt;<i>1</i>a&lt;</p>`,
  );
});

Deno.test("writeSite() makes the folder, replaces files whole, and leaves nothing else behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const out = join(folder, "deep", "site");
    await writeSite([fixturePage()], out);
    await writeSite([fixturePage()], out);
    const expected = siteFiles([fixturePage()]);
    const found = await listFiles(out);
    assertEquals(found, [...expected.keys()].sort());
    for (const path of found) assertEquals(await Deno.readTextFile(join(out, path)), expected.get(path));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeSite() says in one line what can't be written, and leaves no half file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "not a folder");
    const error = await assertRejects(() => writeSite([fixturePage()], join(file, "site")), InputError, "--out");
    assertEquals((error as Error).message.includes("\n"), false);
    // A folder where a file should go: the rename fails after the temporary file was written.
    const out = join(folder, "out");
    await Deno.mkdir(join(out, "scores.html", "taken"), { recursive: true });
    await assertRejects(() => writeSite([fixturePage()], out), InputError, "--out");
    assertEquals((await listFiles(out)).filter((path) => path.endsWith(".part")), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function listFiles(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(folder, prefix))) {
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    if (entry.isDirectory) found.push(...await listFiles(folder, path));
    else found.push(path);
  }
  return found.sort();
}
