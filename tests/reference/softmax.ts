/** Softmax over visible positions in float64, position by position. The readable definition; masked ones are skipped. */
export function referenceSoftmax(logits: ArrayLike<number>, mask: ArrayLike<number>): number[] {
  let greatest = -Infinity;
  for (let s = 0; s < logits.length; s++) {
    if (mask[s] === 1 && logits[s] > greatest) greatest = logits[s];
  }
  let sum = 0;
  const weights: number[] = [];
  for (let s = 0; s < logits.length; s++) {
    weights[s] = mask[s] === 1 ? Math.exp(logits[s] - greatest) : 0;
    sum += weights[s];
  }
  return weights.map((weight) => sum === 0 ? 0 : weight / sum);
}
