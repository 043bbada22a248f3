// What a QR slip must be, as checks that run in order; as idverify/credentials/slip_checks.py.

import { mayIssue, mayName } from "./anchors.mjs";
import { decodeBase45 } from "./base45.mjs";
import { typeOf } from "./believed.mjs";
import { hex, same, sha256 } from "./bytes.mjs";
import { decodeCbor } from "./cbor.mjs";
import { PURPOSE as KEY_PURPOSE, SKEW_SECONDS, leafUnder } from "./certificates.mjs";
import { ALGORITHM, ES256, KEY_ID, Sign1, hasExactly, pointOf } from "./cose.mjs";
import { Refused, demand, refuse } from "./refused.mjs";
import * as slip from "./slip_claims.mjs";

const PREFIX = "EID1:";
const LARGEST = 4296;
const OLDEST_SECONDS = 60;
const EARLIEST_SECONDS = 30;

/** A code under examination. What it says is read as leniently as can be; a check refuses what that lets through. */
export class Candidate {
  #read = new Map();

  constructor(text, believed, expected) {
    Object.assign(this, { text, believed }, expected);
  }

  #once(name, read) {
    if (!this.#read.has(name)) this.#read.set(name, read());
    return this.#read.get(name);
  }

  /** What follows the prefix. */
  get raw() {
    return this.#once("raw", () => decodeBase45(this.text.slice(PREFIX.length)) ?? refuse("slip_encoding"));
  }

  /** The envelope. */
  get device() {
    return this.#once("device", () => reading("slip_malformed", () => new Sign1(this.raw)));
  }

  /** Its content: {slip, disclosures, shownAt, counter, challenge, canonical}. */
  get shown() {
    return this.#once("shown", () => readShown(this.device.payload));
  }

  /** The slip. */
  get issuer() {
    return this.#once("issuer", () => reading("slip_malformed", () => new Sign1(this.shown.slip)));
  }

  /** The certificate that the slip names, examined again, for its time may have passed. */
  async leaf() {
    const held = this.believed.issuerLeaves.get(hex(this.issuer.header.get(KEY_ID))) ?? refuse("slip_key_unknown");
    const { anchors, ended } = this.believed;
    return leafUnder([held.certificate], anchors, { purpose: KEY_PURPOSE.CREDENTIAL, now: this.now, ended });
  }

  /** What the issuer says, and whether in its one spelling: {value, canonical}. */
  get said() {
    return this.#once("said", () => {
      const said = reading("slip_claim", () => decodeCbor(this.issuer.payload));
      return said.value instanceof Map ? said : refuse("slip_claim");
    });
  }

  /** What the issuer says. */
  get claims() {
    return this.said.value;
  }

  /** Of what the issuer says, the claim that is ours. */
  get ours() {
    return this.#once("ours", () => slip.ours(this.claims));
  }

  /** The type, in full. */
  get vct() {
    return `${slip.VCT_PREFIX}${this.claims.get(slip.VCT)}`;
  }

  /** What its type declares for the slip's purpose. */
  get kind() {
    const type = typeOf(this.believed, this.vct) ?? refuse("slip_type_unknown");
    const { purpose } = this.ours;
    return Object.hasOwn(type.slips, purpose) ? type.slips[purpose] : refuse("slip_purpose_undeclared");
  }

  /** Names and values that the holder discloses. */
  get disclosed() {
    return this.#once("disclosed", () =>
      this.shown.disclosures.map((one) => slip.readDisclosure(one) ?? refuse("slip_disclosure_malformed")),
    );
  }

  /** The slip key, as the issuer wrote it. */
  get deviceKey() {
    return this.claims.get(slip.CNF).get(slip.CNF_KEY);
  }
}

function textIsBounded(code) {
  demand(code.text.length <= LARGEST, "slip_too_large");
}

function prefixIsOurs(code) {
  demand(code.text.startsWith(PREFIX), "slip_foreign");
}

function envelopeIsCanonical(code) {
  const parts = [code.device, code.shown, code.issuer];
  demand(parts.every((one) => one.canonical), "slip_not_canonical");
}

function allIsProtected(code) {
  demand(code.device.unprotected.size === 0 && code.issuer.unprotected.size === 0, "slip_header");
}

function algorithmsArePinned(code) {
  demand([code.device, code.issuer].every((one) => one.header.get(ALGORITHM) === ES256), "slip_algorithm");
}

function deviceHeaderIsExact(code) {
  demand(hasExactly(code.device.header, [ALGORITHM]), "slip_header");
}

function issuerHeaderIsExact(code) {
  const { header } = code.issuer;
  demand(hasExactly(header, [ALGORITHM, KEY_ID]) && header.get(KEY_ID) instanceof Uint8Array, "slip_header");
}

async function issuerSignatureHolds(code) {
  const { point } = await code.leaf();
  demand(await code.issuer.signedBy(point, slip.SLIP), "slip_signature");
}

function claimsAreCanonical(code) {
  demand(code.said.canonical, "slip_not_canonical");
}

function claimsAreWellFormed(code) {
  demand(slip.wellFormed(code.claims), "slip_claim");
}

async function issuerIsTheCertificates(code) {
  const { issuers } = await code.leaf();
  demand(issuers.includes(code.claims.get(slip.ISS)), "slip_issuer");
}

async function issuerIsTrusted(code) {
  demand(mayName(code.believed.anchors, await code.leaf(), code.claims.get(slip.ISS)), "slip_issuer_not_trusted");
}

async function typeMayBeIssued(code) {
  const issuer = code.claims.get(slip.ISS);
  demand(mayIssue(code.believed.anchors, await code.leaf(), issuer, code.vct), "slip_type_not_trusted");
}

function issuedBeforeNow(code) {
  demand(code.claims.get(slip.IAT) <= code.now + SKEW_SECONDS, "slip_not_yet_valid");
}

function notExpired(code) {
  demand(code.claims.get(slip.EXP) > code.now, "slip_expired");
}

function lifetimeIsCapped(code) {
  const lifetime = code.claims.get(slip.EXP) - code.claims.get(slip.IAT);
  demand(lifetime > 0 && lifetime <= slip.LONGEST_SECONDS, "slip_lifetime");
}

function environmentIsProduction(code) {
  const allowed = code.allowDev ? [undefined, "dev", "sandbox"] : [undefined];
  demand(allowed.includes(code.ours.env), "slip_environment");
}

function purposeIsDeclared(code) {
  demand((code.kind.selective ?? false) === code.ours.selective, "slip_purpose_undeclared");
}

function claimsAreDeclared(code) {
  const names = [...code.ours.claims.keys()];
  demand(names.every((name) => code.kind.claims.includes(name)), "slip_claim_undeclared");
}

function disclosuresAreDeclared(code) {
  demand(code.disclosed.every(([name]) => code.kind.claims.includes(name)), "slip_disclosure_undeclared");
}

async function disclosuresAreSigned(code) {
  const signed = code.ours.digests.map(hex);
  for (const one of code.shown.disclosures) demand(signed.includes(hex(await sha256(one))), "slip_disclosure_altered");
}

function disclosuresAreUnique(code) {
  const names = code.disclosed.map(([name]) => name);
  demand(new Set(names).size === names.length, "slip_disclosure_repeated");
}

async function deviceSignatureHolds(code) {
  const point = reading("slip_device_key", () => pointOf(code.deviceKey));
  demand(await code.device.signedBy(point, slip.ENVELOPE), "slip_device_signature");
}

function notStale(code) {
  demand(code.shown.shownAt >= code.now - OLDEST_SECONDS, "slip_stale");
}

function notFromTheFuture(code) {
  demand(code.shown.shownAt <= code.now + EARLIEST_SECONDS, "slip_from_the_future");
}

function purposeIsOurs(code) {
  demand(code.purpose === null || code.ours.purpose === code.purpose, "slip_purpose");
}

function challengeIsAnswered(code) {
  demand(code.challenge === null || code.shown.challenge !== null, "slip_challenge_missing");
}

function challengeIsOurs(code) {
  const { challenge } = code.shown;
  demand(challenge === null || (code.challenge !== null && same(challenge, code.challenge)), "slip_challenge");
}

function counterIsNew(code) {
  if (code.replays === null) return;
  const key = hex(pointOf(code.deviceKey));
  demand(code.replays.take(key, code.shown.counter, code.claims.get(slip.EXP), code.now), "slip_replayed");
}

export const ISSUER_CHECKS = [
  textIsBounded,
  prefixIsOurs,
  envelopeIsCanonical,
  allIsProtected,
  algorithmsArePinned,
  deviceHeaderIsExact,
  issuerHeaderIsExact,
  issuerSignatureHolds,
  claimsAreCanonical,
  claimsAreWellFormed,
  issuerIsTheCertificates,
  issuerIsTrusted,
  typeMayBeIssued,
  issuedBeforeNow,
  notExpired,
  lifetimeIsCapped,
  environmentIsProduction,
  purposeIsDeclared,
  claimsAreDeclared,
  disclosuresAreDeclared,
  disclosuresAreSigned,
  disclosuresAreUnique,
];
export const DEVICE_CHECKS = [
  deviceSignatureHolds,
  notStale,
  notFromTheFuture,
  purposeIsOurs,
  challengeIsAnswered,
  challengeIsOurs,
  counterIsNew,
];

function readShown(payload) {
  const { value, canonical } = reading("slip_malformed", () => decodeCbor(payload));
  demand(Array.isArray(value) && value.length === 5, "slip_malformed");
  const [issued, disclosures, shownAt, counter, challenge] = value;
  const sound = issued instanceof Uint8Array && Array.isArray(disclosures) && shownAt >= 0 && counter >= 0;
  demand(sound && typeof shownAt === "number" && typeof counter === "number", "slip_malformed");
  demand(disclosures.every((one) => one instanceof Uint8Array), "slip_malformed");
  demand(challenge === null || challenge instanceof Uint8Array, "slip_malformed");
  return { slip: issued, disclosures, shownAt, counter, challenge, canonical };
}

/** What `read` returns; where it throws anything but a refusal, one with that code. */
function reading(code, read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(code);
  }
}
