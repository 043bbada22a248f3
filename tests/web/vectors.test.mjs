// The vectors that hold both validators: same verdict, same code; and with any check taken out, some vector notices.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as believed from "../../idverify/web/validator/believed.mjs";
import * as certificates from "../../idverify/web/validator/certificates.mjs";
import * as certified from "../../idverify/web/validator/certified_jws.mjs";
import * as credential from "../../idverify/web/validator/credential_checks.mjs";
import * as jws from "../../idverify/web/validator/jws.mjs";
import * as binding from "../../idverify/web/validator/key_binding.mjs";
import * as sdJwt from "../../idverify/web/validator/sd_jwt.mjs";
import * as slip from "../../idverify/web/validator/slip_checks.mjs";
import * as statusList from "../../idverify/web/validator/status_list.mjs";
import * as trustList from "../../idverify/web/validator/trust_list.mjs";
import * as verdict from "../../idverify/web/validator/verdict_checks.mjs";
import { VECTORS, agrees, examine, forget } from "./vectors.mjs";

const SIGNATURE = "trust list signature";
const CHECKS = {
  "jws header": jws.HEADER_CHECKS,
  certified: certified.CHECKS,
  certificate: certificates.CHECKS,
  "certificate time": certificates.TIME_CHECKS,
  "jws body": jws.BODY_CHECKS,
  credential: credential.CHECKS,
  standing: believed.CHECKS,
  disclosure: sdJwt.CHECKS,
  binding: binding.CHECKS,
  slip: slip.ISSUER_CHECKS,
  device: slip.DEVICE_CHECKS,
  "status list": statusList.CHECKS,
  [SIGNATURE]: trustList.SIGNATURE_CHECKS,
  "root on a trust list": trustList.ROOT_CHECKS,
  "trust list": trustList.CHECKS,
  verdict: verdict.CHECKS,
};

const EXEMPT = [
  // Taken out, what stands behind it refuses with the same code: WebCrypto takes no signature of another length.
  ...["jws body: signatureHas64Bytes", `${SIGNATURE}: signatureHas64Bytes`],
  // Nothing that a trust list brings along can reach these: its one key is its leaf's.
  ...["kidSelectsOneKey", "keyIsP256", "keyUseIsSignature", "keyOpsAllowVerification", "keyAlgAgrees"].map(
    (name) => `${SIGNATURE}: ${name}`,
  ),
];

test("every vector is found as it says", async () => {
  assert.ok(VECTORS.length > 200);
  const wrong = [];
  for (const vector of VECTORS) {
    const found = await examine(vector);
    if (!agrees(found, vector)) wrong.push([vector.file, vector.name, vector.expect, found]);
  }
  assert.deepEqual(wrong, []);
});

test("with any check taken out, some vector is found otherwise", async () => {
  const stopped = await whoStopsWhat();
  const unnoticed = [];
  for (const [group, checks] of Object.entries(CHECKS)) {
    for (const [at, check] of [...checks.entries()].filter(([, one]) => !EXEMPT.includes(`${group}: ${one.name}`))) {
      checks.splice(at, 1);
      const noticed = await anyNotices(stopped.get(checks)[at]);
      checks.splice(at, 0, check);
      if (!noticed) unnoticed.push(`${group}: ${check.name}`);
    }
  }
  assert.deepEqual(unnoticed, []);
});

/** By group and place of a check: the vectors that it stops. Only those can notice that it is gone. */
async function whoStopsWhat() {
  const stopped = new Map();
  const originals = Object.values(CHECKS).map((checks) => [checks, [...checks]]);
  let current = null;
  for (const [checks, kept] of originals) {
    const lists = kept.map(() => []);
    stopped.set(checks, lists);
    kept.forEach((check, at) => {
      checks[at] = async (...subjects) => {
        try {
          await check(...subjects);
        } catch (error) {
          lists[at].push(current);
          throw error;
        }
      };
    });
  }
  for (current of VECTORS) await examine(current);
  for (const [checks, kept] of originals) checks.splice(0, checks.length, ...kept);
  return stopped;
}

async function anyNotices(vectors) {
  forget();
  for (const vector of vectors) {
    try {
      if (!agrees(await examine(vector), vector)) return true;
    } catch {
      return true; // an accident behind the gap: the check was needed
    }
  }
  return false;
}
