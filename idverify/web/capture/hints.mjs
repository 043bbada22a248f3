// One hint at a time, changed at most once a second. The service says the worst first; the page keeps to its word.

const HOLD_MS = 1000;

/** Hints over one place. show(code): puts the words there. */
export class Hints {
  #show;
  #shown = null;
  #shownAt = -Infinity;
  #waiting = null;
  #timer = 0;

  constructor(show) {
    this.#show = show;
  }

  /** The service says this code now. */
  hear(code) {
    this.#waiting = code;
    if (this.#timer === 0) this.#change();
  }

  /** Nothing more is shown. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = -1;
  }

  #change() {
    this.#timer = 0;
    if (this.#waiting === this.#shown) return;
    const left = this.#shownAt + HOLD_MS - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#change(), left);
      return;
    }
    this.#shown = this.#waiting;
    this.#shownAt = performance.now();
    this.#show(this.#shown);
  }
}
