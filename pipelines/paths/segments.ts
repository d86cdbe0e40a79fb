/**
 * Translated sentences as a page uses them: combinations against each other on the same sentences, and texts that another
 * program can score.
 *
 * @module
 */
import {
  bleuOf,
  bleuStatistics,
  chrfOf,
  chrfStatistics,
  type PairedBootstrap,
  pairedBootstrap,
} from "../../operators/mod.ts";
import type { Measurement } from "../../operators/records.ts";
import {
  effectFigure,
  type Figure,
  figure,
  formatNumber,
  formatRange,
  listWords,
  type PageText,
} from "../../reports/mod.ts";
import type { Compared } from "./compared.ts";

/** How BLEU and chrF see a segment. */
const SCORES = {
  bleu: { statistics: bleuStatistics, score: bleuOf },
  chrf: { statistics: chrfStatistics, score: chrfOf },
} as const;

/** The references of a kept sentence. */
function referencesOf({ labels }: Measurement): string[] {
  const found: string[] = [];
  for (let at = 1; labels[at === 1 ? "reference" : `reference${at}`] !== undefined; at++) {
    found.push(String(labels[at === 1 ? "reference" : `reference${at}`]));
  }
  return found;
}

/** Kept sentences of one combination by seed, each in the order of the test set. */
export function segmentsOf(compared: Compared, name: string): Map<number, Measurement[]> {
  const rows = compared.select("translation").filter(({ labels }) =>
    labels.combination === name && labels.line !== undefined
  ).sort((a, b) => Number(a.labels.line) - Number(b.labels.line));
  return Map.groupBy(rows, ({ labels }) => Number(labels.seed));
}

/**
 * `a` against `b` on the sentences that both translated, with all seeds that both have: the test sentences are drawn anew,
 * the same for both and for all seeds, and the difference of the corpus scores is a mean over seeds. Nothing where they
 * share no sentences.
 */
export function bootstrapped(
  compared: Compared,
  a: string,
  b: string,
  metric: keyof typeof SCORES,
): PairedBootstrap | undefined {
  const { statistics, score } = SCORES[metric];
  const [first, second] = [segmentsOf(compared, a), segmentsOf(compared, b)];
  const seeds = [...first.keys()].filter((seed) =>
    second.get(seed)?.map(({ labels }) => labels.line).join() ===
      first.get(seed)!.map(({ labels }) => labels.line).join()
  );
  const [count] = seeds.map((seed) => first.get(seed)!.length);
  if (!count || seeds.some((seed) => first.get(seed)!.length !== count)) return undefined;
  // A segment's statistics of all seeds side by side, so that one draw takes the same sentences of each.
  const side = (segments: Map<number, Measurement[]>) => {
    const bySeed = seeds.map((seed) =>
      segments.get(seed)!.map((row) => statistics(String(row.labels.hypothesis), referencesOf(row)))
    );
    return bySeed[0].map((_, line) => bySeed.flatMap((rows) => rows[line]));
  };
  const mean = (sums: readonly number[]) => {
    const width = sums.length / seeds.length;
    return seeds.reduce((sum, _, at) => sum + score(sums.slice(at * width, (at + 1) * width)), 0) / seeds.length;
  };
  return pairedBootstrap(side(first), side(second), mean);
}

/** The best combination against each other one, by BLEU and chrF; nothing where sentences weren't kept. */
export function bootstrapFigure(compared: Compared): Figure | undefined {
  const [best, ...others] = compared.ranked().map(({ name }) => name);
  const metrics = [["bleu", "BLEU"], ["chrf", "chrF"]] as const;
  const effects = others.flatMap((name) =>
    metrics.flatMap(([metric, label]) => {
      const found = bootstrapped(compared, best, name, metric);
      if (!found) return [];
      const { difference, interval: [low, high] } = found;
      return [{
        ...{ name: `${label}: ${name}`, metric, other: name },
        ...{ mean: difference, low, high, distinguishable: low > 0 || high < 0 },
      }];
    })
  );
  if (effects.length === 0) return undefined;
  const kept = [...segmentsOf(compared, best).values()][0].length;
  const bleu = effects.filter(({ metric }) => metric === "bleu");
  const ahead = bleu.filter(({ distinguishable }) => distinguishable)
    .map(({ other, mean, low, high }) => `of ${other} by ${formatRange({ mean, low, high, count: 2 })}`);
  const level = bleu.filter(({ distinguishable }) => !distinguishable).map(({ other }) => other);
  const said = [
    ...(ahead.length > 0 ? [`${best} is ahead in BLEU ${listWords(ahead)}`] : []),
    ...(level.length > 0 ? [`no difference in BLEU from ${best} is seen for ${listWords(level)}`] : []),
  ];
  return figure(
    effectFigure({
      id: "bootstrap",
      title: `On the same sentences ${said.join("; ")}`,
      caption:
        `Corpus scores of ${best} less those of the others on ${
          formatNumber(kept)
        } test sentences, means over the seeds, ` +
        "with 95% intervals of the paired bootstrap (1,000 draws of the sentences; Koehn 2004). They tell what other " +
        "sentences would change, the " +
        "intervals over seeds above what other initial values would. Filled: the interval leaves out 0.",
      effects,
      label: "Difference (points of BLEU or chrF)",
    }),
    [],
  );
}

/** Hypotheses and references as plain texts, line by line; none where sentences weren't kept. */
export function translationTexts(compared: Compared): PageText[] {
  const hypotheses = compared.names.flatMap((name) =>
    [...segmentsOf(compared, name)].map(([seed, rows]) => ({ name, seed, rows }))
  );
  if (hypotheses.length === 0) return [];
  const slug = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join("");
  const [{ rows }] = hypotheses;
  const references = rows.map(referencesOf);
  const most = Math.max(...references.map(({ length }) => length));
  return [
    ...Array.from({ length: most }, (_, at) => ({
      id: `references-${at + 1}`,
      label: most === 1 ? "references" : `references ${at + 1} (an empty line where a sentence has fewer)`,
      text: lines(references.map((texts) => texts[at] ?? "")),
    })),
    { id: "sources", label: "sources", text: lines(rows.map(({ labels }) => String(labels.source))) },
    ...hypotheses.map(({ name, seed, rows }) => ({
      id: `hypotheses-${slug(name)}-${seed}`,
      label: `hypotheses of ${name}, seed ${seed}`,
      text: lines(rows.map(({ labels }) => String(labels.hypothesis))),
    })),
  ];
}

/** How many of the test sentences were scored, kept, and how to score them again; nothing before a trial has ended. */
export function scoredNote(compared: Compared): string | undefined {
  const most = (metric: string) => Math.max(...compared.select(metric, { set: "test" }).map(({ value }) => value));
  const scored = most("scored"), given = most("set/given");
  const texts = translationTexts(compared);
  if (!Number.isFinite(scored)) return undefined;
  const beams = Number(compared.select("bleu", { set: "test" })[0]?.labels.beams ?? 1);
  const part = scored < given
    ? `${formatNumber(scored)} of ${formatNumber(given)} test sentences were scored (--set testWords=0 scores all)`
    : `All ${formatNumber(given)} test sentences were scored`;
  const search = beams > 1
    ? `with a beam of ${formatNumber(beams)}`
    : "by greedy search (--set beams=5 searches wider)";
  const hypotheses = texts.find(({ id }) => id.startsWith("hypotheses"));
  if (!hypotheses) return `${part}, ${search}.`;
  const kept = [...segmentsOf(compared, compared.names[0]).values()][0]?.length ?? 0;
  const references = texts.filter(({ id }) => id.startsWith("references")).map(({ id }) => `paths/${id}.txt`);
  return `${part}, ${search}. ${
    kept < scored ? `The first ${formatNumber(kept)} of them` : "Their translations"
  } are plain texts below (Every row): sacrebleu ${references.join(" ")} -i paths/${hypotheses.id}.txt -m bleu chrf ` +
    `${kept < scored ? "scores that part." : "gives the figures above."}`;
}
