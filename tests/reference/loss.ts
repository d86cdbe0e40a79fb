/**
 * Masked cross-entropy in float64, and its gradient by the closed form, one scalar at a time.
 *
 * @module
 */

/** Sum over masked-in rows of `logits` `[rows][V]`, and `∂sum/∂logits`. */
export function maskedCrossEntropyReference(
  logits: number[][],
  targets: ArrayLike<number>,
  mask: ArrayLike<number>,
): { sum: number; tokens: number; gradient: number[][] } {
  let sum = 0;
  let tokens = 0;
  const gradient = logits.map((row, index) => {
    if (mask[index] === 0) return row.map(() => 0);
    const highest = Math.max(...row);
    const total = row.reduce((all, value) => all + Math.exp(value - highest), 0);
    sum += Math.log(total) + highest - row[targets[index]];
    tokens++;
    return row.map((value, v) => Math.exp(value - highest) / total - (v === targets[index] ? 1 : 0));
  });
  return { sum, tokens, gradient };
}
