// Reads [{part, input, ...}] as JSON on standard input and writes what this validator's parts make of each, for
// test_differential.py to hold against what the Python validator's make of it.

import { text } from "node:stream/consumers";

import { decodeBase45 } from "../../idverify/web/validator/base45.mjs";
import { base64, decodeLeniently } from "../../idverify/web/validator/bytes.mjs";
import { decodeCbor } from "../../idverify/web/validator/cbor.mjs";
import { leafUnder } from "../../idverify/web/validator/certificates.mjs";
import { inflated } from "../../idverify/web/validator/inflate.mjs";
import { Real, isObject, parse } from "../../idverify/web/validator/json.mjs";
import { isCanonical } from "../../idverify/web/validator/jws.mjs";
import { decompressed } from "../../idverify/web/validator/p256.mjs";
import { Refused, refuse } from "../../idverify/web/validator/refused.mjs";
import { VECTORS, examine } from "./vectors.mjs";

const PARTS = {
  // A vector, by kind and name, with another text where one is given.
  vector: ({ kind, name, text: other }) => {
    const vector = VECTORS.find((one) => one.kind === kind && one.name === name);
    return examine(other === undefined ? vector : { ...vector, text: other });
  },
  whole: ({ vector }) => examine(vector),
  json: ({ input, unique, finite }) => shown(parse(bytes(input), { unique, finite })),
  base64url: ({ input }) => {
    const decoded = decodeLeniently(input);
    return decoded !== null && isCanonical(input, decoded) ? base64(decoded) : null;
  },
  base45: ({ input }) => {
    const decoded = decodeBase45(input);
    return decoded && base64(decoded);
  },
  cbor: ({ input }) => {
    const { value, canonical } = decodeCbor(bytes(input));
    return canonical ? shown(value) : refuse("invalid");
  },
  zlib: async ({ input, most }) => {
    const { content, whole } = await inflated(bytes(input), most);
    return whole && content.length <= most ? base64(content) : null;
  },
  point: ({ input, odd }) => base64(decompressed(bytes(input), odd)),
  leaf: async ({ input, root, purpose, now }) => {
    const anchors = [{ name: "", certificate: bytes(root), types: [] }];
    return (await leafUnder([bytes(input)], anchors, { purpose, now })).kid;
  },
};

const answers = [];
for (const one of JSON.parse(await text(process.stdin))) {
  try {
    answers.push(await PARTS[one.part](one));
  } catch (error) {
    answers.push({ refused: error instanceof Refused ? error.code : "invalid" });
  }
}
process.stdout.write(JSON.stringify(answers));

function bytes(spelled) {
  return decodeLeniently(spelled);
}

/** A value in a form in which the two languages agree: kinds are named, members are in the order of their names. */
function shown(value) {
  if (value instanceof Uint8Array) return { bytes: base64(value) };
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return { map: pairs([...value]) };
  if (isObject(value)) return { object: pairs(Object.entries(value)) };
  const unsafe = typeof value === "number" && !Number.isSafeInteger(value);
  return unsafe || value instanceof Real ? { number: "not a safe integer" } : value;
}

function pairs(entries) {
  return entries.map(([name, one]) => [String(name), shown(one)]).sort(([left], [right]) => (left < right ? -1 : 1));
}
