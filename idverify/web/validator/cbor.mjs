// CBOR (RFC 8949), as much of it as a slip has; as idverify/credentials/cose.py reads it.

import { hex, utf8 } from "./bytes.mjs";

const DEEPEST = 8;

/**
 * {value, canonical}: the value in the bytes, however they spell it, and whether they spell it the one way of section 4.2.1.
 * Byte strings are Uint8Array, maps Map. Throws Error for anything else: floats, tags, lengths left open, integers beyond
 * 2^53 - 1, keys that stand twice or are neither integer nor text, nesting beyond eight levels.
 */
export function decodeCbor(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  return { value, canonical: reader.canonical && reader.at === bytes.length };
}

/** The first bytes of a string, an array or a map, in the one spelling. kind: the major type. */
export function head(kind, size) {
  if (size < 24) return [(kind << 5) | size];
  if (size < 256) return [(kind << 5) | 24, size];
  if (size < 65536) return [(kind << 5) | 25, size >> 8, size & 255];
  return [(kind << 5) | 26, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255];
}

class Reader {
  constructor(bytes) {
    Object.assign(this, { bytes, at: 0, canonical: true });
  }

  value(depth) {
    const [first] = this.#take(1);
    const [kind, short] = [first >> 5, first & 31];
    if (kind === 7) return simple(short);
    const size = this.#argument(short);
    if (kind === 0) return size;
    if (kind === 1) return size < Number.MAX_SAFE_INTEGER ? -1 - size : raise("an integer is too large");
    if (kind === 2) return this.#take(size);
    if (kind === 3) return utf8(this.#take(size)) ?? raise("CBOR text is not UTF-8");
    if (kind === 6) return raise("a tag");
    if (depth >= DEEPEST) raise("CBOR is nested too deeply");
    return kind === 4 ? this.#items(size, depth + 1) : this.#map(size, depth + 1);
  }

  #take(count) {
    if (count > this.bytes.length - this.at) raise("CBOR is cut off");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  #argument(short) {
    if (short < 24) return short;
    if (short > 27) raise("a length is left open");
    const value = this.#take(1 << (short - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < [24, 256, 65536, 2 ** 32][short - 24]) this.canonical = false;
    return value <= Number.MAX_SAFE_INTEGER ? value : raise("an integer is too large");
  }

  #items(size, depth) {
    if (size > this.bytes.length - this.at) raise("CBOR is cut off");
    return Array.from({ length: size }, () => this.value(depth));
  }

  #map(size, depth) {
    const members = new Map();
    let last = "";
    for (let index = 0; index < size; index++) {
      const start = this.at;
      const name = this.value(depth);
      if (typeof name !== "number" && typeof name !== "string") raise("no slip has such a key");
      const spelling = hex(this.bytes.subarray(start, this.at));
      if (spelling.length < last.length || (spelling.length === last.length && spelling <= last)) this.canonical = false;
      last = spelling;
      if (members.has(name)) raise("a key stands twice");
      members.set(name, this.value(depth));
    }
    return members;
  }
}

function simple(short) {
  if (short === 20 || short === 21) return short === 21;
  return short === 22 ? null : raise("a float, or a simple value that no slip has");
}

function raise(message) {
  throw new Error(message);
}
