/**
 * The model that the benchmarks train: the one of the page `engine.html`.
 *
 * @module
 */
export * from "../../pipelines/engine/speller.ts";
