// Checks: small functions that run in order, each with a refusal of its own. Tests take each out in turn.

/** Runs the checks in order; the first refusal is thrown. */
export async function run(checks, ...subjects) {
  for (const check of checks) await check(...subjects);
}
