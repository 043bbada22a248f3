// Tokens that bring the certificate of their key (x5c, RFC 7515 section 4.1.6); as idverify/credentials/certified_jws.py.

import { base64, base64url, decodeLeniently } from "./bytes.mjs";
import { leafUnder } from "./certificates.mjs";
import { BODY_CHECKS, Candidate, DEEPEST, HEADER_CHECKS, NAMED_BY_A_CHECK, asciiText } from "./jws.mjs";
import { demand, refuse } from "./refused.mjs";
import { run } from "./run.mjs";

export const LARGEST = 16384;
const MEMBERS = [...NAMED_BY_A_CHECK, "x5c"];

/** A token under examination whose one trusted key is its leaf's. */
export class Certified extends Candidate {
  #leaf;

  constructor(text, typ, anchors, { purpose, now, largest = LARGEST, deepest = DEEPEST, ended = [] }) {
    super(text, [], typ, { largest, deepest, members: MEMBERS });
    Object.assign(this, { anchors, purpose, now, ended });
  }

  /** The certificates (DER) of x5c to a lenient reader. */
  get chain() {
    const spelled = this.header.x5c;
    demand(Array.isArray(spelled) && spelled.length > 0, "certificate_missing");
    demand(spelled.every((one) => typeof one === "string"), "certificate_missing");
    return spelled.map((one) => decodeLeniently(one) ?? refuse("certificate_malformed"));
  }

  /** The certificate, chained. */
  async leaf() {
    return (this.#leaf ??= await leafUnder(this.chain, this.anchors, this));
  }

  /** The leaf's key, where the header's kid is its thumbprint. */
  async matching() {
    const { kid, point } = await this.leaf();
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(base64url);
    return this.header.kid === kid ? [{ kty: "EC", crv: "P-256", x, y, kid, alg: "ES256", use: "sig" }] : [];
  }
}

/** Standard base64 with its padding, so that a certificate has one spelling. */
export function certificatesAreCanonical(token) {
  token.chain.forEach((one, index) => demand(base64(one) === token.header.x5c[index], "certificate_malformed"));
}

export const CHECKS = [certificatesAreCanonical];

/** {payload, leaf} of a compact JWS of kind `typ` whose leaf stands under one of the anchors. */
export async function validate(token, typ, anchors, options) {
  const candidate = new Certified(asciiText(token), typ, anchors, options);
  for (const checks of [HEADER_CHECKS, CHECKS, BODY_CHECKS]) await run(checks, candidate);
  return { payload: candidate.payload, leaf: await candidate.leaf() };
}
