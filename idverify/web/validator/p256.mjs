// ECDSA on P-256 with SHA-256 (FIPS 186-5; SEC 1), by WebCrypto.

import { natural, element } from "./der.mjs";

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
export const COORDINATE = 32;

/** The uncompressed point 0x04 || x || y (65 bytes). */
export function point(x, y) {
  if (x.length !== COORDINATE || y.length !== COORDINATE) throw new Error("a coordinate has 32 bytes");
  return Uint8Array.from([4, ...x, ...y]);
}

/** The uncompressed point whose x is given and whose y is odd or even (SEC 1 section 2.3.4). Throws where there is none. */
export function decompressed(x, odd) {
  const at = number(x);
  if (x.length !== COORDINATE || at >= P) throw new Error("not a coordinate");
  const square = (at * at * at - 3n * at + B) % P;
  const root = power((square + P) % P, (P + 1n) / 4n);
  if ((root * root - square) % P !== 0n) throw new Error("no point has this coordinate");
  const y = (root & 1n) === (odd ? 1n : 0n) ? root : P - root;
  return point(x, bytesOf(y));
}

/** A key to check signatures with, from an uncompressed point. Throws where the point is not on the curve. */
export async function publicKey(uncompressed) {
  return globalThis.crypto.subtle.importKey("raw", uncompressed, ALGORITHM, false, ["verify"]);
}

/** Whether the key made the signature r || s (64 bytes) over the bytes. */
export async function holds(key, signature, bytes) {
  if (signature.length !== 2 * COORDINATE) return false;
  return globalThis.crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, bytes);
}

/** R || s of a signature in DER (RFC 3279 section 2.2.3), as certificates carry it. Throws. */
export function fromDer(signature) {
  const [r, s, ...more] = element(signature).as(0x30).children;
  if (more.length > 0) throw new Error("a signature has two numbers");
  return Uint8Array.from([...bytesOf(natural(r)), ...bytesOf(natural(s))]);
}

function number(bytes) {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function bytesOf(value) {
  const digits = value.toString(16).padStart(2 * COORDINATE, "0");
  if (digits.length > 2 * COORDINATE) throw new Error("a number is too large");
  return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
}

function power(base, exponent) {
  let result = 1n;
  for (let rest = exponent, square = base; rest > 0n; rest >>= 1n, square = (square * square) % P) {
    if (rest & 1n) result = (result * square) % P;
  }
  return result;
}
