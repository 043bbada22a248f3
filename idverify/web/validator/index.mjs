// The relying party's validator for web pages and gates: no dependency, no network, Node >= 20 and browsers.
// docs/how-to/validate-in-javascript.md shows how to use it.

export { believe } from "./believed.mjs";
export { validatePresentation } from "./presentation.mjs";
export { Refused } from "./refused.mjs";
export { Counters, Replays } from "./replays.mjs";
export { validateSlip } from "./slip.mjs";
export { readStatusList } from "./status_list.mjs";
export { readTrustList, readTrustListAsIssued } from "./trust_list.mjs";
export { TYPES } from "./types.mjs";
export { validateVerdict } from "./verdict.mjs";
