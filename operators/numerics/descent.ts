/**
 * Gradient descent, plain or with momentum.
 *
 * Source: Polyak 1964 (the heavy ball): v ← β v + g, θ ← θ - α v. With β = 0 it is plain descent, which follows the
 * gradient flow when α is small.
 *
 * @module
 */
import type { Optimiser } from "./adam.ts";
import { tf } from "./tf.ts";

/**
 * Gradient descent; with momentum, the heavy ball.
 *
 * @param momentum β, in [0, 1).
 * @throws RangeError when β is out of its range.
 */
export function descent(momentum = 0): Optimiser {
  if (!(momentum >= 0 && momentum < 1)) {
    throw new RangeError(`Cannot use descent as momentum must be in [0, 1): current value is ${momentum}`);
  }
  return {
    name: momentum === 0 ? "descent" : "momentum",
    citation: "Polyak 1964",
    slots: momentum === 0 ? [] : ["velocity"],
    update(value, gradient, slots, { learningRate }) {
      if (momentum === 0) return { value: tf.sub(value, tf.mul(gradient, learningRate)), slots: [] };
      const velocity = tf.add(tf.mul(slots[0], momentum), gradient);
      return { value: tf.sub(value, tf.mul(velocity, learningRate)), slots: [velocity] };
    },
  };
}
