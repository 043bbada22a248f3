// What a step asks for, drawn: arrows as in the mirror that the person looks into, and little faces.

import { svg } from "./dom.mjs";

const ARROW = "M32 8 12 32l20 24M12 32h44";
const TURNED = { turn_left: 0, look_up: 90, turn_right: 180, look_down: 270 };
const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": 5, "stroke-linecap": "round", "stroke-linejoin": "round" };
const FACE = "M32 6c13 0 21 10 21 25S44 58 32 58 11 46 11 31 19 6 32 6Z";
const FACES = {
  hold: `${FACE} M22 28h.1M42 28h.1M24 43c5 3 11 3 16 0`,
  blink: `${FACE} M18 28c2 3 8 3 10 0M36 28c2 3 8 3 10 0M25 43h14`,
  open_mouth: `${FACE} M22 26h.1M42 26h.1M32 38c4 0 6 3 6 6s-2 6-6 6-6-3-6-6 2-6 6-6Z`,
  move_closer: `${FACE} M22 28h.1M42 28h.1M24 43c5 3 11 3 16 0M2 12 2 2h10M62 12V2H52M2 52v10h10M62 52v10H52`,
};
const RING = "M32 4a28 28 0 1 0 0 56 28 28 0 0 0 0-56Z";
const MARKS = {
  done: "M14 34l12 12 24-28",
  good: `${RING} M20 33l9 9 16-19`,
  wait: `${RING} M32 16v17l11 7`,
  stop: `${RING} M23 23l18 18M41 23 23 41`,
  note: `${RING} M32 17v20M32 47h.1`,
};

/** Whether a step has an arrow, which stands at the edge that it points to. */
export function isArrow(kind) {
  return kind in TURNED;
}

/** The picture of a step, or null where it has none. The person's own left is the left of the mirror. */
export function stepIcon(kind) {
  if (isArrow(kind)) return drawn(ARROW, `rotate(${TURNED[kind]} 32 32)`);
  return kind in FACES ? drawn(FACES[kind]) : null;
}

/** A mark: good, wait, stop or note over an outcome, done on a step. */
export function mark(name) {
  return drawn(MARKS[name], undefined, `icon ${name}`);
}

function drawn(d, transform, name = "icon") {
  return svg("svg", { viewBox: "0 0 64 64", "aria-hidden": "true", class: name }, svg("path", { d, transform, ...STROKE }));
}
