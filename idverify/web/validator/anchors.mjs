// Whom a relying party believes, for what and in whose name; as idverify/credentials/anchors.py.

import { same } from "./bytes.mjs";

/** Whether one of the anchors lists that issuer under the root over this leaf; two trust lists may name one root. */
export function mayName(anchors, leaf, issuer) {
  return anchors.some((one) => one.issuers.includes(issuer) && same(one.certificate, leaf.anchor.certificate));
}

/** Whether one of the anchors trusts that root for that type in the name of that issuer. */
export function mayIssue(anchors, leaf, issuer, vct) {
  return mayName(anchors.filter((one) => one.types.includes(vct)), leaf, issuer);
}
