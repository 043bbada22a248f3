// A person's way through a session, from the link to the end. It reads from top to bottom; the service decides every turn of it.

import { attempt } from "./attempt.mjs";
import { hasCamera } from "./camera.mjs";
import { later } from "./dom.mjs";
import { handBack } from "./opener.mjs";
import { Problem } from "./problem.mjs";
import * as screens from "./screens.mjs";

const ALLOWED = {
  colours: { movement: true, flashing: true },
  no_flashing: { movement: true, flashing: false },
  no_movement: { movement: false, flashing: true },
};
const POLL_MS = 1500;
const MOST_WRONG = 3;
const RETURN_MS = 3000;
const READ_MS = 20000; // where there is something to read

/** What can be done about a problem, the first before the others; about any other, nothing but the other way. */
const WAYS_ON = {
  camera_denied: ["reload", "device"],
  camera_missing: ["device", "again"],
  camera_busy: ["again", "device"],
  unreachable: ["again"],
  lost: ["again"],
  overloaded: ["again"],
  internal: ["again"],
  frame_refused: ["again"],
  image_rejected: ["again"],
  challenge_replayed: ["again"],
  handed_over_too_often: ["go_on"],
};

const ENDS = { approved: "good", declined: "stop", review: "wait" };

/** One person's visit. */
export class Visit {
  #page;
  #api;
  #link = null;
  #allowed = {};
  #elsewhere = false;
  #ready = false;

  constructor(page, api) {
    this.#page = page;
    this.#api = api;
  }

  /** Until the end, whatever comes between. */
  async run() {
    let problem = null;
    for (;;) {
      try {
        if (problem !== null) await this.#halted(problem);
        problem = null;
        if (await this.#once()) return;
      } catch (error) {
        problem = error instanceof Problem ? error.code : "internal";
      }
    }
  }

  async #once() {
    preflight();
    const link = await this.#look();
    if (link.outcome === "over") return this.#finish(link.ended);
    if (link.outcome in ENDS) return this.#finish(link.outcome);
    if (link.profile === "active-high") throw new Problem("app_needed"); // a page cannot attest its device
    if (link.second && !link.camera) return this.#wait();
    if (!link.camera) return this.#handedOver();
    if (!link.begun && !(await this.#prepare())) return true;
    if (this.#elsewhere) return this.#handOver();
    return this.#capture();
  }

  /** Before the camera: who asks, what was agreed to, how. False where the person did not agree. */
  async #prepare() {
    if (this.#ready) return true;
    await this.#page.ask(screens.intro(this.#link));
    if ((await this.#page.ask(screens.consent(this.#link))) === "no") return this.#stay("disagreed", "note");
    if (this.#link.profile === "passive") return true; // nothing is asked but to look ahead
    for (;;) {
      const chosen = await this.#page.ask(screens.choice());
      this.#allowed = ALLOWED[chosen] ?? {};
      if (chosen !== "desk") return true;
      await this.#page.desk();
    }
  }

  async #capture() {
    if (!this.#ready) {
      const chosen = await this.#page.ask(screens.primer(this.#link, await hasCamera()));
      if (chosen === "device") return this.#handOver();
      this.#ready = true;
    }
    const ending = await attempt(this.#page, this.#api, this.#allowed);
    switch (ending.kind) {
      case "result":
        if (ending.outcome !== "retake") return this.#finish(ending.outcome);
        await this.#page.ask(screens.retake(ending.guidance, ending.attempts_left));
        return false;
      case "error":
        await this.#look(); // it may be over: the relying party cancelled it, or its time ran out
        if (this.#link.outcome !== "pending" && this.#link.outcome !== "retake") return false;
        if (ending.code !== "session_finished") throw new Problem(ending.code);
        await later(POLL_MS); // it is being decided
        return false;
      case "lost":
        throw new Problem("lost");
      case "desk":
        await this.#page.desk();
        return false;
      default: // paused, stopped
        await this.#look();
        await this.#page.ask(screens.end(ending.kind, "wait", { left: this.#link.attempts_left }, ["cap.go_on", "again"]));
        return false;
    }
  }

  /** To another device: the QR code, then the code that it shows. */
  async #handOver() {
    this.#elsewhere = false;
    await this.#api.begin(this.#allowed);
    const offer = await this.#offered();
    let said = null;
    for (let wrong = 0; wrong < MOST_WRONG; ) {
      const typed = await this.#page.ask(screens.handover(offer, said));
      if (typed === "back") return false;
      try {
        await this.#api.confirm(typed);
        return this.#handedOver();
      } catch (error) {
        if (error.code === "session_finished") said = { code: "cap.handover.unopened" };
        else if (error.code !== "invalid_input") throw error;
        else said = { code: "cap.handover.wrong", n: MOST_WRONG - ++wrong };
      }
    }
    return false; // the service has ended it
  }

  async #offered() {
    try {
      return await this.#api.offer();
    } catch (error) {
      if (error.code !== "session_finished") throw error;
      await this.#look(); // over, or handed over too often
      throw new Problem(this.#link.outcome === "pending" ? "handed_over_too_often" : "session_finished");
    }
  }

  /** On the first device, while the second is at it. */
  async #handedOver() {
    const done = this.#until((link) => link.outcome !== "pending" && link.outcome !== "retake");
    await this.#page.ask(screens.waiting("cap.handed.title", { body: "cap.handed.body" }), done);
    return false;
  }

  /** On the second device: whose is this, then the code, until it was typed. */
  async #wait() {
    let { code } = this.#link;
    if (!this.#link.begun) {
      if ((await this.#page.ask(screens.secondIntro(this.#link))) !== "mine") return !this.#stay("not_mine", "stop");
      ({ code } = await this.#api.open());
    }
    const done = this.#until((link) => link.camera || link.outcome === "over");
    await this.#page.ask(screens.secondCode(code), done);
    return false;
  }

  /** The end. The first device carries it to the relying party: to the URL that it named, or to the window that it waits in. */
  async #finish(outcome) {
    const { second, audience } = this.#link;
    const approved = outcome === "approved";
    const icon = ENDS[outcome] ?? "note";
    if (second) return !this.#stay(approved ? "approved_second" : outcome, icon);
    const { code, return_to } = await (approved ? this.#api.outcome() : this.#api.link());
    if (return_to) return !this.#goBack(approved ? "approved_returning" : outcome, icon, return_to);
    const told = { type: "idverify.session", session_id: this.#api.sessionId, outcome, ...(code && { code }) };
    const handed = handBack(audience, told);
    return !this.#stay(approved && handed ? "approved_returned" : outcome, icon, handed ? [["cap.close", "close"]] : []);
  }

  /** The last screen, and from it to the relying party: at once by its button, else in a while, but not from the other way. This
   * page leaves no entry in the history. What `return` needs to be false.
   */
  #goBack(code, icon, url) {
    this.#page.unclock();
    const screen = screens.end(code, icon, { client: this.#link.client_name, returning: true }, ["cap.return", "return"]);
    this.#page.ask(screen, later(code === "approved_returning" ? RETURN_MS : READ_MS)).then(() => location.replace(url));
    return false;
  }

  /** A screen that is the last one; what `return` needs to be false. */
  #stay(code, icon, actions = []) {
    this.#page.unclock();
    const screen = screens.end(code, icon, { client: this.#link.client_name }, ...actions);
    this.#page.ask(screen).then((what) => what === "close" && window.close());
    return false;
  }

  async #look() {
    if (this.#link === null) this.#page.tell(screens.waiting("cap.starting"));
    this.#link = await this.#api.link();
    this.#page.session = { client: this.#link.client_name, reference: this.#api.sessionId };
    const extend = async () => {
      await this.#api.extend();
      await this.#look();
    };
    this.#page.clock(this.#link.seconds_left, this.#link.extendable && !this.#link.second ? extend : null);
    return this.#link;
  }

  /** Resolves once the link is as wanted; a service that does not answer is asked again. */
  async #until(wanted) {
    for (;;) {
      await later(POLL_MS);
      const link = await this.#api.link().catch((error) => {
        if (error.code !== "unreachable") throw error;
      });
      if (link !== undefined && wanted(link)) return;
    }
  }

  async #halted(code) {
    const left = code === "lost" ? await this.#api.link().then((link) => link.attempts_left, () => undefined) : undefined;
    const actions = (WAYS_ON[code] ?? []).filter((what) => what !== "device" || (this.#link !== null && !this.#link.second));
    if (actions.length === 0) this.#page.unclock();
    const chosen = await this.#page.ask(screens.problem(code, { left, client: this.#page.session.client, actions }));
    if (chosen === "reload") location.reload();
    if (chosen === "device") this.#elsewhere = true;
  }
}

/** Throws Problem where this browser cannot do it at all. */
function preflight() {
  if (!window.isSecureContext) throw new Problem("insecure");
  if (!navigator.mediaDevices?.getUserMedia || !window.WebSocket || !crypto.subtle) throw new Problem("camera_unsupported");
}
