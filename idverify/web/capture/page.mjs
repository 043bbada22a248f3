// The frame around every screen: language, the other way, the reference, and the time that the link has left.

import { h } from "./dom.mjs";
import { Problem } from "./problem.mjs";
import { desk } from "./screens.mjs";
import { say, speak } from "./words.mjs";

const WARNED_SECONDS = 120;
const LANGUAGES = JSON.parse(document.documentElement.dataset.languages);
const LANGUAGE_COOKIE = "idverify_lang";

/** The page. session: what it may say of it on any screen. */
export class Page {
  session = { client: "", reference: "" };
  #root;
  #shown = null;
  #banner = h("div", { class: "banner", role: "status" });
  #clocks = [];

  constructor(root) {
    this.#root = root;
  }

  /** Show a screen until the person has chosen something on it, or until `until` resolves. Throws Problem when the link's time
   * runs out meanwhile.
   */
  async ask(screen, until = new Promise(() => {})) {
    for (;;) {
      const chosen = await Promise.race([until, new Promise((resolve, reject) => this.#show({ screen, resolve, reject }))]);
      if (chosen !== "other_way") return chosen;
      await this.desk();
    }
  }

  /** Show the other way, until the person comes back from it. */
  desk() {
    return new Promise((resolve, reject) => this.#show({ screen: desk(this.session), resolve, reject, last: true }));
  }

  /** Show a screen that nothing is chosen on. */
  tell(screen) {
    this.#show({ screen, resolve: () => {}, reject: () => {}, busy: true });
  }

  /** Show a stage: nothing but it. */
  stage(element) {
    this.#shown = null;
    this.#root.className = "staged";
    this.#root.replaceChildren(this.#banner, element);
    focused(element);
  }

  /** The link has so many seconds left; extend: asks for more, null where there is no more. */
  clock(seconds, extend) {
    this.#clocks.forEach(clearTimeout);
    this.#banner.replaceChildren();
    const late = () => this.#shown?.reject(new Problem("session_expired"));
    this.#clocks = [
      setTimeout(() => this.#warn(extend), 1000 * Math.max(0, seconds - WARNED_SECONDS)),
      setTimeout(late, 1000 * seconds),
    ];
  }

  /** The link's time no longer matters. */
  unclock() {
    this.#clocks.forEach(clearTimeout);
    this.#banner.replaceChildren();
  }

  #warn(extend) {
    const more = async () => {
      this.#banner.replaceChildren();
      await extend().catch(() => this.#warn(null));
    };
    const button = extend && h("button", { type: "button", onclick: more }, say("cap.more_time"));
    this.#banner.replaceChildren(h("span", {}, say(extend ? "cap.time_short" : "cap.time_short_last")), button ?? "");
  }

  #show(shown) {
    this.#shown = shown;
    this.#render();
  }

  #render() {
    const { screen, resolve, busy, last } = this.#shown;
    const content = h("main", { class: "screen" }, screen(resolve));
    this.#root.className = "";
    this.#root.replaceChildren(
      h("header", {}, h("span", { class: "name" }, say("cap.title")), this.#languages()),
      this.#banner,
      content,
      h(
        "footer",
        {},
        !last && !busy && h("button", { type: "button", class: "quiet", onclick: () => resolve("other_way") }, say("cap.other_way")),
        this.session.reference && h("p", { class: "small" }, `${say("cap.reference")} `, h("span", { class: "reference" }, this.session.reference)),
      ),
    );
    focused(content);
    scrollTo(0, 0);
  }

  #languages() {
    const choose = async (language) => {
      document.cookie = `${LANGUAGE_COOKIE}=${language}; path=/capture; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
      await speak(language);
      if (this.#shown !== null) this.#render();
    };
    const others = Object.entries(LANGUAGES).filter(([language]) => language !== document.documentElement.lang);
    return h(
      "nav",
      { "aria-label": say("cap.language") },
      others.map(([language, name]) =>
        h("button", { type: "button", class: "quiet", lang: language, onclick: () => choose(language) }, name),
      ),
    );
  }
}

/** Who hears the page, or uses a keyboard, begins at the heading. */
function focused(screen) {
  screen.querySelector("h1").focus({ preventScroll: true });
}
