// What a verdict token must satisfy once its signature holds; as idverify/credentials/verdict_checks.py.

import { LIVENESS, METHODS } from "./assurances.mjs";
import { encoded, same } from "./bytes.mjs";
import { SKEW_SECONDS } from "./certificates.mjs";
import { isNumber, isObject, isText } from "./json.mjs";
import { demand } from "./refused.mjs";

const LIFETIME_SECONDS = 600;
const LATEST = Number.MAX_SAFE_INTEGER;
const SHA256 = /^[0-9a-f]{64}$/;
const isTexts = (value) => Array.isArray(value) && value.every(isText);

const REQUIRED = {
  iss: isText,
  azp: isText,
  jti: isText,
  txn: isText,
  purpose: isText,
  policy: isPolicy,
  checks: isTexts,
  amr: isTexts,
  acr: isText,
  liveness_level: isText,
  model_pack: isText,
  reference_source: isText,
};
const OPTIONAL = ["sub", "nonce", "reference_digest"];

/** The claims that the format knows; others are ignored (RFC 7519 section 4). */
export const CLAIMS = Object.freeze(["aud", "iat", "nbf", "exp", "env", ...Object.keys(REQUIRED), ...OPTIONAL]);

function timesAreNumbers({ payload: { iat, exp, nbf = 0 } }) {
  demand([iat, exp, nbf].every((one) => isNumber(one, 0, LATEST)), "token_time");
}

function issuedBeforeNow({ payload, now }) {
  demand(payload.iat <= now + SKEW_SECONDS, "token_from_the_future");
}

function begun({ payload: { nbf = 0 }, now }) {
  demand(nbf <= now + SKEW_SECONDS, "token_not_yet_valid");
}

function notExpired({ payload, now }) {
  demand(payload.exp > now, "token_expired");
}

function lifetimeIsCapped({ payload }) {
  const lifetime = payload.exp - payload.iat;
  demand(lifetime > 0 && lifetime <= LIFETIME_SECONDS, "token_lifetime");
}

/** One string, ours. A list, even with our name in it, is a token that another may present. */
function audienceIsOursAlone({ payload, audience }) {
  demand(payload.aud === audience, "token_audience");
}

function issuerIsExpected({ payload, issuer }) {
  demand(issuer === null || payload.iss === issuer, "token_issuer");
}

function nonceIsOurs({ payload, nonce }) {
  if (nonce === null) return;
  demand(typeof payload.nonce === "string" && same(encoded(payload.nonce), encoded(nonce)), "token_nonce");
}

function environmentIsProduction({ payload, allowDev }) {
  demand(!("env" in payload) || (allowDev && ["dev", "sandbox"].includes(payload.env)), "token_environment");
}

function claimsHaveTheirTypes({ payload }) {
  demand(Object.entries(REQUIRED).every(([name, fits]) => fits(payload[name])), "token_claim");
  demand(OPTIONAL.every((name) => !(name in payload) || typeof payload[name] === "string"), "token_claim");
}

function acrIsKnown({ payload }) {
  demand(LIVENESS.has(payload.acr), "token_assurance");
}

function livenessIsWhatAcrSays({ payload }) {
  demand(!LIVENESS.has(payload.acr) || LIVENESS.get(payload.acr) === payload.liveness_level, "token_assurance");
}

function methodsWereEarned({ payload }) {
  const earned = payload.checks.filter((check) => METHODS.has(check)).map((check) => METHODS.get(check));
  demand(payload.amr.every((method) => earned.includes(method)), "token_methods");
}

function referenceSourceIsKnown({ payload }) {
  demand(["registry", "caller"].includes(payload.reference_source), "token_reference");
}

/** A registry reference names a subject and no digest; a caller's reference names its digest and nobody. */
function referenceNamesTheRightThing({ payload }) {
  const { reference_source: source, reference_digest: digest } = payload;
  if (source === "registry") demand("sub" in payload && !("reference_digest" in payload), "token_reference");
  if (source === "caller") demand(!("sub" in payload) && typeof digest === "string" && SHA256.test(digest), "token_reference");
}

export const CHECKS = [
  timesAreNumbers,
  issuedBeforeNow,
  begun,
  notExpired,
  lifetimeIsCapped,
  audienceIsOursAlone,
  issuerIsExpected,
  nonceIsOurs,
  environmentIsProduction,
  claimsHaveTheirTypes,
  acrIsKnown,
  livenessIsWhatAcrSays,
  methodsWereEarned,
  referenceSourceIsKnown,
  referenceNamesTheRightThing,
];

function isPolicy(value) {
  if (!isObject(value) || !isText(value.name)) return false;
  return ["target_fmr", "fmr_high"].every((rate) => isNumber(value[rate], 0, 1));
}
