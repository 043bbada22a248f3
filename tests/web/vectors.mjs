// The shared vectors (tests/vectors/credentials), read by Node.

import { readFileSync, readdirSync } from "node:fs";

import { vectorsOf } from "./examine.mjs";

export { agrees, examine, forget } from "./examine.mjs";

const FOLDER = new URL("../vectors/credentials/", import.meta.url);

/** Every vector, with what it has in common with its neighbours, and its file. */
export const VECTORS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .flatMap((file) => vectorsOf(file, JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"))));
