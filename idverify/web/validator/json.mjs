// JSON as strict as asked for. JSON.parse keeps the last of two equal names without a word, and cannot be told otherwise.

import { utf8 } from "./bytes.mjs";
import { refuse } from "./refused.mjs";

const DEEPEST_READ = 900;
const LONGEST_INTEGER = 4300;
const BLANK = /[ \t\n\r]*/y;
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const CONSTANT = /NaN|-?Infinity/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))/y;
const ESCAPED = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORDS = { true: true, false: false, null: null };

/** A number that was written with a fraction or an exponent although it is whole: 5.0 is no index. */
export class Real extends Number {}

/**
 * The JSON value in UTF-8 bytes; objects have no prototype. Of equal names the last counts, unless unique; NaN and Infinity are
 * read as Python reads them, unless finite; what no double holds is then refused too. Throws token_malformed, token_nesting,
 * token_duplicate_member, token_number.
 */
export function parse(bytes, { unique = false, finite = false } = {}) {
  return new Scanner(utf8(bytes) ?? refuse("token_malformed"), unique, finite).document();
}

/** The JSON object, likewise; any other value is token_malformed. */
export function parseObject(bytes, options) {
  const value = parse(bytes, options);
  return isObject(value) ? value : refuse("token_malformed");
}

/** Whether the value is a JSON object. */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Real);
}

/** Whether it is a number from least to most, whole or not. */
export function isNumber(value, least, most) {
  return (typeof value === "number" || value instanceof Real) && value >= least && value <= most;
}

/** Whether it is a whole number from least to most, written as one. */
export function isInteger(value, least, most) {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Whether it is a string of one character or more. */
export function isText(value) {
  return typeof value === "string" && value !== "";
}

/** Every value and every member's name with its depth, the outermost at 1. */
export function* walk(value) {
  const waiting = [[1, value]];
  while (waiting.length > 0) {
    const [depth, one] = waiting.pop();
    yield [depth, one];
    const inside = Array.isArray(one) ? one : isObject(one) ? Object.entries(one).flat() : [];
    for (const inner of inside) waiting.push([depth + 1, inner]);
  }
}

/** The value with plain numbers, for whoever only reads it. */
export function plain(value) {
  if (value instanceof Real) return value.valueOf();
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const members = Object.create(null);
  for (const [name, inner] of Object.entries(value)) members[name] = plain(inner);
  return members;
}

class Scanner {
  constructor(text, unique, finite) {
    Object.assign(this, { text, unique, finite, at: 0, depth: 0 });
  }

  document() {
    this.#skip(BLANK);
    const value = this.#value();
    this.#skip(BLANK);
    return this.at === this.text.length ? value : refuse("token_malformed");
  }

  #skip(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  #takes(character) {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #value() {
    if (this.#takes('"')) return this.#string();
    if (this.#takes("{")) return this.#nested(() => this.#object());
    if (this.#takes("[")) return this.#nested(() => this.#array());
    for (const [word, value] of Object.entries(WORDS)) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    const constant = this.#skip(CONSTANT);
    if (constant) return this.finite ? refuse("token_number") : Number(constant[0]);
    return this.#number(this.#skip(NUMBER) ?? refuse("token_malformed"));
  }

  #number([literal, integer, fraction, exponent]) {
    const value = Number(literal);
    const whole = fraction === undefined && exponent === undefined;
    if (whole && integer.replace("-", "").length > LONGEST_INTEGER) refuse("token_malformed");
    if (this.finite && !Number.isFinite(value)) refuse("token_number");
    if (whole) return value;
    return Number.isInteger(value) ? new Real(value) : value;
  }

  #nested(read) {
    this.depth += 1;
    if (this.depth > DEEPEST_READ) refuse("token_nesting");
    const value = read();
    this.depth -= 1;
    return value;
  }

  #string() {
    let text = "";
    for (;;) {
      text += this.#skip(PLAIN)[0];
      if (this.#takes('"')) return text;
      const [, short, code] = this.#skip(ESCAPE) ?? refuse("token_malformed");
      text += short === undefined ? String.fromCharCode(parseInt(code, 16)) : ESCAPED[short];
    }
  }

  #object() {
    const members = Object.create(null);
    let twice = false;
    this.#skip(BLANK);
    if (this.#takes("}")) return members;
    do {
      this.#skip(BLANK);
      const name = this.#takes('"') ? this.#string() : refuse("token_malformed");
      this.#skip(BLANK);
      if (!this.#takes(":")) refuse("token_malformed");
      this.#skip(BLANK);
      twice ||= name in members;
      members[name] = this.#value();
      this.#skip(BLANK);
    } while (this.#takes(","));
    if (!this.#takes("}")) refuse("token_malformed");
    return twice && this.unique ? refuse("token_duplicate_member") : members;
  }

  #array() {
    const items = [];
    this.#skip(BLANK);
    if (this.#takes("]")) return items;
    do {
      this.#skip(BLANK);
      items.push(this.#value());
      this.#skip(BLANK);
    } while (this.#takes(","));
    return this.#takes("]") ? items : refuse("token_malformed");
  }
}
