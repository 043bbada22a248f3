// A signed list of roots and of what each may issue; as idverify/credentials/trust_list.py and trust_list_checks.py.

import { hex, sha256 } from "./bytes.mjs";
import { CHECKS as CHAIN_CHECKS, Chain, PURPOSE, SKEW_SECONDS, leafUnder, pointOf } from "./certificates.mjs";
import { Certified, certificatesAreCanonical } from "./certified_jws.mjs";
import { isNumber } from "./json.mjs";
import { BODY_CHECKS, HEADER_CHECKS, asciiText } from "./jws.mjs";
import { demandOptions } from "./options.mjs";
import { Refused, demand } from "./refused.mjs";
import { run } from "./run.mjs";
import { CREDENTIAL_ISSUERS, VERSION, readDocument } from "./trust_list_document.mjs";

const TYPE = "trustlist+jwt";
const LARGEST = 1024 * 1024;
const DEEPEST = 16;
const LIFETIME_SECONDS = 31 * 86400;

/** A list under examination: its key is the leaf's, and the leaf is under the root that the list brings along. */
class Listed extends Certified {
  #found;

  constructor(text, pin, now) {
    super(text, TYPE, [], { purpose: PURPOSE.TRUST_LIST, now, largest: LARGEST, deepest: DEEPEST });
    this.pin = pin;
  }

  /** The second of two certificates, there to be compared with the pin. */
  get root() {
    demand(this.chain.length === 2, "certificate_missing");
    return this.chain[1];
  }

  async leaf() {
    const anchors = [{ name: "", certificate: this.root, types: [], issuers: [] }];
    return (this.#found ??= await leafUnder(this.chain.slice(0, 1), anchors, this));
  }
}

async function rootIsPinned(token) {
  demand(hex(await sha256(token.root)) === token.pin, "trust_list_pin");
}

export const SIGNATURE_CHECKS = [
  ...HEADER_CHECKS,
  certificatesAreCanonical,
  rootIsPinned,
  ...BODY_CHECKS,
];

function versionIsKnown({ version }) {
  demand(isNumber(version, VERSION, VERSION), "trust_list_version");
}

function kindIsIssuers({ kind }) {
  demand(kind === CREDENTIAL_ISSUERS, "trust_list_kind");
}

function issuedBeforeNow({ issuedAt }, { now }) {
  demand(issuedAt <= now + SKEW_SECONDS, "trust_list_future");
}

function lifetimeIsCapped({ issuedAt, nextUpdate }) {
  demand(nextUpdate > issuedAt && nextUpdate - issuedAt <= LIFETIME_SECONDS, "trust_list_lifetime");
}

function notExpired({ nextUpdate }, { now }) {
  demand(nextUpdate > now, "trust_list_expired");
}

function sequenceNeverGoesBack({ sequence }, { held }) {
  demand(held === null || sequence >= held.sequence, "trust_list_rolled_back");
}

function sequenceSaysOneThing({ sequence }, { digest, held }) {
  demand(held === null || sequence !== held.sequence || digest === held.digest, "trust_list_equivocal");
}

function nothingUnknownIsCritical({ critical }) {
  demand(!critical, "trust_list_critical");
}

function issuersAreScoped({ entities }) {
  demand(!entities.some(({ anchor }) => anchor.types.includes("")), "trust_list_unscoped");
}

function issuersAreNamed({ entities }) {
  demand(entities.every(({ anchor }) => anchor.issuers.length > 0), "trust_list_unnamed");
}

const OF_A_ROOT = ["rootSignedIt", "rootMayCertify", "nothingUnknownIsCritical"];
export const ROOT_CHECKS = CHAIN_CHECKS.filter((check) => OF_A_ROOT.includes(check.name));

async function anchorsAreRoots({ entities }) {
  for (const { anchor } of entities) {
    try {
      const chain = new Chain(anchor.certificate, [anchor], PURPOSE.CREDENTIAL);
      await run(ROOT_CHECKS, chain);
      await pointOf(chain.leaf);
    } catch (error) {
      throw error instanceof Refused ? new Refused("trust_list_anchor") : error;
    }
  }
}

function anchorsAreDistinct({ entities }) {
  const certificates = entities.map(({ anchor }) => String(anchor.certificate));
  demand(new Set(certificates).size === certificates.length, "trust_list_repeated");
}

export const CHECKS = [
  versionIsKnown,
  kindIsIssuers,
  issuedBeforeNow,
  lifetimeIsCapped,
  notExpired,
  sequenceNeverGoesBack,
  sequenceSaysOneThing,
  nothingUnknownIsCritical,
  issuersAreScoped,
  issuersAreNamed,
  anchorsAreRoots,
  anchorsAreDistinct,
];

/**
 * The list, under the pinned root and not older than the one held: {pin, held, anchors, nextUpdate, document}.
 *
 * pin: SHA-256 of the root, hex. held: {sequence, digest} of the list that was accepted last, its member `held`; null at first.
 * now: seconds since the epoch. types: where given, the anchors are narrowed to these vct values. Throws Refused.
 */
export async function readTrustList(token, { pin, held = null, now, types = null }) {
  demandOptions({ now, text: { pin } });
  const listed = new Listed(asciiText(token), pin.toLowerCase(), now);
  await run(SIGNATURE_CHECKS, listed);
  const digest = hex(await sha256(listed.decoded[1]));
  const document = readDocument(listed.payload);
  await run(CHECKS, document, { now, digest, held });
  const narrowed = (anchor) => ({ ...anchor, types: anchor.types.filter((one) => types === null || types.includes(one)) });
  return {
    pin: listed.pin,
    held: { sequence: document.sequence, digest },
    anchors: document.entities.map(({ anchor }) => narrowed(anchor)),
    nextUpdate: document.nextUpdate,
    document,
  };
}

/**
 * The list as it held when it was issued, as readTrustList gives it: its anchors are `ended` ones for believe(), once the time of
 * the list is over. Throws Refused.
 */
export async function readTrustListAsIssued(token, { pin, types = null }) {
  const { issuedAt } = readDocument(new Listed(asciiText(token), pin, 0).payload);
  return readTrustList(token, { pin, now: issuedAt, types });
}
