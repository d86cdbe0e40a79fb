export function stringify(
  data: readonly Record<string, unknown>[] | readonly (readonly unknown[])[],
  options?: { separator?: string; crlf?: boolean; bom?: boolean; columns?: readonly string[]; headers?: boolean },
): string;
export function parse(
  input: string,
  options: { skipFirstRow: true; separator?: string; comment?: string },
): Record<string, string>[];
export function parse(
  input: string,
  options?: { skipFirstRow?: false; separator?: string; comment?: string; fieldsPerRecord?: number },
): string[][];
