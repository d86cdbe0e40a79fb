/**
 * Softmax attention and its gradient in float64, one scalar at a time (THEORY.md, section 5).
 *
 * @module
 */

/** Sizes, and who sees whom. */
export interface AttentionSizes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly depth: number;
  readonly width: number;
  readonly causal: boolean;
  /** `[B, S]`, 1 = attend. */
  readonly mask?: ArrayLike<number>;
}

/** Sizes and the factor of scores. */
export interface AttentionCase extends AttentionSizes {
  readonly scale: number;
}

type Values = ArrayLike<number>;

/** Weights of query i of one head, float64 `[S]`: all zeros where it sees nothing. */
function weightsOf(at: AttentionCase, q: Values, k: Values, head: number, i: number): number[] {
  const { heads, queries, keys, depth } = at;
  const logits = Array.from({ length: keys }, (_, j) => {
    const hidden = (at.causal && j > i) || (at.mask && at.mask[Math.floor(head / heads) * keys + j] === 0);
    if (hidden) return -Infinity;
    let sum = 0;
    for (let d = 0; d < depth; d++) sum += q[(head * queries + i) * depth + d] * k[(head * keys + j) * depth + d];
    return sum * at.scale;
  });
  const greatest = Math.max(...logits);
  if (greatest === -Infinity) return logits.map(() => 0);
  const powers = logits.map((logit) => Math.exp(logit - greatest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Output `[B, H, N, M]`. */
export function attentionReference(at: AttentionCase, q: Values, k: Values, v: Values): number[] {
  const { batch, heads, queries, keys, width } = at;
  const out: number[] = [];
  for (let head = 0; head < batch * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const weights = weightsOf(at, q, k, head, i);
      for (let m = 0; m < width; m++) {
        let sum = 0;
        for (let j = 0; j < keys; j++) if (weights[j]) sum += weights[j] * v[(head * keys + j) * width + m];
        out.push(sum);
      }
    }
  }
  return out;
}

/** Gradients at q, k and v from the gradient at the output. */
export function attentionGradientReference(at: AttentionCase, q: Values, k: Values, v: Values, dOut: Values) {
  const { batch, heads, queries, keys, depth, width, scale } = at;
  const zeros = (rows: number, columns: number) => new Array<number>(batch * heads * rows * columns).fill(0);
  const dQ = zeros(queries, depth), dK = zeros(keys, depth), dV = zeros(keys, width);
  for (let head = 0; head < batch * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const weights = weightsOf(at, q, k, head, i);
      const row = head * queries + i;
      const dWeights = weights.map((weight, j) => {
        let sum = 0;
        for (let m = 0; m < width; m++) {
          sum += dOut[row * width + m] * v[(head * keys + j) * width + m];
          dV[(head * keys + j) * width + m] += weight * dOut[row * width + m];
        }
        return sum;
      });
      const mean = weights.reduce((sum, weight, j) => sum + weight * dWeights[j], 0);
      weights.forEach((weight, j) => {
        const slope = weight * (dWeights[j] - mean) * scale;
        for (let d = 0; d < depth; d++) {
          dQ[row * depth + d] += slope * k[(head * keys + j) * depth + d];
          dK[(head * keys + j) * depth + d] += slope * q[row * depth + d];
        }
      });
    }
  }
  return [dQ, dK, dV];
}
