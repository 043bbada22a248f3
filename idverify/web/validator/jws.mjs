// Compact JWS (RFC 7515) with ES256; as idverify/credentials/jws.py. Checks run in order, each with a code of its own.

import { decodeLeniently } from "./bytes.mjs";
import { parseObject, walk } from "./json.mjs";
import { holds, point, publicKey } from "./p256.mjs";
import { demand, refuse, refusing } from "./refused.mjs";

export const LARGEST = 8192;
export const DEEPEST = 8;
const SIGNATURE_BYTES = 64;
const COORDINATE_CHARACTERS = 43;
export const NAMED_BY_A_CHECK = ["alg", "typ", "kid", "crit"];
const CANONICAL = /^[A-Za-z0-9_-]*$/;
const HALF_A_PAIR = /\p{Surrogate}/u;

/**
 * A token under examination. What it says is read as leniently as can be; what a lenient reader accepts, a check refuses.
 * keys: JWKs. members: the header members that its kind may have. largest: in characters.
 * deepest: levels of objects and arrays in its payload.
 */
export class Candidate {
  #decoded;
  #header;
  #payload;

  constructor(text, keys, typ, { largest = LARGEST, deepest = DEEPEST, members = NAMED_BY_A_CHECK } = {}) {
    Object.assign(this, { text, keys, typ, largest, deepest, members });
  }

  /** The text between the dots. */
  get parts() {
    return this.text.split(".");
  }

  /** The parts without their base64url. */
  get decoded() {
    return (this.#decoded ??= this.parts.map((part) => decodeLeniently(part) ?? refuse("token_encoding")));
  }

  /** The header as a reader sees it that takes the last of two equal names. */
  get header() {
    return (this.#header ??= parseObject(this.decoded[0]));
  }

  /** The payload, likewise. */
  get payload() {
    return (this.#payload ??= parseObject(this.decoded[1]));
  }

  /** Trusted keys with the header's kid. */
  async matching() {
    const { kid } = this.header;
    return this.keys.filter((key) => typeof kid === "string" && key.kid === kid);
  }

  /** The first of them. */
  async key() {
    return (await this.matching())[0] ?? refuse("token_key_unknown");
  }
}

function sizeIsBounded(token) {
  demand(token.text.length <= token.largest, "token_too_large");
}

function threeParts(token) {
  demand(token.parts.length === 3 && token.parts.every((part) => part !== ""), "token_malformed");
}

/** Each part is what encoding its bytes gives (RFC 4648 section 3.5). */
function base64urlIsCanonical(token) {
  token.decoded.forEach((bytes, index) => demand(isCanonical(token.parts[index], bytes), "token_encoding"));
}

function headerHasNoDuplicates(token) {
  parseObject(token.decoded[0], { unique: true });
}

function nothingIsCritical(token) {
  demand(!("crit" in token.header), "token_critical");
}

function headerMembersAreKnown(token) {
  demand(Object.keys(token.header).every((name) => token.members.includes(name)), "token_header_forbidden");
}

function algorithmIsPinned(token) {
  demand(token.header.alg === "ES256", "token_algorithm");
}

function typeIsExact(token) {
  demand(token.header.typ === token.typ, "token_type");
}

async function kidSelectsOneKey(token) {
  demand((await token.key()) && (await token.matching()).length === 1, "token_key_ambiguous");
}

async function keyIsP256(token) {
  const key = await token.key();
  demand(key.kty === "EC" && key.crv === "P-256" && !("d" in key), "token_key_unsuitable");
}

async function keyUseIsSignature(token) {
  const { use = "sig" } = await token.key();
  demand(use === "sig", "token_key_unsuitable");
}

async function keyOpsAllowVerification(token) {
  const { key_ops: operations = ["verify"] } = await token.key();
  demand(Array.isArray(operations) && operations.includes("verify"), "token_key_unsuitable");
}

async function keyAlgAgrees(token) {
  const { alg = "ES256" } = await token.key();
  demand(alg === "ES256", "token_key_unsuitable");
}

function signatureHas64Bytes(token) {
  demand(token.decoded[2].length === SIGNATURE_BYTES, "token_signature");
}

async function signatureHolds(token) {
  const jwk = await token.key();
  const key = await refusing("token_key_unsuitable", () => keyOf(jwk));
  const signed = token.text.slice(0, token.text.lastIndexOf("."));
  demand(await holds(key, token.decoded[2], new TextEncoder().encode(signed)), "token_signature");
}

function payloadHasNoDuplicates(token) {
  parseObject(token.decoded[1], { unique: true });
}

function payloadNumbersAreJson(token) {
  parseObject(token.decoded[1], { finite: true });
}

function payloadIsShallow(token) {
  for (const [depth] of walk(token.payload)) demand(depth <= token.deepest, "token_nesting");
}

/** No unpaired surrogate (RFC 8259 section 8.2). */
function payloadTextIsUnicode(token) {
  for (const [, value] of walk(token.payload)) demand(typeof value !== "string" || isUnicode(value), "token_text");
}

export const HEADER_CHECKS = [
  sizeIsBounded,
  threeParts,
  base64urlIsCanonical,
  headerHasNoDuplicates,
  nothingIsCritical,
  headerMembersAreKnown,
  algorithmIsPinned,
  typeIsExact,
];

export const BODY_CHECKS = [
  kidSelectsOneKey,
  keyIsP256,
  keyUseIsSignature,
  keyOpsAllowVerification,
  keyAlgAgrees,
  signatureHas64Bytes,
  signatureHolds,
  payloadHasNoDuplicates,
  payloadNumbersAreJson,
  payloadIsShallow,
  payloadTextIsUnicode,
];

/** Whether encoding these bytes gives this text. */
export function isCanonical(text, bytes) {
  if (!CANONICAL.test(text) || text.length !== Math.ceil((bytes.length * 4) / 3)) return false;
  const last = bytes.length % 3;
  return last === 0 || (lastValue(text) & (last === 1 ? 15 : 3)) === 0;
}

function lastValue(text) {
  const code = text.charCodeAt(text.length - 1);
  if (code === 45) return 62;
  if (code === 95) return 63;
  return code >= 97 ? code - 71 : code >= 65 ? code - 65 : code + 4;
}

/** Whether the text holds no half of a surrogate pair. */
export function isUnicode(text) {
  return !HALF_A_PAIR.test(text);
}

/** The token, if it is text of ASCII. */
export function asciiText(token) {
  return typeof token === "string" && /^[\x00-\x7f]*$/.test(token) ? token : refuse("token_malformed");
}

/** A key to check signatures with, from a JWK. Throws where it is no point on P-256, or spelled with more than its 32 bytes. */
async function keyOf(jwk) {
  const [x, y] = [jwk.x, jwk.y].map((one) => (one.length === COORDINATE_CHARACTERS ? decodeLeniently(one) : null));
  return publicKey(point(x, y));
}

/** Whether x and y are the coordinates (base64url) of a public key on P-256. */
export async function isPoint(x, y) {
  if (typeof x !== "string" || typeof y !== "string") return false;
  return keyOf({ x, y }).then(
    () => true,
    () => false,
  );
}
