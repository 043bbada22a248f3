// What this validator finds of a vector; in Node, and in a browser (tests/capture/test_validator.py).

import {
  Counters,
  Refused,
  Replays,
  believe,
  readStatusList,
  readTrustList,
  validatePresentation,
  validateSlip,
  validateVerdict,
} from "../../idverify/web/validator/index.mjs";
import { decodeLeniently, hex, sha256 } from "../../idverify/web/validator/bytes.mjs";

const EXAMINERS = { presentation, slip, status_list: statusList, trust_list: trustList, verdict };

/**
 * The vectors of a file, with what they have in common, but for kinds that this validator does not know: wallets' proofs and
 * encrypted answers are for issuers and verifiers on servers, which are Python.
 */
export function vectorsOf(file, { common, vectors }) {
  return vectors.map((vector) => ({ file, ...common, ...vector })).filter(({ kind }) => kind in EXAMINERS);
}

/** What the validator finds, in the words of the vector's `expect`. */
export async function examine(vector) {
  try {
    return await EXAMINERS[vector.kind](vector);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { authentic: false, holder_bound: false, status: "UNKNOWN", code: error.code, anchors: {} };
  }
}

/** Whether two findings agree in all that the vector expects. */
export function agrees(found, vector) {
  const expected = vector.kind === "trust_list" ? { anchors: {}, ...vector.expect } : vector.expect;
  return Object.keys(expected).every((name) => JSON.stringify(sorted(found[name])) === JSON.stringify(sorted(expected[name])));
}

/** Object members in alphabetical order, so that equal values have equal JSON. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value ?? null;
  return Object.fromEntries(Object.entries(value).sort().map(([name, inner]) => [name, sorted(inner)]));
}

const believed = new Map();

/** Forgets what readers hold: a check that is gone may have kept something out of it. */
export function forget() {
  believed.clear();
}

/** What the reader of a vector holds; most vectors of a file have the same reader. */
async function held({ trust, status_lists: statusLists, issuer_keys: issuerKeys, now, fetched = now }) {
  const name = JSON.stringify([trust, statusLists, issuerKeys, fetched]);
  if (!believed.has(name)) believed.set(name, await believe({ ...trust, statusLists, issuerKeys, now: fetched }));
  return believed.get(name);
}

async function presentation(vector) {
  const { audience, nonce, now, allow_dev: allowDev, seen = [], text } = vector;
  const [reader, options] = [await held(vector), { audience, nonce, now, allowDev, replays: new Replays() }];
  for (const earlier of seen) await validatePresentation(earlier, reader, options);
  return told(await validatePresentation(text, reader, options));
}

async function slip(vector) {
  const { purpose, now, allow_dev: allowDev, before, text } = vector;
  const challenge = vector.challenge === null ? null : decodeLeniently(vector.challenge);
  const [reader, options] = [await held(vector), { purpose, challenge, now, allowDev, replays: new Counters() }];
  for (const earlier of before) await validateSlip(earlier, reader, options);
  return told(await validateSlip(text, reader, options));
}

async function statusList({ text, trust, now, uri, index }) {
  const { anchors } = await believe({ anchors: trust.anchors, now });
  const list = await readStatusList(text, anchors, now, { uri });
  return { authentic: true, holder_bound: false, status: list.status(index), code: "accepted" };
}

async function trustList({ text, pad, pin, now, held: last }) {
  const accepted = last && { sequence: last.sequence, digest: last.sha256 };
  const list = await readTrustList(text + "A".repeat(pad), { pin, held: accepted, now });
  const anchors = {};
  for (const one of list.anchors) {
    anchors[hex(await sha256(one.certificate))] = { types: one.types.toSorted(), issuers: one.issuers };
  }
  return { authentic: true, code: "accepted", anchors };
}

async function verdict({ text, trust, audience, issuer, nonce, now, allow_dev: allowDev }) {
  const { code, claims } = await validateVerdict(text, trust, { audience, issuer, nonce, now, allowDev });
  return { code, claims };
}

function told({ authentic, holderBound, status, statusAge, trustAnchor, code, type, claims }) {
  return { authentic, holder_bound: holderBound, status, status_age: statusAge, trust_anchor: trustAnchor, code, type, claims };
}
