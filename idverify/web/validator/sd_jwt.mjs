// SD-JWT (RFC 9901), flat; as idverify/credentials/sd_jwt.py.

import { base64url, decodeLeniently, encoded, sha256 } from "./bytes.mjs";
import { isObject, parse, walk } from "./json.mjs";
import { isCanonical, isUnicode } from "./jws.mjs";
import { demand, refuse } from "./refused.mjs";
import { run } from "./run.mjs";

const LARGEST = 65536;
const MOST_DISCLOSURES = 64;
const DEEPEST = 4;
const DIGEST_CHARACTERS = 43;

/** {jwt, disclosures, binding, bound} of an SD-JWT; binding is null where it ends with a tilde. */
export function parseParts(text) {
  const [jwt, ...rest] = text.split("~");
  demand(text.length <= LARGEST && rest.length <= MOST_DISCLOSURES + 1, "presentation_too_large");
  const disclosures = rest.slice(0, -1);
  demand(jwt !== "" && rest.length > 0 && disclosures.every((one) => one !== ""), "presentation_malformed");
  const binding = rest[rest.length - 1] || null;
  return { jwt, disclosures, binding, bound: [jwt, ...disclosures, ""].join("~") };
}

/** SHA-256 of ASCII text, base64url: of a disclosure in `_sd`, of a presentation in `sd_hash`. */
export async function digest(text) {
  return base64url(await sha256(encoded(text)));
}

/** A signed payload with the disclosures shown beside it, under examination. declared, reserved: lists of names. */
class Opened {
  #claims;

  constructor(payload, texts, declared, reserved) {
    Object.assign(this, { payload, texts, declared, reserved });
  }

  /** Name and value of each disclosure. */
  get claims() {
    return (this.#claims ??= this.texts.map((text) => array(text).slice(1)));
  }

  /** What `_sd` lists. */
  get digests() {
    return Array.isArray(this.payload._sd) ? this.payload._sd : [];
  }
}

function disclosuresAreCanonical(opened) {
  for (const text of opened.texts) demand(isCanonical(text, bytesOf(text)), "disclosure_malformed");
}

function disclosuresAreStrictJson(opened) {
  for (const text of opened.texts) {
    for (const [depth, value] of walk(array(text, { unique: true, finite: true }))) {
      demand(depth <= DEEPEST && (typeof value !== "string" || isUnicode(value)), "disclosure_malformed");
    }
  }
}

function algorithmIsSha256(opened) {
  demand(opened.payload._sd_alg === "sha-256", "disclosure_nested");
}

function digestsAreDigests(opened) {
  const listed = opened.payload._sd;
  const fits = (one) => typeof one === "string" && one.length === DIGEST_CHARACTERS;
  demand(Array.isArray(listed) && listed.every(fits), "disclosure_digests");
}

function digestsAreUnique(opened) {
  demand(new Set(opened.digests.map(String)).size === opened.digests.length, "disclosure_digests");
}

function nothingIsNested(opened) {
  demand(!("..." in opened.payload), "disclosure_nested");
  const signed = Object.entries(opened.payload).filter(([name]) => name !== "_sd");
  for (const [, value] of [...signed, ...opened.claims]) {
    for (const [, inner] of walk(value)) demand(!isObject(inner) || !("_sd" in inner || "..." in inner), "disclosure_nested");
  }
}

async function disclosuresAreSigned(opened) {
  for (const [index, text] of opened.texts.entries()) {
    const [name] = opened.claims[index];
    if (opened.digests.includes(await digest(text))) continue;
    refuse(opened.declared.includes(name) ? "disclosure_tampered" : "disclosure_undeclared");
  }
}

function noReservedName(opened) {
  demand(!opened.claims.some(([name]) => opened.reserved.includes(name)), "disclosure_reserved");
}

function namesAreDeclared(opened) {
  demand(opened.claims.every(([name]) => opened.declared.includes(name)), "disclosure_undeclared");
}

function noNameTwice(opened) {
  const names = opened.claims.map(([name]) => name);
  const shown = names.some((name) => name in opened.payload);
  demand(new Set(names).size === names.length && !shown, "disclosure_repeated");
}

export const CHECKS = [
  disclosuresAreCanonical,
  disclosuresAreStrictJson,
  algorithmIsSha256,
  digestsAreDigests,
  digestsAreUnique,
  nothingIsNested,
  disclosuresAreSigned,
  noReservedName,
  namesAreDeclared,
  noNameTwice,
];

/** The claims that were disclosed, by name. The payload's signature holds already. */
export async function disclosed(payload, disclosures, declared, reserved) {
  const opened = new Opened(payload, disclosures, declared, reserved);
  await run(CHECKS, opened);
  const claims = Object.create(null);
  for (const [name, value] of opened.claims) claims[name] = value;
  return claims;
}

function bytesOf(text) {
  return decodeLeniently(text) ?? refuse("disclosure_malformed");
}

/** Salt, name and value. */
function array(text, options) {
  let parsed;
  try {
    parsed = parse(bytesOf(text), options);
  } catch {
    refuse("disclosure_malformed");
  }
  const fits = Array.isArray(parsed) && parsed.length === 3 && typeof parsed[0] === "string" && typeof parsed[1] === "string";
  return fits ? parsed : refuse("disclosure_malformed");
}
