/** @module reconstruct: vectors through an autoencoder and back */
import type { OperatorFunction } from "rxjs";
import { type Loan, transform } from "./loan.ts";
import { parametersOf } from "./model.ts";
import type { LinearAutoencoder, MomentTensors, VectorTensors } from "./numerics/linear_autoencoder.ts";
import type { Parameters } from "./numerics/parameters.ts";
import { type Scalar, type Tensor2D, tf } from "./numerics/tf.ts";
import type { Moments, Vectors } from "./records.ts";

/** What an autoencoder makes of a record. */
export interface Reconstructed {
  /** Mean squared error of a vector, summed over its entries. */
  readonly error: Scalar;
  /** What the penalty adds. */
  readonly penalty: Scalar;
}

/** The tensors of {@linkcode Moments}, for `lend` and for `train`'s option `lend`. */
export function momentTensors({ width, second, mean }: Moments): MomentTensors {
  const trace = mean.reduce((sum, _, at) => sum + second[at * (width + 1)], 0);
  return { second: tf.tensor2d(second, [width, width]), mean: tf.tensor1d(mean), trace: tf.scalar(trace) };
}

/**
 * {@linkcode momentTensors} for learning from the same moments at every step: they are sent to the device once, and live
 * as long as the parameters.
 */
export function constantMoments(parameters: Parameters): (moments: Moments) => MomentTensors {
  return (moments) => {
    const constant = <K extends keyof MomentTensors>(key: K) =>
      parameters.constant(`moments/${key}`, () => momentTensors(moments)[key]);
    return { second: constant("second"), mean: constant("mean"), trace: constant("trace") };
  };
}

/** The tensor of {@linkcode Vectors}, `[B, width]`. */
export function vectorTensors({ size, width, values }: Vectors): VectorTensors {
  return { vectors: tf.tensor2d(values, [size, width]) };
}

/**
 * Reconstructs vectors, or the moments that stand for them: error and penalty of each record. Where the record holds
 * vectors, `codes` `[B, K]` and `reconstruction` `[B, m]` come of {@linkcode reconstructVectors}. The parameters are the
 * model's group `autoencoder`.
 */
export function reconstruct<I extends MomentTensors | VectorTensors, R>(
  autoencoder: LinearAutoencoder,
): OperatorFunction<Loan<I, R>, Loan<Reconstructed, R>> {
  return transform((tensors, loan) => {
    const params = parametersOf("reconstruct", loan).group("autoencoder", (seed) => autoencoder.parameters(seed));
    return { error: autoencoder.error(params, tensors), penalty: autoencoder.regularise(params) };
  });
}

/** The vectors' codes and reconstructions themselves. */
export function reconstructVectors<R>(
  autoencoder: LinearAutoencoder,
): OperatorFunction<Loan<VectorTensors, R>, Loan<{ readonly codes: Tensor2D; readonly reconstruction: Tensor2D }, R>> {
  return transform(({ vectors }, loan) => {
    const params = parametersOf("reconstruct", loan).group("autoencoder", (seed) => autoencoder.parameters(seed));
    const codes = autoencoder.encode(params, vectors);
    return { codes, reconstruction: autoencoder.decode(params, codes) };
  });
}

/** Squared error and penalty: what `train` minimises for an autoencoder. */
export function reconstructionLoss({ error, penalty }: Reconstructed): Scalar {
  return tf.add(error, penalty) as Scalar;
}
