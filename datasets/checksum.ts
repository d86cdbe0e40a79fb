/**
 * Checksums: what was read, in 64 hexadecimal digits.
 *
 * @module
 */
import { InputError } from "../operators/records.ts";

/** SHA-256 of bytes, or of text in UTF-8, in hexadecimal. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Makes sure that data are the very data that results are published for.
 *
 * @throws InputError naming both checksums.
 */
export function assertChecksum(name: string, actual: string, pinned: string): void {
  if (actual !== pinned) {
    throw new InputError(`Cannot use ${name} as its SHA-256 must be ${pinned}: current value is ${actual}`);
  }
}
