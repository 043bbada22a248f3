// What the page says, by code: one JSON file a language, flat, with {name} for what is filled in.

let catalogue = {};

/** Load the words of a language. */
export async function speak(language) {
  const answer = await fetch(new URL(`./i18n/${language}.json`, import.meta.url));
  if (!answer.ok) throw new Error("no words");
  catalogue = await answer.json();
  document.documentElement.lang = language;
  document.title = say("cap.title");
}

/** The words of a code. values: what is filled in, as text. */
export function say(code, values = {}) {
  const words = catalogue[code] ?? code;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there are words for a code. */
export function known(code) {
  return code in catalogue;
}

/** A moment, in RFC 3339, as people of the page's language write it. */
export function moment(timestamp) {
  const how = { dateStyle: "long", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, how).format(new Date(timestamp));
}
