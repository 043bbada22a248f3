// The validator of verdict tokens; as idverify/credentials/verdict.py. docs/reference/verdict-token.md explains the claims.

import { ACCEPTED } from "./findings.mjs";
import { isObject, plain } from "./json.mjs";
import { BODY_CHECKS, Candidate, HEADER_CHECKS, asciiText } from "./jws.mjs";
import { demandOptions } from "./options.mjs";
import { Refused } from "./refused.mjs";
import { run } from "./run.mjs";
import { CHECKS, CLAIMS } from "./verdict_checks.mjs";

const TYPE = "verification-result+jwt";

/**
 * What there is to say of a verdict token: {code, accepted, claims}, whatever the text. claims: those that the format knows, under
 * the token's own names; empty unless accepted.
 *
 * keySet: the issuer's JWK Set (RFC 7517 section 5), parsed, fetched or saved. audience: the reader's own name. issuer, nonce:
 * whose token it must be and what was asked for; null where that is not compared. now: seconds since the epoch.
 * Throws TypeError where an option is missing or keySet is no JWK Set: what was forgotten is never taken for permission.
 */
export async function validateVerdict(text, keySet, { audience, issuer, nonce, now, allowDev = false }) {
  demandOptions({ now, text: { audience }, textOrNull: { issuer, nonce } });
  const keys = keysOf(keySet);
  try {
    const token = new Candidate(asciiText(text), keys, TYPE);
    for (const checks of [HEADER_CHECKS, BODY_CHECKS]) await run(checks, token);
    const { payload } = token;
    await run(CHECKS, { payload, audience, issuer, nonce, now, allowDev });
    return told(ACCEPTED, CLAIMS.filter((name) => name in payload).map((name) => [name, plain(payload[name])]));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return told(error.code, []);
  }
}

function told(code, claims) {
  const named = Object.assign(Object.create(null), Object.fromEntries(claims));
  return Object.freeze({ code, accepted: code === ACCEPTED, claims: Object.freeze(named) });
}

function keysOf(keySet) {
  const keys = isObject(keySet) ? keySet.keys : null;
  const sound = Array.isArray(keys) && keys.length > 0 && keys.every(isObject);
  if (!sound) throw new TypeError('keySet: a JWK Set with a key or more is required, {"keys": [...]}');
  return keys;
}
