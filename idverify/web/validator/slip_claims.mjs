// What an issuer says in a QR slip; as idverify/credentials/slip_claims.py.

import { base64 } from "./bytes.mjs";
import { decodeCbor } from "./cbor.mjs";
import { hasExactly, isCoseKey } from "./cose.mjs";
import { isText } from "./json.mjs";

export const VCT_PREFIX = "urn:idverify:vct:";
export const TYPE = "application/eid-slip+cwt";
export const LONGEST_SECONDS = 24 * 3600;
export const [ISS, EXP, IAT, CNF, VCT, STATUS] = [1, 4, 6, 8, 11, 65535];
export const [PURPOSE, CLAIMS, DIGESTS, ENV] = [-70001, -70002, -70003, -70004];
export const CNF_KEY = 1;
const SALT_BYTES = 16;
const DIGEST_BYTES = 32;
const ALWAYS = [ISS, EXP, IAT, CNF, VCT, STATUS, PURPOSE];

const FITS = new Map([
  [ISS, isText],
  [EXP, isUint],
  [IAT, isUint],
  [CNF, (value) => hasExactly(value, [CNF_KEY]) && isCoseKey(value.get(CNF_KEY))],
  [VCT, isText],
  [STATUS, isStatus],
  [PURPOSE, isText],
  [CLAIMS, (value) => value instanceof Map && [...value].every(([name, one]) => isText(name) && isValue(one))],
  [DIGESTS, areDigests],
  [ENV, isText],
]);

/** Whether the claims are exactly those of a slip, each of its type, with either claims or digests. */
export function wellFormed(claims) {
  const names = [...claims.keys()].filter((one) => one !== ENV);
  const complete = ALWAYS.every((one) => claims.has(one)) && names.length === ALWAYS.length + 1;
  if (!complete || claims.has(CLAIMS) === claims.has(DIGESTS)) return false;
  return [...claims].every(([name, value]) => FITS.get(name)(value));
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

function isStatus(value) {
  const listed = hasExactly(value, ["status_list"]) ? value.get("status_list") : null;
  return hasExactly(listed, ["idx", "uri"]) && isUint(listed.get("idx")) && isText(listed.get("uri"));
}

function areDigests(value) {
  if (!Array.isArray(value) || !value.every((one) => one instanceof Uint8Array && one.length === DIGEST_BYTES)) return false;
  return value.every((one, index) => index === 0 || precedes(value[index - 1], one));
}

function precedes(left, right) {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at >= 0 && left[at] < right[at];
}
