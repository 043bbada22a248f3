// What stands in a trust list (ETSI TS 119 602, JSON binding); as idverify/credentials/trust_list_document.py.

import { base64, decodeLeniently } from "./bytes.mjs";
import { isInteger, isObject, isText } from "./json.mjs";
import { demand } from "./refused.mjs";

export const VERSION = 1;
export const CREDENTIAL_ISSUERS = "urn:idverify:trust:credential-issuers";
export const CREDENTIAL_TYPES = "urn:idverify:trust:credential-types";
const ISSUING = "urn:idverify:trust:credential-issuing";
const LATEST = 2 ** 53;
const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/;

/**
 * The document: {sequence, operator, territory, issuedAt, nextUpdate, entities, version, kind}; an entity is {anchor, issuers,
 * extensions: [[uri, critical]]}. Services that do not issue credentials are passed over. Throws trust_list_malformed.
 */
export function readDocument(payload) {
  const whole = object(payload.LoTE);
  const information = object(whole.ListAndSchemeInformation);
  const { LoTESequenceNumber: sequence, SchemeTerritory: territory = null } = information;
  ensure(isInteger(sequence, 1, LATEST - 1) && (territory === null || typeof territory === "string"));
  return {
    sequence,
    operator: names(information.SchemeOperatorName),
    territory,
    issuedAt: seconds(information.ListIssueDateTime),
    nextUpdate: seconds(information.NextUpdate),
    entities: objects(whole.TrustedEntitiesList).flatMap(services),
    version: information.LoTEVersionIdentifier,
    kind: information.LoTEType,
  };
}

function services(entity) {
  const spoken = names(object(entity.TrustedEntityInformation).TEName);
  const name = spoken.get("en") ?? [...spoken.values()][0];
  const found = objects(entity.TrustedEntityServices).map((one) => object(one.ServiceInformation));
  return found.filter((one) => one.ServiceTypeIdentifier === ISSUING).map((one) => service(name, one));
}

function service(name, one) {
  const certificates = objects(object(one.ServiceDigitalIdentity).X509Certificates);
  ensure(certificates.length === 1);
  const extensions = objects(one.ServiceInformationExtensions ?? missing(one, "ServiceInformationExtensions"));
  const types = extensions.filter(({ uri }) => uri === CREDENTIAL_TYPES).flatMap((extension) => texts(extension.types));
  const points = objects(one.ServiceSupplyPoints ?? missing(one, "ServiceSupplyPoints"));
  return {
    anchor: { name, certificate: der(certificates[0].val), types: [...new Set(types)] },
    issuers: texts(points.map((point) => point.uriValue)),
    extensions: extensions.map(({ uri, critical }) => [uri, critical !== false]),
  };
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

function texts(value) {
  ensure(Array.isArray(value));
  return value.map(text);
}

function object(value) {
  ensure(isObject(value));
  return value;
}

function objects(value) {
  ensure(Array.isArray(value));
  return value.map(object);
}
