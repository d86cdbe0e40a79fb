export function closestString(givenWord: string, possibleWords: readonly string[]): string;
export function levenshteinDistance(first: string, second: string): number;
