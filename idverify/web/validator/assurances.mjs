// Written by tests/web/write_assurances.py from idverify/credentials/assurance.py: change that, then run it.

/** The liveness level that an acr stands for. */
export const LIVENESS = new Map([
  [
    "urn:idverify:acr:photo-match-no-liveness",
    "none"
  ],
  [
    "urn:idverify:acr:live-passive",
    "passive"
  ],
  [
    "urn:idverify:acr:live-active",
    "active"
  ],
  [
    "urn:idverify:acr:live-active-attested",
    "active-attested"
  ],
  [
    "urn:idverify:acr:supervised-in-person",
    "in-person"
  ]
]);

/** The method (RFC 8176) that a check earns. */
export const METHODS = new Map([["comparison", "face"]]);
