/** @module ngrams: runs of neighbours, counted */

/** How often each run of `order` neighbours occurs; runs are named by their items, parted by U+0000. */
export function ngrams(items: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + order <= items.length; at++) {
    const gram = items.slice(at, at + order).join("\u0000");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}
