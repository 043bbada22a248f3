// An issuer's leaf that one trusted root signed directly, for exactly one purpose; as idverify/credentials/certificates.py.

import { base64, base64url, hex, sha256 } from "./bytes.mjs";
import { Certificate } from "./certificate.mjs";
import { publicKey } from "./p256.mjs";
import { Refused, demand, refuse, refusing } from "./refused.mjs";
import { run } from "./run.mjs";

const ARC = "2.25.99843960711705871273018891193280666293";
export const PURPOSE = Object.freeze({ CREDENTIAL: "1.0.18013.5.1.2", STATUS: `${ARC}.2`, TRUST_LIST: `${ARC}.3` });
export const SKEW_SECONDS = 60;
const LARGEST = 4096;
const REMEMBERED = 512;
const EXAMINED = ["basicConstraints", "keyUsage", "extendedKeyUsage", "uris"];
const DIGITAL_SIGNATURE_ONLY = [0x80];
const KEY_CERT_SIGN = 0x04;

/** A certificate under examination: DER bytes, held against anchors {name, certificate, types, issuers} for a purpose. */
export class Chain {
  #leaf;
  #anchor;

  constructor(certificate, anchors, purpose) {
    Object.assign(this, { bytes: certificate, anchors, purpose });
  }

  /** The leaf, read. */
  get leaf() {
    return (this.#leaf ??= parsed(this.bytes));
  }

  /** The anchor whose key signed the leaf, or else one of the name that the leaf gives. */
  async anchor() {
    return (this.#anchor ??= await this.#found());
  }

  /** The anchor's certificate, read. */
  async root() {
    return parsed((await this.anchor()).certificate);
  }

  async #found() {
    const named = this.anchors.filter((one) => String(parsed(one.certificate).subject) === String(this.leaf.issuer));
    for (const one of named) if (await this.leaf.issuedBy(parsed(one.certificate))) return one;
    return named[0] ?? refuse("certificate_foreign");
  }
}

async function rootSignedIt(chain) {
  demand(await chain.leaf.issuedBy(await chain.root()), "certificate_foreign");
}

async function rootMayCertify(chain) {
  const { basicConstraints, keyUsage } = (await chain.root()).extensions;
  demand(basicConstraints?.value.ca && basicConstraints.value.pathLength === 0, "certificate_unsuitable");
  demand(keyUsage && keyUsage.value[0] & KEY_CERT_SIGN, "certificate_unsuitable");
}

function leafIsNoAuthority(chain) {
  const { basicConstraints } = chain.leaf.extensions;
  demand(basicConstraints && !basicConstraints.value.ca, "certificate_unsuitable");
}

function leafMayOnlySign(chain) {
  const { keyUsage } = chain.leaf.extensions;
  demand(keyUsage?.critical && String([...keyUsage.value]) === String(DIGITAL_SIGNATURE_ONLY), "certificate_unsuitable");
}

function nothingUnknownIsCritical(chain) {
  const unknown = Object.entries(chain.leaf.extensions).filter(([name, { critical }]) => critical && !EXAMINED.includes(name));
  demand(unknown.length === 0, "certificate_unsuitable");
}

function purposeIsTheOne(chain) {
  const usages = chain.leaf.extensions.extendedKeyUsage?.value ?? [];
  demand(usages.length === 1 && usages[0] === chain.purpose, "certificate_purpose");
}

function notExpired(leaf, now) {
  demand(now <= leaf.notAfter, "certificate_expired");
}

function begun(leaf, now) {
  demand(now >= leaf.notBefore - SKEW_SECONDS, "certificate_not_yet_valid");
}

export const CHECKS = [
  rootSignedIt,
  rootMayCertify,
  leafIsNoAuthority,
  leafMayOnlySign,
  nothingUnknownIsCritical,
  purposeIsTheOne,
];
export const TIME_CHECKS = [notExpired, begun];

/**
 * The leaf that is alone in x5c (DER): {certificate, anchor, trustAnchor, issuers, point, kid, notBefore, notAfter}.
 * trustAnchor: SHA-256 of the root, hex. issuers: the URIs that it may call itself. Times: the narrower of leaf and root.
 * ended: anchors that stand only on trust lists whose time is over; what one of them signed is refused as trust_list_expired.
 */
export async function leafUnder(x5c, anchors, { purpose, now, ended = [] }) {
  demand(x5c.length === 1, "certificate_missing");
  try {
    const leaf = await examined(x5c[0], anchors, purpose);
    await run(TIME_CHECKS, leaf, now);
    return leaf;
  } catch (error) {
    const foreign = error instanceof Refused && error.code === "certificate_foreign";
    if (foreign && (await signedByOneOf(ended, x5c[0]))) refuse("trust_list_expired");
    throw error;
  }
}

async function signedByOneOf(anchors, certificate) {
  for (const one of anchors) if (await parsed(certificate).issuedBy(parsed(one.certificate))) return true;
  return false;
}

const remembered = new WeakMap();

/** The leaf, whatever the time. It is examined once for the same list of anchors; a refusal is not remembered. */
export async function examined(certificate, anchors, purpose) {
  const known = remembered.get(anchors) ?? new Map();
  remembered.set(anchors, known);
  const name = `${purpose} ${base64(certificate)}`;
  if (!known.has(name)) {
    const chain = new Chain(certificate, anchors, purpose);
    await run(CHECKS, chain);
    const leaf = await found(chain);
    if (known.size >= REMEMBERED) known.clear();
    known.set(name, leaf);
  }
  return known.get(name);
}

/** The RFC 7638 thumbprint of an uncompressed point, which is its kid. */
export async function thumbprint(point) {
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(base64url);
  return base64url(await sha256(new TextEncoder().encode(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`)));
}

async function found(chain) {
  const [anchor, root] = [await chain.anchor(), await chain.root()];
  const point = await pointOf(chain.leaf);
  return {
    certificate: chain.bytes,
    anchor,
    trustAnchor: hex(await sha256(anchor.certificate)),
    issuers: chain.leaf.extensions.uris?.value ?? [],
    point,
    kid: await thumbprint(point),
    notBefore: Math.max(chain.leaf.notBefore, root.notBefore),
    notAfter: Math.min(chain.leaf.notAfter, root.notAfter),
  };
}

/** The point that is the certificate's public key, on P-256. */
export async function pointOf(certificate) {
  return refusing("certificate_unsuitable", async () => {
    await publicKey(certificate.point);
    return certificate.point;
  });
}

/** The certificate, read. */
export function parsed(bytes) {
  demand(bytes.length <= LARGEST, "certificate_malformed");
  try {
    return new Certificate(bytes);
  } catch {
    return refuse("certificate_malformed");
  }
}
