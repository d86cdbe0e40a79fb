/**
 * Adam in float64, line by line as Algorithm 1 of Kingma & Ba 2015 has it (no folded corrections).
 *
 * @module
 */

/** A run of Adam from zero moments: the parameter after each step, for gradients given in advance. */
export function adamReference(
  start: number[],
  gradients: number[][],
  { alpha, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: {
    alpha: number;
    beta1?: number;
    beta2?: number;
    epsilon?: number;
  },
): number[][] {
  const theta = [...start];
  const m = start.map(() => 0);
  const v = start.map(() => 0);
  return gradients.map((g, index) => {
    const t = index + 1;
    for (let i = 0; i < theta.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      const mHat = m[i] / (1 - beta1 ** t);
      const vHat = v[i] / (1 - beta2 ** t);
      theta[i] -= alpha * mHat / (Math.sqrt(vHat) + epsilon);
    }
    return [...theta];
  });
}
