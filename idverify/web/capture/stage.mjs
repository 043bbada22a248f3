// The screen before the camera: a hint just under the lens, the mirror with its oval, the step, and the colours over all of it.

import { h, svg } from "./dom.mjs";
import { Hints } from "./hints.mjs";
import { isArrow, mark, stepIcon } from "./icons.mjs";
import { known, say } from "./words.mjs";

const TIP_MS = 10_000;
const WAY_OUT_MS = 30_000;
const HEAD_WIDTH = 0.28; // half axes of the oval, of the picture's shorter side
const HEAD_HEIGHT = 0.37;
const COLOUR = /^#[0-9a-f]{6}$/;
const STEP_OVER = new Set(["enough", "ok"]);

/** One attempt's screen. leave(kind): the person wants out: "stopped" or "desk". */
export class Stage {
  video = h("video", { muted: true, playsinline: true, "aria-label": say("cap.stage.mirror") });
  #hint = h("p", { class: "hint", role: "status", "aria-live": "polite" });
  #tip = h("p", { class: "tip" });
  #ring = svg("ellipse", { class: "oval" });
  #pointer = h("div", { class: "pointer", "aria-hidden": "true" });
  #step = h("div", { class: "step" });
  #colour = h("div", { class: "colour", hidden: true });
  #colourHint = h("p", { class: "colour-hint", "aria-hidden": "true" });
  #hints = new Hints((code) => this.#showHint(code));
  #timers = [];
  #observer;
  #countdown = 0;
  #steps = 0;
  #current = null;

  constructor(leave) {
    this.video.muted = true; // the attribute alone does not do it for an element made by script
    const stop = h("button", { type: "button", onclick: () => leave("stopped") }, say("cap.stop"));
    this.#colour.append(this.#colourHint, stop);
    const oval = svg("svg", { "aria-hidden": "true" }, this.#ring);
    this.#observer = new ResizeObserver(() => this.#place());
    this.#observer.observe(oval);
    this.video.addEventListener("loadedmetadata", () => this.#place());
    this.element = h(
      "main",
      { class: "stage" },
      h("h1", { class: "unseen", tabindex: -1 }, say("cap.stage.title")),
      h("div", { class: "top" }, this.#hint, h("p", { class: "upright" }, say("cap.stage.upright"))),
      h("div", { class: "lens" }, this.video, oval, this.#pointer, h("div", { class: "spinner", "aria-hidden": "true" })),
      h(
        "div",
        { class: "bottom" },
        this.#step,
        this.#tip,
        h(
          "div",
          { class: "actions" },
          h("button", { type: "button", class: "quiet", onclick: () => leave("desk") }, say("cap.other_way")),
          h("button", { type: "button", class: "quiet", onclick: () => leave("stopped") }, say("cap.stop")),
        ),
      ),
      this.#colour,
    );
    this.#hints.hear("connecting");
  }

  /** What shows each type of message. */
  get render() {
    return {
      hello: (said) => {
        this.#steps = said.steps;
        this.#later(TIP_MS, "cap.tip.light");
        this.#later(WAY_OUT_MS, "cap.tip.way_out");
      },
      guidance: (said) => this.#guided(said.code),
      step: (said) => this.#stepped(said),
      colour: (said) => this.#coloured(said.rgb),
      ahead: () => {
        this.#clear();
        this.#hints.hear("ahead");
      },
      checking: () => {
        this.#clear();
        this.#hints.hear("busy");
        this.element.classList.add("checking");
      },
    };
  }

  /** Nothing moves any more. */
  end() {
    this.#clear();
    this.#hints.stop();
    this.#timers.forEach(clearTimeout);
    this.#observer.disconnect();
  }

  /** The oval is as large as a head that stands well in the picture, whatever of the picture the screen has room for. */
  #place() {
    const { clientWidth: width, clientHeight: height, videoWidth, videoHeight } = this.video;
    const shorter = Math.min(videoWidth, videoHeight) * Math.max(width / videoWidth, height / videoHeight);
    const ellipse = { cx: width / 2, cy: height / 2, rx: HEAD_WIDTH * shorter, ry: HEAD_HEIGHT * shorter };
    if (videoWidth > 0) Object.entries(ellipse).forEach(([name, value]) => this.#ring.setAttribute(name, value));
  }

  #guided(code) {
    this.#ring.classList.toggle("good", STEP_OVER.has(code));
    if (this.#current !== null) this.element.classList.toggle("reached", code === "enough");
    this.#hints.hear(code);
  }

  #stepped(said) {
    this.#clear();
    this.#timers.forEach(clearTimeout);
    this.#tip.textContent = "";
    this.#current = said;
    navigator.vibrate?.(60);
    if (said.kind === "colours") return;
    const icon = stepIcon(said.kind);
    if (icon !== null) this.#pointer.replaceChildren(icon, mark("done"));
    this.#pointer.className = `pointer ${isArrow(said.kind) ? said.kind : "face"}`;
    const seconds = h("span", { class: "seconds", "aria-hidden": "true" });
    const number = say("cap.stage.step", { n: said.n, of: this.#steps });
    this.#step.replaceChildren(h("span", { class: "number" }, number), seconds);
    this.#count(seconds, said.deadline_ms);
    this.#hints.hear(`step.${said.kind}`);
  }

  #coloured(rgb) {
    if (!COLOUR.test(rgb)) return;
    this.#colour.style.backgroundColor = rgb;
    this.#colour.hidden = false;
    this.#colourHint.textContent = say("cap.hint.flash");
    this.#hints.hear("flash");
  }

  #count(place, milliseconds) {
    const until = performance.now() + milliseconds;
    const tick = () => {
      place.textContent = String(Math.max(0, Math.ceil((until - performance.now()) / 1000)));
    };
    tick();
    this.#countdown = setInterval(tick, 250);
  }

  #showHint(code) {
    const amount = this.#current === null ? 0 : Math.round(this.#current.amount);
    const full = code.startsWith("step.") ? `cap.${code}` : `cap.hint.${code}`;
    this.#hint.textContent = known(full) ? say(full, { n: amount }) : say("cap.hint.ok");
  }

  #later(milliseconds, code) {
    this.#timers.push(setTimeout(() => (this.#tip.textContent = say(code)), milliseconds));
  }

  #clear() {
    clearInterval(this.#countdown);
    this.#current = null;
    this.#step.replaceChildren();
    this.#pointer.replaceChildren();
    this.#pointer.className = "pointer";
    this.element.classList.remove("reached");
    this.#colour.hidden = true;
  }
}
