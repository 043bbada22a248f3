// What the signed part of a credential must satisfy once its signature holds; as idverify/credentials/credential_checks.py.

import { mayIssue, mayName } from "./anchors.mjs";
import { typeOf } from "./believed.mjs";
import { SKEW_SECONDS } from "./certificates.mjs";
import { isInteger, isNumber, isObject, isText } from "./json.mjs";
import { isPoint } from "./jws.mjs";
import { demand } from "./refused.mjs";
import { FOUNDING } from "./types.mjs";

const DAY = 86400;
const MOST_ENTRIES = 2 ** 20;
const LATEST = 2 ** 53;
const ENVIRONMENTS = [undefined, "dev", "sandbox"];

/** What every reader must see, and the words of the format itself: never disclosed one by one. */
export const RESERVED = Object.freeze(
  ["iss", "iat", "nbf", "exp", "cnf", "vct", "status", "acr", "amr", "auth_time", "env", "_sd", "_sd_alg", "..."],
);

function issuerIsTheCertificates({ payload, leaf }) {
  demand(leaf.issuers.includes(payload.iss), "credential_issuer");
}

function issuerIsTrusted({ payload, leaf, believed }) {
  demand(mayName(believed.anchors, leaf, payload.iss), "credential_issuer_not_trusted");
}

function typeIsTrusted({ payload, leaf, believed }) {
  const { vct } = known({ payload, believed });
  demand(mayIssue(believed.anchors, leaf, payload.iss, vct), "credential_type_not_trusted");
}

function timesAreNumbers({ payload }) {
  const times = [payload.iat, payload.nbf, payload.exp, payload.auth_time];
  demand(times.every((one) => isNumber(one, 0, LATEST)) && payload.auth_time <= payload.iat, "credential_time");
}

function issuedBeforeNow({ payload, now }) {
  demand(payload.iat <= now + SKEW_SECONDS, "credential_from_the_future");
}

function begun({ payload, now }) {
  demand(payload.nbf <= now + SKEW_SECONDS, "credential_not_yet_valid");
}

function notExpired({ payload, now }) {
  demand(payload.exp > now, "credential_expired");
}

function lifetimeIsCapped({ payload, believed }) {
  const lifetime = payload.exp - payload.iat;
  demand(lifetime > 0 && lifetime <= (known({ payload, believed }).validity_days + 1) * DAY, "credential_lifetime");
}

function environmentIsProduction({ payload, allowDev }) {
  const environment = payload.env ?? undefined;
  demand((allowDev ? ENVIRONMENTS : [undefined]).includes(environment), "token_environment");
}

function assuranceFoundsACredential({ payload }) {
  demand(FOUNDING.includes(payload.acr), "credential_assurance");
  demand(Array.isArray(payload.amr) && payload.amr.every(isText), "credential_assurance");
}

async function holderKeyIsP256({ payload }) {
  const jwk = hasExactly(payload.cnf, ["jwk"]) ? payload.cnf.jwk : null;
  demand(hasExactly(jwk, ["kty", "crv", "x", "y"]) && jwk.kty === "EC" && jwk.crv === "P-256", "credential_holder_key");
  demand(await isPoint(jwk.x, jwk.y), "credential_holder_key");
}

function statusIsReferenced({ payload }) {
  const entry = hasExactly(payload.status, ["status_list"]) ? payload.status.status_list : null;
  demand(hasExactly(entry, ["idx", "uri"]), "credential_status");
  demand(isInteger(entry.idx, 0, MOST_ENTRIES - 1) && isText(entry.uri), "credential_status");
}

function visibleClaimsAreTheTypes({ payload, believed }) {
  const { disclosed, schema } = known({ payload, believed });
  const allowed = [...RESERVED, ...disclosed];
  demand(Object.keys(payload).every((name) => allowed.includes(name)), "credential_claim");
  const required = disclosed.filter((name) => schema.required.includes(name));
  demand(required.every((name) => name in payload), "credential_claim");
}

export const CHECKS = [
  issuerIsTheCertificates,
  issuerIsTrusted,
  typeIsTrusted,
  timesAreNumbers,
  issuedBeforeNow,
  begun,
  notExpired,
  lifetimeIsCapped,
  environmentIsProduction,
  assuranceFoundsACredential,
  holderKeyIsP256,
  statusIsReferenced,
  visibleClaimsAreTheTypes,
];

function known({ payload, believed }) {
  const type = typeOf(believed, payload.vct);
  demand(type, "credential_type_unknown");
  return type;
}

function hasExactly(value, names) {
  return isObject(value) && Object.keys(value).length === names.length && names.every((name) => name in value);
}
