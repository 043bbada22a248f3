// What stands in a trust list (ETSI TS 119 602, JSON binding); as idverify/credentials/trust_list_document.py.

import { base64, decodeLeniently } from "./bytes.mjs";
import { isInteger, isObject, isText } from "./json.mjs";
import { demand } from "./refused.mjs";

export const VERSION = 1;
export const CREDENTIAL_ISSUERS = "urn:idverify:trust:credential-issuers";
const ISSUING = "urn:idverify:trust:credential-issuing";
const LATEST = 2 ** 53;
const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/;

/**
 * The document: {sequence, operator, territory, issuedAt, nextUpdate, entities, version, kind, critical}; an entity is {anchor}.
 * Services that do not issue credentials are passed over. Throws trust_list_malformed.
 */
export function readDocument(payload) {
  const whole = object(payload.LoTE);
  const information = object(whole.ListAndSchemeInformation);
  const { LoTESequenceNumber: sequence, SchemeTerritory: territory = null } = information;
  ensure(isInteger(sequence, 1, LATEST - 1) && (territory === null || typeof territory === "string"));
  const entities = "TrustedEntitiesList" in whole ? some(whole.TrustedEntitiesList) : [];
  return {
    sequence,
    operator: names(information.SchemeOperatorName),
    territory,
    issuedAt: seconds(information.ListIssueDateTime),
    nextUpdate: seconds(information.NextUpdate),
    entities: entities.flatMap(roots),
    version: information.LoTEVersionIdentifier,
    kind: information.LoTEType,
    critical: isCritical(information, "SchemeExtensions") || entities.some(demanding),
  };
}

/** One entity for each root, and another for a root that is there again with other issuers: that is for a check to refuse. */
function roots(entity) {
  const spoken = names(object(entity.TrustedEntityInformation).TEName);
  const name = spoken.get("en") ?? [...spoken.values()][0];
  const found = new Map();
  for (const service of issuing(entity)) {
    const certificates = objects(object(service.ServiceDigitalIdentity).X509Certificates);
    ensure(certificates.length === 1);
    const points = objects(service.ServiceSupplyPoints ?? missing(service, "ServiceSupplyPoints"));
    const [certificate, issuers] = [der(certificates[0].val), points.map((point) => text(point.uriValue))];
    const key = JSON.stringify([certificates[0].val, issuers]);
    const anchor = found.get(key) ?? { name, certificate, types: [], issuers };
    const vct = service.ServiceTypeIdentifier.slice(ISSUING.length + 1);
    if (!anchor.types.includes(vct)) anchor.types.push(vct);
    found.set(key, anchor);
  }
  return [...found.values()].map((anchor) => ({ anchor }));
}

/** Its services that issue credentials: their identifier is ISSUING, a colon, and the vct of what they issue. */
function issuing(entity) {
  const services = some(entity.TrustedEntityServices).map((one) => object(one.ServiceInformation));
  return services.filter(({ ServiceTypeIdentifier: kind }) => isText(kind) && `${kind}:`.startsWith(`${ISSUING}:`));
}

/** Whether the entity has an extension that must be understood. */
function demanding(entity) {
  const ofService = issuing(entity).some((one) => isCritical(one, "ServiceInformationExtensions"));
  return ofService || isCritical(object(entity.TrustedEntityInformation), "TEInformationExtensions");
}

/** Whether one of its extensions does not say that it may be passed over. */
function isCritical(holder, name) {
  return objects(holder[name] ?? missing(holder, name)).some(({ critical }) => critical !== false);
}

/** An empty list where the member is absent; null, which is no list, where it says null. */
function missing(one, name) {
  return name in one ? null : [];
}

function der(spelled) {
  const bytes = decodeLeniently(text(spelled));
  ensure(bytes !== null && base64(bytes) === spelled);
  return bytes;
}

function names(value) {
  const found = new Map(objects(value).map((one) => [text(one.lang), text(one.value)]));
  ensure(found.size > 0);
  return found;
}

function seconds(value) {
  const found = typeof value === "string" ? TIME.exec(value) : null;
  ensure(found !== null);
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  ensure(year > 0 && `${date.toISOString().slice(0, 19)}Z` === value);
  return date.getTime() / 1000;
}

function ensure(holds) {
  demand(holds, "trust_list_malformed");
}

function text(value) {
  ensure(isText(value));
  return value;
}

function object(value) {
  ensure(isObject(value));
  return value;
}

/** At least one, as the schema of the binding has it. */
function some(value) {
  const found = objects(value);
  ensure(found.length > 0);
  return found;
}

function objects(value) {
  ensure(Array.isArray(value));
  return value.map(object);
}
