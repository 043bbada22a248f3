// What a page or a gate may rely on: nothing forgotten is taken for permission, nothing is thrown for a text.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Counters,
  Replays,
  TYPES,
  believe,
  readStatusList,
  readTrustList,
  readTrustListAsIssued,
  validatePresentation,
  validateSlip,
  validateVerdict,
} from "../../idverify/web/validator/index.mjs";
import { VECTORS } from "./vectors.mjs";

const of = (kind) => VECTORS.find((one) => one.kind === kind && one.expect.code === "accepted");
const [PRESENTATION, SLIP, TRUST_LIST] = ["presentation", "slip", "trust_list"].map(of);

function reader({ trust, status_lists: statusLists, issuer_keys: issuerKeys, now }, more = {}) {
  return believe({ anchors: trust.anchors, statusLists, issuerKeys, now, ...more });
}

function asked({ audience, nonce, now }) {
  return { audience, nonce, now };
}

test("an option that was forgotten is an error, not permission", async () => {
  const [believed, gate] = [await reader(PRESENTATION), await reader(SLIP)];
  const whole = asked(PRESENTATION);
  for (const name of Object.keys(whole)) {
    const { [name]: _, ...rest } = whole;
    await assert.rejects(validatePresentation(PRESENTATION.text, believed, rest), TypeError, name);
  }
  for (const missing of [{ now: 1, purpose: null }, { now: 1, challenge: null }, { purpose: null, challenge: null }]) {
    await assert.rejects(validateSlip(SLIP.text, gate, missing), TypeError);
  }
  await assert.rejects(validateSlip(SLIP.text, gate, { now: 1, purpose: null, challenge: "AAECAwQFBgc=" }), TypeError);
  await assert.rejects(readTrustList(TRUST_LIST.text, { now: TRUST_LIST.now }), TypeError);
  await assert.rejects(readStatusList("", [], undefined), TypeError);
});

test("whatever the text, there is a finding", async () => {
  const [believed, gate] = [await reader(PRESENTATION), await reader(SLIP)];
  const cut = PRESENTATION.text.slice(0, 900);
  for (const text of [null, undefined, 7, "", "~", "a.b.c~", "é", "EID1:", new Uint8Array(3), cut]) {
    const presented = await validatePresentation(text, believed, asked(PRESENTATION));
    const shown = await validateSlip(text, gate, { purpose: null, challenge: null, now: SLIP.now });
    for (const found of [presented, shown]) {
      assert.deepEqual([found.authentic, found.holderBound, found.accepted, found.status], [false, false, false, "UNKNOWN"]);
      assert.deepEqual(Object.keys(found.claims), []);
    }
  }
});

test("a finding cannot be changed on its way through a page, and claims have no prototype", async () => {
  const found = await validatePresentation(PRESENTATION.text, await reader(PRESENTATION), asked(PRESENTATION));
  assert.equal(found.accepted, true);
  assert.throws(() => (found.status = "VALID"), TypeError);
  assert.equal(Object.getPrototypeOf(found.claims), null);
  assert.equal(found.claims.toString, undefined);
});

test("memories are bounded, and full ones refuse instead of forgetting", async () => {
  const believed = await reader(PRESENTATION);
  const full = await validatePresentation(PRESENTATION.text, believed, { ...asked(PRESENTATION), replays: new Replays(0) });
  assert.deepEqual([full.code, full.accepted], ["overloaded", false]);
  const replays = new Replays(2);
  const shown = [["a", 10, 0], ["a", 10, 10], ["b", 90, 0]].map((one) => replays.firstTime(...one));
  assert.deepEqual(shown, [true, false, true]);
  assert.throws(() => replays.firstTime("c", 90, 10), { code: "overloaded" });
  assert.equal(replays.firstTime("c", 90, 11), true);
  const counters = new Counters(1);
  assert.deepEqual([5, 5, 4, 6].map((counter) => counters.take("a", counter, 10, 0)), [true, false, false, true]);
  assert.throws(() => counters.take("b", 1, 20, 10), { code: "overloaded" });
  assert.equal(counters.take("b", 1, 20, 11), true);
});

test("what does not hold is left out of what is believed, and told", async () => {
  const lists = ["no list", ...PRESENTATION.status_lists];
  const believed = await reader(PRESENTATION, { statusLists: lists });
  assert.deepEqual(believed.refused, ["token_malformed"]);
  assert.equal(believed.statuses.size, PRESENTATION.status_lists.length);
  const stale = await reader(PRESENTATION, { now: PRESENTATION.now + 86400 });
  const found = await validatePresentation(PRESENTATION.text, stale, asked(PRESENTATION));
  assert.deepEqual([found.authentic, found.holderBound, found.status, found.code], [true, true, "UNKNOWN", "status_unknown"]);
});

test("a reader may bring its own types, and a credential of a type that it does not have is refused", async () => {
  const vct = "urn:idverify:vct:identity-card:1";
  const others = TYPES.filter((type) => type.vct !== vct);
  const own = { ...TYPES.find((type) => type.vct === vct), validity_days: 1 };
  const codes = [];
  for (const types of [others, [...others, own]]) {
    const believed = await reader(PRESENTATION, { types });
    codes.push((await validatePresentation(PRESENTATION.text, believed, asked(PRESENTATION))).code);
  }
  assert.deepEqual(codes, ["credential_type_unknown", "credential_lifetime"]);
  await assert.rejects(reader(PRESENTATION, { types: [...TYPES, own] }), { name: "TypeError", message: /same vct/ });
});

test("a trust list makes anchors, narrowed to the types that the reader wants", async () => {
  const { text, pin, now } = TRUST_LIST;
  const list = await readTrustList(text, { pin, now });
  assert.deepEqual(await readTrustList(text, { pin: pin.toUpperCase(), now, held: list.held }), list);
  const narrow = await readTrustList(text, { pin, now, types: ["urn:idverify:vct:identity-card:1"] });
  assert.deepEqual(narrow.anchors.map(({ types }) => types), [["urn:idverify:vct:identity-card:1"], []]);
  assert.equal((await believe({ anchors: narrow.anchors, now })).anchors.length, narrow.anchors.length);
});

test("a list whose time is over is refused, and tells all the same whom it once vouched for", async () => {
  const { text, pin, now } = TRUST_LIST;
  const late = now + 60 * 86400;
  await assert.rejects(readTrustList(text, { pin, now: late }), { code: "trust_list_expired" });
  const { anchors } = await readTrustListAsIssued(text, { pin });
  assert.deepEqual(anchors, (await readTrustList(text, { pin, now })).anchors);
  const believed = await believe({ anchors: [], ended: anchors, now: late });
  assert.deepEqual([believed.anchors.length, believed.ended.length], [0, anchors.length]);
  await assert.rejects(readTrustListAsIssued(text, { pin: "0".repeat(64) }), { code: "trust_list_pin" });
});

test("an anchor that names no issuers is an error of the caller, and never one for all of them", async () => {
  const [{ issuers, ...anchor }] = PRESENTATION.trust.anchors;
  assert.equal(issuers.length, 1);
  await assert.rejects(believe({ anchors: [anchor], now: PRESENTATION.now }), TypeError);
});

test("a verdict token is told whole, and what its reader forgot is an error", async () => {
  const vector = of("verdict");
  const { audience, issuer, nonce, now } = vector;
  const whole = { audience, issuer, nonce, now };
  for (const name of Object.keys(whole)) {
    const { [name]: _, ...rest } = whole;
    await assert.rejects(validateVerdict(vector.text, vector.trust, rest), TypeError, name);
  }
  for (const keySet of [undefined, null, {}, [], { keys: [] }, { keys: {} }, { keys: [null] }, vector.trust.keys]) {
    await assert.rejects(validateVerdict(vector.text, keySet, whole), TypeError);
  }
  for (const text of [null, undefined, 7, "", "..", "é", new Uint8Array(3), vector.text.slice(0, 300)]) {
    const found = await validateVerdict(text, vector.trust, whole);
    assert.deepEqual([found.accepted, Object.keys(found.claims)], [false, []]);
  }
  const found = await validateVerdict(vector.text, vector.trust, whole);
  assert.deepEqual([found.code, found.accepted, found.claims.purpose], ["accepted", true, "check-in"]);
  assert.throws(() => (found.claims.acr = "urn:idverify:acr:live-active"), TypeError);
  assert.equal(found.claims.toString, undefined);
});
