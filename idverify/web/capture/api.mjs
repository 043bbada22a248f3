// The person's calls of docs/reference/sessions.md. The token of the link goes into the Authorization header; the secret of this
// browser is a cookie that no script can read.

import { Problem } from "./problem.mjs";

const SECONDS = 8;

/** The calls of one session. */
export class Api {
  #token;

  constructor(sessionId, token) {
    this.sessionId = sessionId;
    this.#token = token;
  }

  /** What the link is for. */
  link() {
    return this.#call("GET", "link");
  }

  /** Begin, or come back. allowed: { movement, flashing }, or nothing for as before. */
  begin(allowed = {}) {
    return this.#call("POST", "begin", allowed);
  }

  /** Ten more minutes. */
  extend() {
    return this.#call("POST", "extend", {});
  }

  /** How it went. */
  outcome() {
    return this.#call("GET", "outcome");
  }

  /** A link for another device, with its QR code. */
  offer() {
    return this.#call("POST", "handover", {});
  }

  /** Open that link, on the other device. */
  open() {
    return this.#call("POST", "handover/open", {});
  }

  /** The code that the other device shows, typed on the first. */
  confirm(code) {
    return this.#call("POST", "handover/confirm", { code });
  }

  /** The stream's socket, not yet open. */
  socket() {
    const url = new URL(`/v1/sessions/${this.sessionId}/stream`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, ["idverify.stream.1", `token.${this.#token}`]);
    socket.binaryType = "arraybuffer";
    return socket;
  }

  async #call(method, what, body) {
    const headers = { Authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), 1000 * SECONDS);
    let answer;
    try {
      answer = await fetch(`/v1/sessions/${this.sessionId}/${what}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        signal: late.signal,
      });
    } catch {
      throw new Problem("unreachable");
    } finally {
      clearTimeout(timer);
    }
    if (answer.status === 204) return null;
    const document = await answer.json().catch(() => null);
    if (!answer.ok) throw new Problem(answer.status < 500 && document?.code ? document.code : "internal");
    return document;
  }
}
