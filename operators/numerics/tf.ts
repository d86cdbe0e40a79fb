/**
 * The single door to TensorFlow.js. Everything in Heed that touches a tensor imports it from here, so that one file
 * decides which build is used (the union package: `tfjs-core` alone has no gradients under Deno).
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

export { tf };
export type {
  DataType,
  NamedTensorMap,
  Optimizer,
  Rank,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorLike,
  Variable,
} from "@tensorflow/tfjs";
