// Base45 (RFC 9285): bytes in the characters that a QR code packs densest.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** The bytes of a text; null where it is not Base45. Every byte string has one spelling, so none is malleable. */
export function decodeBase45(text) {
  if (text.length % 3 === 1) return null;
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const values = [...text.slice(at, at + 3)].map((character) => ALPHABET.indexOf(character));
    if (values.includes(-1)) return null;
    const number = values.reduceRight((sum, value) => sum * 45 + value, 0);
    if (number > (values.length === 3 ? 65535 : 255)) return null;
    if (values.length === 3) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}
