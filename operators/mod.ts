/**
 * Operators: verbs from stream to stream, and the nouns of `numerics` that they take.
 *
 * @module
 */
export * from "./attend.ts";
export * from "./attend_chunks.ts";
export * from "./batch.ts";
export * from "./byte_pairs.ts";
export { compose, type Composed, type ComposeOptions } from "./compose.ts";
export { pull } from "./demand.ts";
export * from "./classify.ts";
export * from "./contextualise.ts";
export * from "./decode.ts";
export * from "./encode.ts";
export * from "./evaluate.ts";
export * from "./judge.ts";
export * from "./label_nodes.ts";
export {
  type Carried,
  carry,
  lend,
  type Loan,
  type LoanContext,
  settle,
  type Settled,
  transform,
  type Values,
} from "./loan.ts";
export type { Labelled } from "./label.ts";
export { gather } from "./gather.ts";
export * from "./losses.ts";
export * from "./measure.ts";
export * from "./minimise.ts";
export { alignmentMetrics } from "./alignment_metrics.ts";
export * from "./measure_attention.ts";
export { metrics } from "./metrics.ts";
export { type BatchTensors, batchTensors, type Model } from "./model.ts";
export type { Learner, ParallelOptions } from "./parallel.ts";
export * from "./predict.ts";
export * from "./predict_labels.ts";
export * from "./progress.ts";
export * from "./reconstruct.ts";
export * from "./record.ts";
export * from "./records.ts";
export { BLANK, type Segmenter, words } from "./segmenter.ts";
export * from "./sensitivity.ts";
export * from "./shuffle.ts";
export * from "./tag.ts";
export * from "./text_metrics.ts";
export * from "./tokenize.ts";
export { train, type TrainOptions } from "./train.ts";
export * from "./vocabulary.ts";
export { withParameters } from "./with_parameters.ts";

export {
  type AttentionCost,
  cost,
  type Crossovers,
  type Elements,
  type KernelDims,
  type SoftmaxDims,
} from "./numerics/attention_costs.ts";
export { type AttentionDims, checkAttentionDims, checkBytes } from "./numerics/attention_dims.ts";
export { countedMaps, countKernel, countQuadratic, countSoftmax } from "./numerics/counted_attention.ts";
export { type FeatureCost, featureCost } from "./numerics/feature_costs.ts";
export { adam, type Optimiser } from "./numerics/adam.ts";
export { countAttention } from "./numerics/attention_counting.ts";
export * from "./numerics/attention_mechanism.ts";
export * from "./numerics/attention_mechanisms.ts";
export * from "./numerics/alternating.ts";
export { chosenSpectrum } from "./numerics/chosen_spectrum.ts";
export { descent } from "./numerics/descent.ts";
export * from "./numerics/eigen.ts";
export * from "./numerics/linear_autoencoder.ts";
export * from "./numerics/linear_optimum.ts";
export * from "./numerics/moments.ts";
export { spanOf } from "./numerics/span.ts";
export * from "./numerics/feature_map.ts";
export { featureMaps } from "./numerics/feature_maps.ts";
export {
  kernelAttention,
  type KernelAttentionOptions,
  kernelDenominators,
  type KernelRoute,
} from "./numerics/kernel_attention.ts";
export { CAUSAL_CHUNK, OPEN_CHUNK } from "./numerics/kernel_rows.ts";
export { kernelState, type KernelStateOptions } from "./numerics/kernel_state.ts";
export { keyValueCache, type KeyValueCacheOptions } from "./numerics/kv_cache.ts";
export {
  learntPositions,
  noPositions,
  type PositionEncoding,
  sinusoidalPositions,
} from "./numerics/position_encoding.ts";
export { type Contextualiser, transformer, type TransformerOptions } from "./numerics/transformer.ts";
export { type Attention, global, none } from "./numerics/attention.ts";
export { bahdanauDecoder } from "./numerics/bahdanau.ts";
export { type Cell, cells, gru, lstm } from "./numerics/cell.ts";
export * from "./numerics/composition.ts";
export type { Decoder } from "./numerics/decoder.ts";
export { type Composer, composers, greedyEncodings } from "./numerics/composers.ts";
export { bidirectionalGru, type Encoder, recurrentEncoder } from "./numerics/encoder.ts";
export { local } from "./numerics/local.ts";
export { luongDecoder } from "./numerics/luong.ts";
export { monotonic } from "./numerics/monotonic.ts";
export { multiHead } from "./numerics/multi_head.ts";
export { Parameters } from "./numerics/parameters.ts";
export * from "./numerics/random.ts";
export * from "./numerics/schedules.ts";
export * from "./numerics/score.ts";
export { type BootstrapOptions, type PairedBootstrap, pairedBootstrap } from "./numerics/bootstrap.ts";
export { bleuOf, type BleuStatistics, bleuStatistics, tokens13a } from "./numerics/bleu.ts";
export { chrfOf, type ChrfOptions, type ChrfStatistics, chrfStatistics } from "./numerics/chrf.ts";
export { softmaxAttention, type SoftmaxAttentionOptions } from "./numerics/softmax_attention.ts";
export { location, scores } from "./numerics/scores.ts";
export { editDistance } from "./numerics/metrics.ts";
export type { Initial, InitialValues, TensorMap } from "./numerics/shape.ts";
export {
  type Scalar,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tf,
} from "./numerics/tf.ts";
export {
  type Engine,
  FUNCTION_OPERATIONS,
  type KernelRate,
  kernelRates,
  packInPlace,
  useEngine,
} from "./backends/engine.ts";
export { type RecursiveForm, recursiveParameterCount, released } from "./numerics/recursive.ts";
