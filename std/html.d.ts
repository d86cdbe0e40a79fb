export function escape(text: string): string;
