// The holder's proof (RFC 9901 section 4.3): a KB-JWT; as idverify/credentials/key_binding.py.

import { encoded, hex, same, sha256 } from "./bytes.mjs";
import { isNumber, isText } from "./json.mjs";
import { BODY_CHECKS, Candidate, HEADER_CHECKS, NAMED_BY_A_CHECK } from "./jws.mjs";
import { Refused, demand } from "./refused.mjs";
import { run } from "./run.mjs";
import { digest } from "./sd_jwt.mjs";

const TYPE = "kb+jwt";
const WINDOW_SECONDS = 60;
const LATEST = 2 ** 53;
const CLAIMS = ["iat", "aud", "nonce", "sd_hash"];

/** A KB-JWT: without kid, since its key is the credential's. */
class Binding extends Candidate {
  constructor(text, holder) {
    super(text, [holder], TYPE, { members: NAMED_BY_A_CHECK.filter((name) => name !== "kid") });
  }

  async matching() {
    return this.keys;
  }
}

function claimsHaveTheirTypes({ payload }) {
  const names = Object.keys(payload);
  demand(names.length === CLAIMS.length && CLAIMS.every((name) => name in payload), "binding_claim");
  demand(isText(payload.nonce) && isText(payload.sd_hash) && isNumber(payload.iat, 0, LATEST), "binding_claim");
}

function madeNow({ payload, now }) {
  demand(Math.abs(payload.iat - now) <= WINDOW_SECONDS, "binding_time");
}

function audienceIsOursAlone({ payload, audience }) {
  demand(payload.aud === audience, "binding_audience");
}

function nonceIsOurs({ payload, nonce }) {
  demand(nonce === null || same(encoded(payload.nonce), encoded(nonce)), "binding_nonce");
}

async function thisPresentationWasSigned({ payload, parts }) {
  demand(payload.sd_hash === (await digest(parts.bound)), "binding_hash");
}

/** Remembered by what was signed, not by the signature: ECDSA has a second one, (r, n - s), that anyone can compute. */
async function shownForTheFirstTime({ payload, parts, now, replays }) {
  if (replays === null) return;
  const signed = parts.binding.slice(0, parts.binding.lastIndexOf("."));
  const key = hex(await sha256(encoded(signed)));
  demand(replays.firstTime(key, payload.iat + WINDOW_SECONDS, now), "binding_replayed");
}

export const CHECKS = [
  claimsHaveTheirTypes,
  madeNow,
  audienceIsOursAlone,
  nonceIsOurs,
  thisPresentationWasSigned,
  shownForTheFirstTime,
];

/** Returns when the holder's key (JWK) signed exactly this, for the audience, within a minute of `now`. Throws Refused. */
export async function validateBinding(parts, holder, expected) {
  demand(parts.binding !== null, "binding_missing");
  const candidate = new Binding(parts.binding, holder);
  try {
    for (const checks of [HEADER_CHECKS, BODY_CHECKS]) await run(checks, candidate);
  } catch (error) {
    throw error instanceof Refused && error.code === "token_signature" ? new Refused("binding_signature") : error;
  }
  await run(CHECKS, { payload: candidate.payload, parts, ...expected });
}
