// Bytes and their spellings: base64, base64url, hex, UTF-8, comparison.

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = STANDARD.slice(0, 62) + "-_";
const VALUES = new Int8Array(128).fill(-1);
[...STANDARD].forEach((character, value) => (VALUES[character.charCodeAt(0)] = value));
[...URL_SAFE].forEach((character, value) => (VALUES[character.charCodeAt(0)] = value));

/**
 * The bytes of base64 or base64url to a lenient reader, who skips foreign characters and left-over bits; null where no reader
 * could (a single character is left over).
 */
export function decodeLeniently(text) {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let at = 0;
  let held = 0;
  let bits = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const value = code < 128 ? VALUES[code] : -1;
    if (value < 0) continue;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 255;
    }
  }
  return bits === 6 ? null : bytes.subarray(0, at);
}

/** Base64url without padding (RFC 7515 section 2). */
export function base64url(bytes) {
  return spelled(bytes, URL_SAFE);
}

/** Base64 with padding (RFC 4648 section 4). */
export function base64(bytes) {
  const text = spelled(bytes, STANDARD);
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

function spelled(bytes, alphabet) {
  const codes = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const word = (bytes[index] << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let shift = 18; shift >= 0 && at < codes.length; shift -= 6) codes[at++] = alphabet.charCodeAt((word >> shift) & 63);
  }
  return new TextDecoder("latin1").decode(codes);
}

/** Lower-case hexadecimal. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text of UTF-8 bytes, a byte order mark kept; null where they are none. */
export function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The UTF-8 bytes of a text. */
export function encoded(text) {
  return new TextEncoder().encode(text);
}

/** Whether two byte strings are equal, in a time that does not depend on where they differ. */
export function same(left, right) {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= left[index] ^ right[index];
  return difference === 0;
}

/** SHA-256. */
export async function sha256(bytes) {
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
}
