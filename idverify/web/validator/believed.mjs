// What a relying party holds when it examines a credential, with no network; as idverify/credentials/believed.py.

import { decodeLeniently, hex, sha256 } from "./bytes.mjs";
import { SKEW_SECONDS } from "./certificates.mjs";
import { STATUS } from "./findings.mjs";
import { Refused, demand } from "./refused.mjs";
import { run } from "./run.mjs";
import { readStatusList } from "./status_list.mjs";
import { TYPES } from "./types.mjs";

const CODES = {
  [STATUS.VALID]: null,
  [STATUS.REVOKED]: "credential_revoked",
  [STATUS.SUSPENDED]: "credential_suspended",
  [STATUS.UNKNOWN]: "status_unknown",
};

function listIsInTime({ list, now }) {
  demand(list.expiresAt > now, "status_unknown");
}

function listIsNotFromTheFuture({ list, now }) {
  demand(list.issuedAt <= now + SKEW_SECONDS, "status_unknown");
}

function listIsTheIssuers({ list, issuer }) {
  demand(list.issuer === issuer, "status_foreign");
}

function listIsUnderTheSameAnchor({ list, leaf }) {
  demand(list.anchor === leaf.trustAnchor, "status_foreign");
}

export const CHECKS = [listIsInTime, listIsNotFromTheFuture, listIsTheIssuers, listIsUnderTheSameAnchor];

/**
 * What the validators ask for: {anchors, ended, statuses, issuerLeaves, types, refused}.
 *
 * anchors: [{name, certificate, types, issuers}], DER bytes or base64, the vct values that it may issue, and the URLs in whose
 * name. ended: such anchors of trust lists whose time is over, which vouch for nobody: what is under one is refused as
 * trust_list_expired, not as a stranger's. statusLists: tokens, as fetched; those that do not hold at `now` (seconds since the
 * epoch) are left out, their codes are in `refused`. issuerKeys: certificates of issuers (DER bytes or base64), for QR slips,
 * examined whenever a slip names one. types: parsed files of idverify/credentials/types, and of your own; no vct twice.
 */
export async function believe({ anchors, ended = [], statusLists = [], issuerKeys = [], now, types = TYPES }) {
  const roots = anchors.map(anchorOf);
  const held = {
    anchors: roots,
    ended: ended.map(anchorOf),
    statuses: new Map(),
    issuerLeaves: new Map(),
    types: distinct(types),
    refused: [],
  };
  for (const token of statusLists) {
    try {
      const list = await readStatusList(token, roots, now);
      const known = held.statuses.get(list.uri);
      if (known === undefined || known.issuedAt < list.issuedAt) held.statuses.set(list.uri, list);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      held.refused.push(error.code);
    }
  }
  for (const certificate of issuerKeys.map(bytesOf)) held.issuerLeaves.set(await fingerprint8(certificate), { certificate });
  return held;
}

/** The type of credential with that vct; undefined where the reader knows none. */
export function typeOf(believed, vct) {
  return believed.types.find((one) => one.vct === vct);
}

/** Address of an issuer's status list of that number; as idverify/credentials/status_reference.py. */
export function listUri(issuer, number) {
  return `${issuer.replace(/\/+$/, "")}/v1/status-lists/${number}`;
}

/**
 * {status, age, code}: what the issuer's list says of the credential that this leaf signed; code is null where it is VALID.
 * UNKNOWN without a list, with one past its end or from the future, with another issuer's, and beyond its last index.
 */
export async function standing(believed, { uri, index }, leaf, issuer, now) {
  const list = believed.statuses.get(uri);
  try {
    demand(list !== undefined, "status_unknown");
    await run(CHECKS, { list, leaf, issuer, now });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { status: STATUS.UNKNOWN, age: null, code: error.code };
  }
  const status = list.status(index);
  return { status, age: Math.max(0, now - list.issuedAt), code: CODES[status] };
}

/** First 8 bytes of the SHA-256 of a certificate, hex: how a QR slip names it. */
async function fingerprint8(certificate) {
  return hex((await sha256(certificate)).subarray(0, 8));
}

/** The types; throws TypeError where two have one vct: which of them counted would be chance. */
function distinct(types) {
  if (new Set(types.map(({ vct }) => vct)).size < types.length) throw new TypeError("types: two have the same vct");
  return [...types];
}

function anchorOf({ name, certificate, types, issuers }) {
  return { name, certificate: bytesOf(certificate), types: [...types], issuers: [...issuers] };
}

function bytesOf(spelled) {
  if (spelled instanceof Uint8Array) return spelled;
  const bytes = typeof spelled === "string" ? decodeLeniently(spelled) : null;
  if (bytes === null) throw new TypeError("a certificate is DER bytes or their base64");
  return bytes;
}
