// Distinguished Encoding Rules (ITU-T X.690), as much as certificates need. Throws Error where the bytes are not DER.

export const INTEGER = 0x02, BIT_STRING = 0x03, OCTET_STRING = 0x04, OBJECT_IDENTIFIER = 0x06, BOOLEAN = 0x01;
export const SEQUENCE = 0x30, SET = 0x31, UTC_TIME = 0x17, GENERALIZED_TIME = 0x18;

/** One element: its tag, its content, and all of its bytes. */
class Element {
  constructor(tag, content, whole) {
    Object.assign(this, { tag, content, whole });
  }

  /** The elements inside. */
  get children() {
    return elements(this.content);
  }

  /** This element, if it has that tag. Throws. */
  as(tag) {
    if (this.tag !== tag) throw new Error("another DER element was expected");
    return this;
  }
}

/** The one element that the bytes are, with nothing behind it. */
export function element(bytes) {
  const found = elements(bytes);
  if (found.length !== 1) throw new Error("one DER element was expected");
  return found[0];
}

/** The elements, one behind the other. */
function elements(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const [start, length] = header(bytes, at);
    if (start + length > bytes.length) throw new Error("a DER element is cut off");
    found.push(new Element(bytes[at], bytes.subarray(start, start + length), bytes.subarray(at, start + length)));
    at = start + length;
  }
  return found;
}

function header(bytes, at) {
  if ((bytes[at] & 31) === 31) throw new Error("DER tags beyond 30 are not used here");
  const first = bytes[at + 1];
  if (first < 128) return [at + 2, first];
  const count = first - 128;
  if (count < 1 || count > 3 || at + 2 + count > bytes.length) throw new Error("a DER length is wrong");
  const length = bytes.subarray(at + 2, at + 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  if (length < 128 || bytes[at + 2] === 0) throw new Error("a DER length is not the shortest");
  return [at + 2 + count, length];
}

/** An object identifier in dots. */
export function identifier(one) {
  const bytes = one.as(OBJECT_IDENTIFIER).content;
  if (bytes.length === 0 || bytes[bytes.length - 1] & 128) throw new Error("an object identifier is cut off");
  const arcs = [];
  let arc = 0n;
  let begins = true;
  for (const byte of bytes) {
    if (begins && byte === 128) throw new Error("an object identifier is not the shortest");
    arc = (arc << 7n) | BigInt(byte & 127);
    begins = !(byte & 128);
    if (begins) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const root = arcs[0] < 40n ? 0n : arcs[0] < 80n ? 1n : 2n;
  return [root, arcs[0] - root * 40n, ...arcs.slice(1)].join(".");
}

/** A positive or zero INTEGER. */
export function natural(one) {
  const bytes = one.as(INTEGER).content;
  if (bytes.length === 0 || bytes[0] & 128) throw new Error("a positive integer was expected");
  if (bytes.length > 1 && bytes[0] === 0 && !(bytes[1] & 128)) throw new Error("an integer is not the shortest");
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** A BOOLEAN whose default is false: where it is written at all, it is true (X.690 section 11.5). */
export function truth(one) {
  const bytes = one.as(BOOLEAN).content;
  if (bytes.length !== 1 || bytes[0] !== 255) throw new Error("a boolean was expected");
  return true;
}

/** A BIT STRING: its bytes and how many bits of the last one are unused. */
export function bits(one) {
  const [unused, ...bytes] = one.as(BIT_STRING).content;
  if (unused === undefined || unused > 7 || (bytes.length === 0 && unused > 0)) throw new Error("a bit string was expected");
  if (bytes.length > 0 && bytes[bytes.length - 1] & ((1 << unused) - 1)) throw new Error("a bit string has stray bits");
  return { bytes: Uint8Array.from(bytes), unused };
}

/** A time of a certificate (RFC 5280 section 4.1.2.5) in seconds since the epoch. */
export function time(one) {
  const short = one.tag === UTC_TIME;
  const text = new TextDecoder("latin1").decode(one.as(short ? UTC_TIME : GENERALIZED_TIME).content);
  const found = (short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(text);
  if (!found) throw new Error("a time was expected");
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number);
  const full = short ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(Date.UTC(full, month - 1, day, hour, minute, second));
  const exact = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  if (!exact || date.getUTCMinutes() !== minute || date.getUTCSeconds() !== second) throw new Error("no such time");
  return date.getTime() / 1000;
}
