// The screens between the person and the camera. Each is built when it is shown, and again when the language changes; done(what)
// says what the person chose.

import { fromBase64 } from "./bytes.mjs";
import { h } from "./dom.mjs";
import { mark } from "./icons.mjs";
import { known, moment, say } from "./words.mjs";

const DIGITS = 6;
const LATE_MS = 8000;
const CHOICES = ["colours", "no_flashing", "no_movement"];

/** Who asks, and what for. */
export function intro(link) {
  return (done) => [
    title("cap.intro.title", { client: link.client_name }),
    facts(["cap.intro.who", link.client_name], ["cap.intro.purpose", link.purpose]),
    listed("cap.intro.do.1", "cap.intro.do.2", "cap.intro.do.3"),
    buttons(main("cap.continue", () => done("continue"))),
  ];
}

/** What the person agreed to, as it was recorded. */
export function consent(link) {
  const client = link.client_name;
  const agreed = { client, version: link.consent.version, when: moment(link.consent.accepted_at) };
  return (done) => [
    title("cap.consent.title"),
    h("p", { class: "record" }, say("cap.consent.recorded", agreed)),
    h(
      "dl",
      { class: "notice" },
      ["what", "why", "kept", "decided", "other", "young"].map((part) => [
        h("dt", {}, say(`cap.consent.${part}.title`)),
        h("dd", {}, say(`cap.consent.${part}`, { client, purpose: link.purpose, host: location.host })),
      ]),
    ),
    unhurried(main("cap.consent.yes", () => done("yes")), other("cap.consent.no", () => done("no"))),
  ];
}

/** How: each way counts the same. */
export function choice() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let chosen = calm ? "no_flashing" : "colours";
  const option = (way) =>
    h(
      "label",
      { class: "option" },
      h("input", { type: "radio", name: "way", value: way, checked: way === chosen, onchange: () => (chosen = way) }),
      h("span", {}, h("strong", {}, say(`cap.choice.${way}`)), h("span", {}, say(`cap.choice.${way}.more`))),
    );
  return (done) => [
    title("cap.choice.title"),
    h(
      "fieldset",
      {},
      h("legend", {}, say("cap.choice.legend")),
      [...CHOICES, "desk"].map(option),
      calm && h("p", { class: "small" }, say("cap.choice.calm")),
    ),
    buttons(main("cap.continue", () => done(chosen))),
  ];
}

/** Before the browser asks for the camera. here: whether this device has one. */
export function primer(link, here) {
  return (done) => [
    title(here ? "cap.primer.title" : "cap.problem.camera_missing.title"),
    here ? listed("cap.primer.do.1", "cap.primer.do.2", "cap.primer.do.3") : h("p", {}, say("cap.problem.camera_missing.body")),
    here && h("p", { class: "small" }, say("cap.primer.ask")),
    buttons(
      here && main("cap.primer.open", () => done("camera")),
      !link.second && (here ? other : main)("cap.device", () => done("device")),
    ),
  ];
}

/** While something is on its way. body: said at once. late: said when it takes long. */
export function waiting(code, { body, late } = {}) {
  return () => {
    const more = h("p", { role: "status" }, body && say(body));
    if (late) setTimeout(() => (more.textContent = say(late)), LATE_MS);
    return h("div", { class: "waiting" }, h("div", { class: "spinner", "aria-hidden": "true" }), title(code), more);
  };
}

/** On the first device: the link for the other one, and where its code is typed. said: about the last code, if anything. */
export function handover(offer, said) {
  const picture = URL.createObjectURL(new Blob([fromBase64(offer.qr)], { type: "image/png" }));
  return (done) => {
    const code = h("input", {
      id: "code",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      maxlength: DIGITS,
      pattern: `[0-9]{${DIGITS}}`,
      required: true,
      "aria-describedby": said && "said",
      "aria-invalid": said !== null,
    });
    const send = (event) => {
      event.preventDefault();
      if (code.checkValidity()) done(code.value);
      else code.focus();
    };
    return [
      title("cap.handover.title"),
      h("ol", { class: "list" }, [1, 2, 3].map((n) => h("li", {}, say(`cap.handover.do.${n}`)))),
      h("img", { class: "qr", src: picture, alt: say("cap.handover.qr") }),
      copying(offer.capture_url, "cap.handover.copy"),
      h(
        "form",
        { onsubmit: send, novalidate: true },
        h("label", { for: "code" }, say("cap.handover.code")),
        code,
        said && h("p", { class: "alert", role: "alert", id: "said" }, say(said.code, said)),
        buttons(h("button", { type: "submit", class: "main" }, say("cap.handover.confirm")), other("cap.back", () => done("back"))),
      ),
    ];
  };
}

/** On the second device, before anything: whoever was sent this link by a stranger stops here. */
export function secondIntro(link) {
  return (done) => [
    title("cap.second.title"),
    h("p", { class: "alert" }, say("cap.second.warning")),
    facts(["cap.intro.who", link.client_name], ["cap.intro.purpose", link.purpose]),
    buttons(main("cap.second.mine", () => done("mine")), other("cap.second.not_mine", () => done("not_mine"))),
  ];
}

/** The code to type on the first device. */
export function secondCode(code) {
  return () => [
    title("cap.second.code.title"),
    h("p", { class: "code", "aria-label": [...code].join(" ") }, `${code.slice(0, 3)} ${code.slice(3)}`),
    h("p", {}, say("cap.second.code.body")),
    h("p", { class: "alert" }, say("cap.second.code.warning")),
    h("p", { role: "status" }, say("cap.second.code.waiting")),
  ];
}

/** Another attempt: only what the person can change. */
export function retake(guidance, left) {
  const codes = guidance.map((code) => `cap.retake.${code}`).filter(known);
  return (done) => [
    mark("note"),
    title("cap.retake.title"),
    listed(...(codes.length > 0 ? codes : ["cap.retake.general.1", "cap.retake.general.2", "cap.retake.general.3"])),
    h("p", {}, tries(left)),
    buttons(main("cap.again", () => done("again"))),
  ];
}

/** The end, or a halt: `cap.end.CODE`. values.returning: the page goes on by itself. actions: pairs of words and what they choose. */
export function end(code, icon, values, ...actions) {
  return (done) => [
    mark(icon),
    title(`cap.end.${code}.title`, values),
    h("p", {}, say(`cap.end.${code}.body`, values)),
    values.left !== undefined && h("p", {}, tries(values.left)),
    values.returning && h("p", { role: "status" }, say("cap.returning", values)),
    buttons(...actions.map(([words, what], index) => (index === 0 ? main : other)(words, () => done(what), values))),
  ];
}

/** Something is in the way: `cap.problem.CODE`. left: attempts that are left, where that is known. */
export function problem(code, { left, client, actions = [] }) {
  const shown = known(`cap.problem.${code}.title`) ? code : "internal";
  return (done) => [
    mark("note"),
    title(`cap.problem.${shown}.title`),
    h("p", { role: "alert" }, say(`cap.problem.${shown}.body`, { client })),
    shown === "camera_denied" && h("p", { class: "record" }, say(`cap.allow.${browser()}`)),
    shown === "camera_unsupported" && copying(location.href, "cap.copy_link"),
    left !== undefined && h("p", {}, tries(left)),
    buttons(...actions.map((what, index) => (index === 0 ? main : other)(`cap.${what}`, () => done(what)))),
  ];
}

/** The other way, which is always there. */
export function desk(session) {
  return (done) => [
    title("cap.desk.title"),
    h("p", {}, say("cap.desk.body", { client: session.client })),
    listed("cap.desk.do.1", "cap.desk.do.2"),
    facts(["cap.reference", session.reference]),
    buttons(other("cap.back", () => done("back"))),
  ];
}

function tries(left) {
  return say(`cap.tries.${Math.min(2, left)}`, { n: left });
}

function title(code, values) {
  return h("h1", { tabindex: -1 }, say(code, values));
}

function facts(...pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.map(([code, value]) => [h("dt", {}, say(code)), h("dd", {}, value)]),
  );
}

function listed(...codes) {
  return h("ul", { class: "list" }, codes.map((code) => h("li", {}, say(code))));
}

function buttons(...those) {
  return h("div", { class: "buttons" }, ...those);
}

/** Below what is to be read first, not over it. */
function unhurried(...those) {
  return h("div", { class: "buttons unhurried" }, ...those);
}

function main(code, onclick, values) {
  return h("button", { type: "button", class: "main", onclick }, say(code, values));
}

function other(code, onclick, values) {
  return h("button", { type: "button", onclick }, say(code, values));
}

/** A link in a field, and a button that copies it; without a clipboard it is marked, to be copied by hand. */
function copying(link, code) {
  const field = h("input", { readonly: true, value: link, "aria-label": say("cap.link"), class: "link" });
  const told = h("span", { role: "status", class: "small" });
  const copy = async () => {
    field.select();
    const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
    told.textContent = say(copied ? "cap.copied" : "cap.copy_by_hand");
  };
  return h("div", { class: "copying" }, field, h("button", { type: "button", onclick: copy }, say(code)), told);
}

/** Whose settings to describe. */
function browser() {
  const agent = navigator.userAgent;
  if (/MicroMessenger/.test(agent)) return "wechat";
  if (/iPhone|iPad/.test(agent)) return "ios";
  if (/Android/.test(agent)) return "android";
  if (/Firefox/.test(agent)) return "firefox";
  return "desktop";
}
