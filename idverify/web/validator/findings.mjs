// What a validator says of a credential: always all of it, never a bare yes or no; as idverify/credentials/findings.py.

import { plain } from "./json.mjs";

export const ACCEPTED = "accepted";
export const STATUS = Object.freeze({ VALID: "VALID", REVOKED: "REVOKED", SUSPENDED: "SUSPENDED", UNKNOWN: "UNKNOWN" });

/**
 * One presented credential, examined: {authentic, holderBound, status, statusAge, trustAnchor, code, type, claims, accepted}.
 * UNKNOWN is not accepted; who decides to let it pass does so knowingly.
 */
export function finding(found) {
  const all = {
    authentic: false,
    holderBound: false,
    status: STATUS.UNKNOWN,
    statusAge: null,
    trustAnchor: null,
    type: null,
    claims: {},
    ...found,
  };
  return Object.freeze({ ...all, claims: plain(all.claims), accepted: all.code === ACCEPTED });
}
