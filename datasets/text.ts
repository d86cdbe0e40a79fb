/**
 * Text from bytes of unknown origin, or what is wrong with them.
 *
 * @module
 */

/** Why bytes are no text: where (counted from 0), and what is there. */
export interface Defect {
  readonly offset: number;
  readonly what: string;
}

/** The line of a defect, counted from 1. */
export function lineOf(bytes: Uint8Array, { offset }: Defect): number {
  return bytes.subarray(0, offset).reduce((lines, byte) => byte === LF ? lines + 1 : lines, 1);
}

const TAB = 9, LF = 10, CR = 13;

/**
 * Decodes UTF-8, with or without a byte-order mark, and Latin-1.
 *
 * A file is taken for Latin-1 (as `cmudict-0.7b` is, for one word) only when none of its bytes above 127 make sense as
 * UTF-8 and none is a control character of Latin-1. So a damaged UTF-8 file is refused, not read as nonsense. Control
 * characters other than tabs and line ends are refused: they are what binary files are made of.
 */
export function decodeText(bytes: Uint8Array): string | Defect {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { offset: 0, what: "UTF-16" };
  }
  const control = bytes.findIndex((byte, at) =>
    byte === 127 || byte < 32 && byte !== TAB && byte !== LF &&
      !(byte === CR && (at + 1 === bytes.length || bytes[at + 1] === LF))
  );
  if (control >= 0) return { offset: control, what: describe(bytes[control]) };
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const lossy = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const offset = new TextEncoder().encode(lossy.slice(0, lossy.indexOf("\uFFFD"))).length;
    // deno-lint-ignore no-control-regex -- "not ASCII" is what is meant
    if (/[^\x00-\x7F\uFFFD]/.test(lossy)) return { offset, what: `${describe(bytes[offset])}, invalid as UTF-8` };
    const undefinedInLatin1 = bytes.findIndex((byte) => byte >= 0x80 && byte < 0xa0);
    if (undefinedInLatin1 >= 0) return { offset: undefinedInLatin1, what: describe(bytes[undefinedInLatin1]) };
    return new TextDecoder("latin1").decode(bytes);
  }
}

function describe(byte: number): string {
  return `byte 0x${byte.toString(16).padStart(2, "0").toUpperCase()}`;
}
