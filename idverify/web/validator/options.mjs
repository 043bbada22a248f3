// What a caller must say. A forgotten nonce or clock would quietly turn a check off, so it is an error.

/** Throws TypeError unless `now` is a number, each of `text` a text, and each of `textOrNull` a text or null. */
export function demandOptions({ now, text = {}, textOrNull = {} }) {
  if (globalThis.crypto?.subtle === undefined) throw new TypeError("WebCrypto is missing: serve the page over HTTPS");
  if (!Number.isFinite(now)) throw new TypeError("now: seconds since the epoch, for example Date.now() / 1000");
  for (const [name, value] of Object.entries(text)) {
    if (typeof value !== "string" || value === "") throw new TypeError(`${name}: a text is required`);
  }
  for (const [name, value] of Object.entries(textOrNull)) {
    if (value !== null && (typeof value !== "string" || value === "")) {
      throw new TypeError(`${name}: a text is required, or null to say that there is none`);
    }
  }
}
