// What an issuer says in a QR slip; as idverify/credentials/slip_claims.py.

import { base64, encoded } from "./bytes.mjs";
import { decodeCbor } from "./cbor.mjs";
import { hasExactly, isCoseKey } from "./cose.mjs";
import { isInteger, isText } from "./json.mjs";

export const VCT_PREFIX = "urn:idverify:vct:";
export const LONGEST_SECONDS = 24 * 3600;
export const [ISS, EXP, IAT, CNF, VCT, OURS] = [1, 4, 6, 8, 11, -70001];
export const CNF_KEY = 1;
/** What the issuer's signature is of, and the device's: external data, so that nothing else passes for a slip or an envelope. */
export const [SLIP, ENVELOPE] = ["urn:idverify:qr:slip:1", "urn:idverify:qr:envelope:1"].map(encoded);
const SALT_BYTES = 16;
const DIGEST_BYTES = 32;
const LARGEST_LIST = 2 ** 31 - 1;
const MOST_ENTRIES = 2 ** 20;

const FITS = new Map([
  [ISS, isText],
  [EXP, isUint],
  [IAT, isUint],
  [CNF, (value) => hasExactly(value, [CNF_KEY]) && isCoseKey(value.get(CNF_KEY))],
  [VCT, isText],
  [OURS, isOurs],
]);

/** Whether the claims are exactly those of a slip, each of its type. */
export function wellFormed(claims) {
  return hasExactly(claims, [...FITS.keys()]) && [...claims].every(([name, value]) => FITS.get(name)(value));
}

/** The claim of ours: {listNumber, listIndex, purpose, selective, claims, digests, env}; of claims that are well formed. */
export function ours(claims) {
  const [listNumber, listIndex, purpose, said, env] = claims.get(OURS);
  const selective = Array.isArray(said);
  return { listNumber, listIndex, purpose, selective, claims: selective ? new Map() : said, digests: selective ? said : [], env };
}

/** Name and value of a disclosure; null where the bytes are none, or not in the one spelling. */
export function readDisclosure(bytes) {
  let read;
  try {
    read = decodeCbor(bytes);
  } catch {
    return null;
  }
  const { value: parts, canonical } = read;
  if (!canonical || !Array.isArray(parts) || parts.length !== 3) return null;
  const [salt, name, value] = parts;
  const sound = salt instanceof Uint8Array && salt.length === SALT_BYTES && isText(name) && isValue(value);
  return sound ? [name, value] : null;
}

/** The claims as every other format of credential has them: an object, bytes as base64. claims: pairs. */
export function spelled(claims) {
  const object = Object.create(null);
  for (const [name, value] of claims) object[name] = value instanceof Uint8Array ? base64(value) : value;
  return object;
}

/** What a claim can be: text, a number, yes or no, bytes, or a list of texts. */
function isValue(value) {
  if (Array.isArray(value)) return value.every((one) => typeof one === "string");
  return ["string", "number", "boolean"].includes(typeof value) || value instanceof Uint8Array;
}

function isUint(value) {
  return Number.isInteger(value) && value >= 0;
}

function isOurs(value) {
  if (!Array.isArray(value) || ![4, 5].includes(value.length)) return false;
  const [number, index, purpose, said, ...env] = value;
  const placed = isInteger(number, 1, LARGEST_LIST) && isInteger(index, 0, MOST_ENTRIES - 1);
  return placed && [purpose, ...env].every(isText) && (areClaims(said) || areDigests(said));
}

function areClaims(value) {
  return value instanceof Map && [...value].every(([name, one]) => isText(name) && isValue(one));
}

function areDigests(value) {
  if (!Array.isArray(value) || !value.every((one) => one instanceof Uint8Array && one.length === DIGEST_BYTES)) return false;
  return value.every((one, index) => index === 0 || precedes(value[index - 1], one));
}

function precedes(left, right) {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at >= 0 && left[at] < right[at];
}
