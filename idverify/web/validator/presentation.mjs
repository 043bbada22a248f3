// The validator of presented credentials; as idverify/credentials/presentation.py.
//
// In order: the signed part (certified_jws.mjs, certificates.mjs), what it says (credential_checks.mjs), the disclosures
// (sd_jwt.mjs), the holder's proof (key_binding.mjs), the status (believed.mjs). The code is of the first that does not hold.

import { standing, typeOf } from "./believed.mjs";
import { PURPOSE } from "./certificates.mjs";
import { validate } from "./certified_jws.mjs";
import { CHECKS, RESERVED } from "./credential_checks.mjs";
import { ACCEPTED, finding } from "./findings.mjs";
import { asciiText } from "./jws.mjs";
import { validateBinding } from "./key_binding.mjs";
import { demandOptions } from "./options.mjs";
import { Refused } from "./refused.mjs";
import { run } from "./run.mjs";
import { disclosed, parseParts } from "./sd_jwt.mjs";

const TYPE = "dc+sd-jwt";
const TOLD = ["iss", "exp", "acr", "amr", "auth_time"];

/**
 * What there is to say of a presentation (`JWT~disclosure~...~KB-JWT`): a finding (findings.mjs), whatever the text.
 *
 * believed: from believe(). audience: the reader's own name. nonce: what it asked for; null when it asked for none, and then
 * only `replays` (replays.mjs) stands against a presentation that is shown twice. now: seconds since the epoch.
 * Throws TypeError where an option is missing: what was forgotten is never taken for permission.
 */
export async function validatePresentation(text, believed, { audience, nonce, now, allowDev = false, replays = null }) {
  demandOptions({ now, text: { audience }, textOrNull: { nonce } });
  let parts, payload, leaf, hidden;
  try {
    parts = parseParts(asciiText(text));
    const { anchors, ended } = believed;
    ({ payload, leaf } = await validate(parts.jwt, TYPE, anchors, { purpose: PURPOSE.CREDENTIAL, now, ended }));
    await run(CHECKS, { payload, leaf, believed, now, allowDev });
    const declared = [...Object.keys(typeOf(believed, payload.vct).schema.properties), "sub"];
    hidden = await disclosed(payload, parts.disclosures, declared, RESERVED);
  } catch (error) {
    return finding({ code: codeOf(error) });
  }

  const { uri, idx: index } = payload.status.status_list;
  const { status, age, code } = await standing(believed, { uri, index }, leaf, payload.iss, now);
  const found = { authentic: true, status, statusAge: age, trustAnchor: leaf.trustAnchor, type: payload.vct };
  try {
    await validateBinding(parts, payload.cnf.jwk, { audience, nonce, now, replays });
  } catch (error) {
    return finding({ ...found, code: codeOf(error) });
  }
  const names = [...TOLD, ...typeOf(believed, payload.vct).disclosed].filter((name) => name in payload);
  const claims = Object.assign(Object.create(null), Object.fromEntries(names.map((name) => [name, payload[name]])), hidden);
  return finding({ ...found, holderBound: true, code: code ?? ACCEPTED, claims });
}

function codeOf(error) {
  if (error instanceof Refused) return error.code;
  throw error;
}
