// One connection: pictures go out in a chain, what the service says comes in. The service decides everything; who is told of it
// here renders it. How it ended: { kind: "result" | "error", ...what was said }, { kind: "lost" }, or what `stop` was given.

import { Chain } from "./chain.mjs";
import { painted } from "./dom.mjs";

const PERIOD_MS = 90; // of a camera at 30 pictures a second every third one is sent
const UNSENT_BYTES = 65_536;
const CONNECT_MS = 10_000;
const SILENT_MS = 5_000; // the service speaks at least five times a second

/** A connection that is about to be made. */
export class Stream {
  #api;
  #nonce;
  #camera;
  #render;
  #socket;
  #chain = null;
  #revealed = 0;
  #rendered = 0; // of those that were revealed, how many are on the screen
  #sending = false;
  #enough = false;
  #takenAt = -Infinity;
  #heardAt = 0;
  #end;
  #ended;

  /** render: by type of message (hello, guidance, step, colour, ahead, checking), what shows it. */
  constructor(api, nonce, camera, render) {
    this.#api = api;
    this.#nonce = nonce;
    this.#camera = camera;
    this.#render = render;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Whether the service has begun to speak of an attempt. */
  get greeted() {
    return this.#chain !== null;
  }

  /** From the first word to the last; how it ended. */
  async run() {
    this.#socket = this.#api.socket();
    this.#socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    this.#socket.addEventListener("close", () => this.stop({ kind: "lost" }));
    this.#heardAt = performance.now();
    const watch = setInterval(() => {
      const patience = this.#chain === null ? CONNECT_MS : SILENT_MS;
      if (performance.now() - this.#heardAt > patience) this.stop({ kind: "lost" });
    }, 500);
    this.#camera.each(() => this.#picture());
    const ending = await this.#ended;
    clearInterval(watch);
    this.#enough = true;
    this.#socket.close();
    return ending;
  }

  /** End it from this side. The first end counts. */
  stop(ending) {
    this.#end(ending);
  }

  async #hear(said) {
    this.#heardAt = performance.now();
    if (said.type === "result" || said.type === "error") return this.stop({ kind: said.type, ...said });
    if (said.type === "checking") this.#enough = true;
    if (said.type === "hello") this.#chain = await Chain.start(this.#api.sessionId, this.#nonce, said);
    if (said.reveal !== undefined) {
      this.#chain.revealed(said.reveal);
      this.#revealed += 1;
    }
    this.#render[said.type]?.(said);
    if (said.reveal !== undefined) {
      await painted();
      this.#rendered += 1;
    }
  }

  /** There is a new picture: it is sent unless the last one was just sent, or does not get through. */
  async #picture() {
    const now = performance.now();
    if (this.#enough || this.#chain === null || this.#sending || now - this.#takenAt < PERIOD_MS) return;
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount > UNSENT_BYTES) return;
    this.#sending = true;
    this.#takenAt = now;
    const rendered = this.#rendered; // when it was taken: more may be revealed while it is encoded
    this.#camera.take();
    try {
      const jpeg = await this.#camera.jpeg();
      const message = await this.#chain.seal(jpeg, rendered === this.#revealed);
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
    } catch {
      this.stop({ kind: "lost" });
    }
    this.#sending = false;
  }
}
