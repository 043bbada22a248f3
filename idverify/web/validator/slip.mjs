// The validator of QR codes; as idverify/credentials/slip.py. What it checks, and in which order, is in slip_checks.mjs.

import { listUri, standing } from "./believed.mjs";
import { ACCEPTED, finding } from "./findings.mjs";
import { demandOptions } from "./options.mjs";
import { Refused } from "./refused.mjs";
import { run } from "./run.mjs";
import { Candidate, DEVICE_CHECKS, ISSUER_CHECKS } from "./slip_checks.mjs";
import { EXP, ISS, spelled } from "./slip_claims.mjs";

/**
 * What the text of a QR code is worth: a finding (findings.mjs), whatever the text.
 *
 * believed: from believe(). purpose: the only one to take, or null for any. challenge: the bytes that this reader shows, or
 * null when it shows none. now: seconds since the epoch. replays: Counters (replays.mjs); without them a code can be shown
 * twice within its minute. Throws TypeError where an option is missing: what was forgotten is never taken for permission.
 */
export async function validateSlip(text, believed, { purpose, challenge, now, allowDev = false, replays = null }) {
  demandOptions({ now, textOrNull: { purpose } });
  if (challenge !== null && !(challenge instanceof Uint8Array)) {
    throw new TypeError("challenge: the bytes that this reader shows, or null to say that it shows none");
  }
  if (typeof text !== "string") return finding({ code: "slip_foreign" });
  const code = new Candidate(text, believed, { purpose, challenge, now, allowDev, replays });
  try {
    await run(ISSUER_CHECKS, code);
  } catch (error) {
    return finding({ code: codeOf(error) });
  }
  const { claims, ours } = code;
  const issuer = claims.get(ISS);
  const reference = { uri: listUri(issuer, ours.listNumber), index: ours.listIndex };
  const leaf = await code.leaf();
  const { status, age, code: standingCode } = await standing(believed, reference, leaf, issuer, now);
  const found = { authentic: true, status, statusAge: age, trustAnchor: leaf.trustAnchor, type: code.vct };
  try {
    await run(DEVICE_CHECKS, code);
  } catch (error) {
    return finding({ ...found, code: codeOf(error) });
  }
  const told = [["iss", issuer], ["exp", claims.get(EXP)], ["purpose", ours.purpose]];
  const said = spelled([...told, ...ours.claims, ...code.disclosed]);
  return finding({ ...found, holderBound: true, code: standingCode ?? ACCEPTED, claims: said });
}

function codeOf(error) {
  if (error instanceof Refused) return error.code;
  throw error;
}
