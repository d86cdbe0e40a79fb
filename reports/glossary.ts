/**
 * Words that a reader of the pages meets, each in a sentence or two.
 *
 * @module
 */

/** One entry of the glossary. */
export interface GlossaryEntry {
  readonly term: string;
  readonly meaning: string;
}

/** The glossary, in alphabetical order. */
export const glossary: readonly GlossaryEntry[] = [
  {
    term: "Alignment",
    meaning: "The attention weights of one sequence: for each output symbol, how much each source position counts. " +
      "They are not negative, and those of one output symbol sum to 1.",
  },
  {
    term: "Device kernel",
    meaning: "Code that carries out one tensor operation on one backend, such as a matrix product in WebAssembly. " +
      "It has nothing to do with a kernel (below) but the word.",
  },
  {
    term: "Interval",
    meaning:
      "The 95% t-interval of a mean over seeds. If the seeds were drawn again and again, 95% of such intervals " +
      "would hold the true mean. With two seeds it is wide, and should be.",
  },
  {
    term: "Kernel",
    meaning:
      "A similarity of query and key written as φ(q)·φ(k). With it attention can be computed in time linear in " +
      "the sequence's length.",
  },
  {
    term: "Mechanism",
    meaning:
      "One way of doing a step: a score function, a feature map, an attention, a decoder path. Each knows its own " +
      "cost in closed form.",
  },
  {
    term: "Phoneme error rate (PER)",
    meaning: "The edits (insertions, deletions, substitutions) that turn a model's pronunciations into the nearest " +
      "accepted ones, as a share of the accepted phonemes. Lower is better.",
  },
  {
    term: "Query, key, value",
    meaning: "What asks, what is compared with the query, and what is averaged with the resulting weights. In a " +
      "recurrent decoder the query is the decoder's state; keys and values are the memory.",
  },
  {
    term: "Score function",
    meaning: "The function that compares a query with a key before the softmax: dot, general, concat, location, or " +
      "scaled dot.",
  },
  {
    term: "Seed",
    meaning:
      "The number that fixes initial values and the order of the data. Runs that differ in nothing but the seed " +
      "show how much chance matters.",
  },
  {
    term: "Trial",
    meaning: "One seeded run of one configuration: what is scheduled, stored, and never run twice.",
  },
  {
    term: "Word error rate (WER)",
    meaning: "The share of words whose pronunciation matches no accepted one exactly. Lower is better.",
  },
];
