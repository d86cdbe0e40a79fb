/**
 * The kernel pack: what the module exports. Every kernel works on addresses in the backend's own memory; scratch space is
 * passed in by the caller, so that the module needs neither a heap, nor a stack in memory, nor static data.
 */
export { product, productScratch } from "./product";
export { segmentSum } from "./segment_sum";
export { multiplyAdds } from "./peak";
export { apply } from "./math";
export { gruForward, gruForwardScratch } from "./gru";
export { gruBackward, gruBackwardScratch } from "./gru_gradient";
