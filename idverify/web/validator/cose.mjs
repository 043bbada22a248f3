// COSE_Sign1 (RFC 9052 section 4.2) with ES256; as idverify/credentials/cose.py.

import { decodeCbor, head } from "./cbor.mjs";
import { COORDINATE, decompressed, holds, publicKey } from "./p256.mjs";

export const ALGORITHM = 1, KEY_ID = 4;
export const ES256 = -7;
const TAGGED = 0xc0 | 18;
const [KTY, CRV, X, Y] = [1, -1, -2, -3];

/** One COSE_Sign1: {unprotected, payload, signature, header, canonical}. Throws Error where the bytes are none. */
export class Sign1 {
  constructor(bytes) {
    if (bytes[0] !== TAGGED) throw new Error("not a tagged COSE_Sign1");
    const outer = decodeCbor(bytes.subarray(1));
    if (!Array.isArray(outer.value) || outer.value.length !== 4) throw new Error("not a COSE_Sign1");
    [this.protected, this.unprotected, this.payload, this.signature] = outer.value;
    const strings = [this.protected, this.payload, this.signature].every((one) => one instanceof Uint8Array);
    if (!strings || !(this.unprotected instanceof Map)) throw new Error("not a COSE_Sign1");
    const header = decodeCbor(this.protected);
    if (!(header.value instanceof Map)) throw new Error("the protected header is not a map");
    this.header = header.value;
    this.canonical = outer.canonical && header.canonical;
  }

  /**
   * Whether the key of that point (uncompressed) made the signature. external: the bytes that it signed beside header and
   * payload, known to both sides and sent by neither (RFC 9052 section 4.3). Throws where the point is not on the curve.
   */
  async signedBy(point, external) {
    const key = await publicKey(point);
    const name = new TextEncoder().encode("Signature1");
    const strings = [[3, name], [2, this.protected], [2, external], [2, this.payload]];
    const signed = [...head(4, strings.length), ...strings.flatMap(([kind, one]) => [...head(kind, one.length), ...one])];
    return holds(key, this.signature, Uint8Array.from(signed));
  }
}

/** Whether the value is the COSE_Key of a P-256 point: exactly kty, crv, x and the sign of y. */
export function isCoseKey(key) {
  if (!hasExactly(key, [KTY, CRV, X, Y]) || key.get(KTY) !== 2 || key.get(CRV) !== 1) return false;
  return key.get(X) instanceof Uint8Array && key.get(X).length === COORDINATE && typeof key.get(Y) === "boolean";
}

/** The uncompressed point of a COSE_Key. Throws where there is none on the curve. */
export function pointOf(key) {
  return decompressed(key.get(X), key.get(Y));
}

/** Whether the value is a map with exactly those keys. */
export function hasExactly(value, keys) {
  return value instanceof Map && value.size === keys.length && keys.every((one) => value.has(one));
}
