// The client's side of a stream's frames: sequence, link, MAC, JPEG. docs/security/stream.md says what they prove;
// idverify/sessions/envelope.py opens what is sealed here, and a test holds the two against each other.

import { fromBase64url, fromHex, joined, sha256, uint32, utf8 } from "./bytes.mjs";

const KEY_INFO = "idverify stream 1\0";
const CHAIN_START = "idverify chain 1\0";

/** Where a stream is. One frame may be sealed at a time. */
export class Chain {
  #key;
  #link;
  #previous = null;
  #sequence = 0;
  #reveal = null;

  constructor(key, link) {
    this.#key = key;
    this.#link = link;
  }

  /** The chain of a connection. nonce: hex. hello: the service's first message. */
  static async start(sessionId, nonce, hello) {
    const secret = fromHex(nonce);
    const attempt = Uint8Array.of(hello.attempt);
    const [key, link] = await Promise.all([
      connectionKey(secret, fromBase64url(hello.salt), joined(utf8(KEY_INFO), utf8(sessionId), attempt)),
      firstLink([utf8(sessionId), attempt, secret, fromHex(hello.commitment)]),
    ]);
    return new Chain(key, link);
  }

  /** Something was revealed, in base64url: frames that are made from now on acknowledge it. */
  revealed(reveal) {
    this.#reveal = fromBase64url(reveal);
  }

  /** The message of the next frame. acknowledge: it was made after what was revealed last was rendered. */
  async seal(jpeg, acknowledge) {
    const acknowledges = acknowledge && this.#reveal !== null;
    const link = acknowledges ? await sha256(joined(this.#previous ?? this.#link, this.#reveal)) : this.#link;
    const head = joined(uint32(this.#sequence), link);
    const signed = joined(head, await sha256(jpeg));
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", this.#key, signed));
    const message = joined(head, mac, jpeg);
    this.#link = await sha256(message);
    this.#previous = message;
    this.#sequence += 1;
    if (acknowledges) this.#reveal = null;
    return message;
  }
}

async function connectionKey(secret, salt, info) {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info };
  return crypto.subtle.deriveKey(how, base, { name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]);
}

function firstLink(parts) {
  return sha256(joined(utf8(CHAIN_START), ...parts.flatMap((part) => [uint32(part.length), part])));
}
