/** Levenshtein's distance by its definition: the recursion on the first items, remembered. */
export function referenceEditDistance<T>(left: readonly T[], right: readonly T[]): number {
  const known = new Map<string, number>();
  const distance = (i: number, j: number): number => {
    if (i === left.length) return right.length - j;
    if (j === right.length) return left.length - i;
    const key = `${i},${j}`;
    let result = known.get(key);
    if (result === undefined) {
      result = left[i] === right[j]
        ? distance(i + 1, j + 1)
        : 1 + Math.min(distance(i + 1, j), distance(i, j + 1), distance(i + 1, j + 1));
      known.set(key, result);
    }
    return result;
  };
  return distance(0, 0);
}
