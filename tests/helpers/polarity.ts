/**
 * Sentences of the size and form of the movie-review polarity data (Pang & Lee 2005): 5,331 a class, one a line, words
 * between blanks, about 21 of them, Latin-1 with letters past ASCII, some 19,000 different words of which half come once.
 *
 * @module
 */
import { type Random, randomFrom } from "../../operators/numerics/random.ts";

/** Sentences of each class in the original. */
export const POLARITY_SIZE = 5331;

/** A word's number by Zipf's law over `count` words. */
function zipf(random: Random, count: number): number {
  return Math.floor(Math.exp(random.uniform() * Math.log(count + 1))) - 1;
}

function spelt(kind: string, number: number): string {
  // An é now and then: Latin-1 and UTF-8 differ there.
  return number % 97 === 5 ? `${kind}é${number}` : `${kind}${number}`;
}

/** The bytes of one class's file, in Latin-1. The class shows in about two words a sentence; one sentence in nine lies. */
export function polarityFile(positive: boolean, size = POLARITY_SIZE, seed = 1): Uint8Array<ArrayBuffer> {
  const random = randomFrom(2 * seed + Number(positive));
  const lines = Array.from({ length: size }, () => {
    const words = Math.max(1, Math.round(21 + 9 * random.normal()));
    const says = random.uniform() < 1 / 9 ? !positive : positive;
    return Array.from({ length: words }, () => {
      const kind = random.uniform();
      if (kind < 0.1) return spelt(says ? "fine" : "dull", zipf(random, 800));
      return kind < 0.2 ? [",", ".", "the"][random.integer(3)] : spelt("w", zipf(random, 40_000));
    }).join(" ") + " ";
  });
  return Uint8Array.from(lines.join("\n") + "\n", (character) => character.charCodeAt(0));
}

/** Writes both files into a folder and says where they are. */
export async function writePolarity(folder: string, size = POLARITY_SIZE) {
  const files = { positive: `${folder}/rt-polarity.pos`, negative: `${folder}/rt-polarity.neg` };
  await Deno.writeFile(files.positive, polarityFile(true, size));
  await Deno.writeFile(files.negative, polarityFile(false, size));
  return files;
}
