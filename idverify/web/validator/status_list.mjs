// Status lists (draft-ietf-oauth-status-list); as idverify/credentials/status_list.py and status_bits.py.

import { mayName } from "./anchors.mjs";
import { decodeLeniently } from "./bytes.mjs";
import { PURPOSE, SKEW_SECONDS } from "./certificates.mjs";
import { validate } from "./certified_jws.mjs";
import { STATUS } from "./findings.mjs";
import { inflated } from "./inflate.mjs";
import { isInteger, isNumber, isObject } from "./json.mjs";
import { isCanonical } from "./jws.mjs";
import { demandOptions } from "./options.mjs";
import { demand, refuse } from "./refused.mjs";
import { run } from "./run.mjs";

const TYPE = "statuslist+jwt";
const LIFETIME_SECONDS = 86400;
const LARGEST = 600000;
const ENTRIES = 2 ** 20;
const LATEST = 2 ** 53;
const MEANING = [STATUS.VALID, STATUS.REVOKED, STATUS.SUSPENDED];

/** A list that held when it was read. Times in seconds since the epoch; anchor: fingerprint of the trusted root. */
class StatusList {
  constructor(facts) {
    Object.freeze(Object.assign(this, facts));
  }

  /** What the list says of an index; UNKNOWN beyond its end, or where it says what we have no word for. */
  status(index) {
    const each = 8 / this.bits;
    if (!isInteger(index, 0, this.content.length * each - 1)) return STATUS.UNKNOWN;
    const value = (this.content[Math.floor(index / each)] >> ((index % each) * this.bits)) & ((1 << this.bits) - 1);
    return MEANING[value] ?? STATUS.UNKNOWN;
  }

  /** Whether to ask for a newer one. Until expiresAt this one counts all the same. */
  refreshDue(now) {
    return now >= this.issuedAt + this.ttl;
  }
}

/** A list under examination, its signature and certificate found to hold. uri: the address that was asked, or null. */
class Candidate {
  #inflated;

  constructor(claims, leaf, anchors, now, uri) {
    Object.assign(this, { claims, leaf, anchors, now, uri });
  }

  /** The member status_list. */
  get held() {
    return this.claims.status_list;
  }

  /** The list without its base64url, to a lenient reader. */
  get compressed() {
    return decodeLeniently(this.held.lst) ?? refuse("status_list_encoding");
  }

  /** How many bytes a list of such statuses has at most. */
  get most() {
    return (ENTRIES * this.held.bits) / 8;
  }

  /** {content, whole}: the list, inflated no further than is needed to see that it is too large. */
  async inflated() {
    return (this.#inflated ??= await inflated(this.compressed, this.most));
  }
}

function claimsHaveTheirTypes({ claims, held }) {
  demand(typeof claims.iss === "string" && typeof claims.sub === "string" && isObject(held), "status_list_claim");
  demand(typeof held.lst === "string", "status_list_claim");
  demand(!("aggregation_uri" in held) || typeof held.aggregation_uri === "string", "status_list_claim");
}

function timesAreNumbers({ claims }) {
  demand([claims.iat, claims.exp, claims.ttl].every((one) => isNumber(one, 0, LATEST)), "status_list_time");
}

function issuedBeforeNow({ claims, now }) {
  demand(claims.iat <= now + SKEW_SECONDS, "status_list_future");
}

function notExpired({ claims, now }) {
  demand(claims.exp > now, "status_list_expired");
}

function lifetimeIsCapped({ claims }) {
  const lifetime = claims.exp - claims.iat;
  demand(lifetime > 0 && lifetime <= LIFETIME_SECONDS, "status_list_lifetime");
}

function issuerIsCertified({ claims, leaf }) {
  demand(leaf.issuers.includes(claims.iss), "status_list_issuer");
}

function issuerIsTrusted({ claims, leaf, anchors }) {
  demand(mayName(anchors, leaf, claims.iss), "status_list_issuer_not_trusted");
}

function subjectIsTheIssuers({ claims }) {
  demand(claims.sub.startsWith(`${claims.iss.replace(/\/+$/, "")}/`), "status_list_subject");
}

function subjectIsTheOneAskedFor({ claims, uri }) {
  demand(uri === null || claims.sub === uri, "status_list_subject");
}

function bitsAreOneOrTwo({ held }) {
  demand(isInteger(held.bits, 1, 2), "status_list_bits");
}

function listIsCanonical(token) {
  demand(isCanonical(token.held.lst, token.compressed), "status_list_encoding");
}

async function listIsBounded(token) {
  demand((await token.inflated()).content.length <= token.most, "status_list_too_large");
}

async function listIsOneStream(token) {
  demand((await token.inflated()).whole, "status_list_compression");
}

export const CHECKS = [
  claimsHaveTheirTypes,
  timesAreNumbers,
  issuedBeforeNow,
  notExpired,
  lifetimeIsCapped,
  issuerIsCertified,
  issuerIsTrusted,
  subjectIsTheIssuers,
  subjectIsTheOneAskedFor,
  bitsAreOneOrTwo,
  listIsCanonical,
  listIsBounded,
  listIsOneStream,
];

/**
 * The list in a token that holds at `now` (seconds since the epoch). uri: the address that was asked, where one was.
 * Throws Refused. It never inflates more than a list may have.
 */
export async function readStatusList(token, anchors, now, { uri = null } = {}) {
  demandOptions({ now });
  const { payload: claims, leaf } = await validate(token, TYPE, anchors, { purpose: PURPOSE.STATUS, now, largest: LARGEST });
  const candidate = new Candidate(claims, leaf, anchors, now, uri);
  await run(CHECKS, candidate);
  return new StatusList({
    uri: claims.sub,
    issuer: claims.iss,
    anchor: leaf.trustAnchor,
    bits: claims.status_list.bits,
    content: (await candidate.inflated()).content,
    issuedAt: Number(claims.iat),
    expiresAt: Number(claims.exp),
    ttl: Number(claims.ttl),
  });
}
