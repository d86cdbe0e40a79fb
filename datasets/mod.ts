/**
 * Sources of data. One file is one source, which says where its data are from, under which licence, and verifies what
 * it read. A dataset is in memory when its promise is fulfilled, and can be walked again and again.
 *
 * @example
 * ```ts
 * import { cmudict } from "@heed/heed/datasets";
 *
 * const words = await cmudict({ split: "train", size: 1000 });
 * for (const { id, source, targets } of words) console.log(id, source, targets);
 * ```
 *
 * @module
 */
export { cmudict, type CmudictOptions } from "./cmudict.ts";
export { dictionaryFile, type DictionaryFileOptions } from "./dictionary_file.ts";
export { mnist, type MnistOptions } from "./mnist.ts";
export { numericFile } from "./numeric_file.ts";
export { parseIdx } from "./idx.ts";
export { datasetOf, subset } from "./dataset.ts";
export { listops, type ListopsOptions, valueOf } from "./listops.ts";
export { listopsFile } from "./listops_tsv.ts";
export { recall, type RecallOptions } from "./recall.ts";
export { linePairs, type LinePairsOptions, type Pair } from "./pairs.ts";
export { bytesOf, type Review, reviews, type ReviewsOptions, wordsOf } from "./reviews.ts";
export { type Split, splitOf } from "./split.ts";
export { type Transduction, transduction, type TransductionOptions, TRANSDUCTIONS } from "./transduction.ts";
export { type Language, LANGUAGES, translations, type TranslationsOptions } from "./translations.ts";
export { type ClassFile, crossValidation, sentences, type SentencesOptions } from "./sentences.ts";
export { treebank, treebankClasses, type TreebankOptions } from "./treebank.ts";
export { fetchGlove, GLOVE_WIDTH, type WordVectors, wordVectors, type WordVectorsOptions } from "./word_vectors.ts";
