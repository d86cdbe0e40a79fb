/**
 * The kernel pack: what the module exports. Every kernel works on addresses in the backend's own memory; scratch space is
 * passed in by the caller, so that the module needs neither a heap, nor a stack in memory, nor static data.
 */
export { product, productScratch } from "./product";
export { segmentSum } from "./segment_sum";
export { multiplyAdds } from "./peak";
export { apply, prepare } from "./math";
export { gruForward, gruForwardScratch } from "./gru";
export { gruBackward, gruBackwardScratch } from "./gru_gradient";
export { dropFactors } from "./dropout";
export { adam, squares } from "./adam";
export { crossEntropy, crossEntropyGradient } from "./cross_entropy";
export { logarithms } from "./log";
export { maskedSoftmax, maskedSoftmaxGradient } from "./softmax";
export { concatScore, concatScoreGradient } from "./concat_score";
export { copyRows, gatherRows, repeatBlocks } from "./rows";
export { sumColumns, sumRows } from "./sums";
export { expOf, sigmoidOf, tanhOf } from "./unary";
export { attention, attentionScratch } from "./attention";
export { attentionGradient, attentionGradientScratch } from "./attention_gradient";
export { poly2Attention, poly2Scratch } from "./poly2";
export { poly2Gradient, poly2GradientScratch } from "./poly2_gradient";
