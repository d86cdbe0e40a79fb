/**
 * IDX, the format of MNIST: two zero bytes, a type, the number of sides, the sides as big-endian 32-bit numbers, and the
 * values.
 *
 * Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database", which describes the format.
 *
 * @module
 */
import { InputError } from "../operators/records.ts";

/** What an IDX file holds. */
export interface Idx {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const TYPES: Readonly<Record<number, { bytes: number; read: (view: DataView, at: number) => number }>> = {
  0x08: { bytes: 1, read: (view, at) => view.getUint8(at) },
  0x09: { bytes: 1, read: (view, at) => view.getInt8(at) },
  0x0b: { bytes: 2, read: (view, at) => view.getInt16(at) },
  0x0c: { bytes: 4, read: (view, at) => view.getInt32(at) },
  0x0d: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  0x0e: { bytes: 8, read: (view, at) => view.getFloat64(at) },
};

/** Whether bytes begin as an IDX file does. */
export function looksLikeIdx(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] in TYPES && bytes[3] > 0;
}

/**
 * Reads an IDX file. The header is held against the bytes that are there before anything is allocated.
 *
 * @param name What messages call the file.
 * @throws InputError when it is no IDX file, its header lies about its size, or a value isn't finite.
 */
export function parseIdx(bytes: Uint8Array, name: string): Idx {
  const refuse = (rule: string, value: string | number) =>
    new InputError(`Cannot read ${name} as ${rule}: current value is ${value}`);
  if (bytes.length < 4) throw refuse("an IDX file must have a header of at least 4 bytes", `${bytes.length} bytes`);
  if (!looksLikeIdx(bytes)) {
    const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw refuse("an IDX file must begin with 00 00, a type from 08 to 0e and its number of sides", magic);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sides = bytes[3], start = 4 + 4 * sides, type = TYPES[bytes[2]];
  if (bytes.length < start) throw refuse(`its header must have ${start} bytes`, `${bytes.length} bytes`);
  const shape = Array.from({ length: sides }, (_, side) => view.getUint32(4 + 4 * side));
  const size = shape.reduce((product, side) => product * side, 1);
  const wanted = start + size * type.bytes;
  if (wanted !== bytes.length) {
    throw refuse(`its header says ${shape.join(" × ")} values, which makes ${wanted} bytes`, `${bytes.length} bytes`);
  }
  const values = new Float32Array(size);
  for (let at = 0; at < size; at++) {
    values[at] = type.read(view, start + at * type.bytes);
    if (!Number.isFinite(values[at])) throw refuse(`value ${at + 1} must be finite`, values[at]);
  }
  return { shape, values };
}
