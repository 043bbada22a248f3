// Why a token was refused: the stable codes of the Python validators (idverify/credentials/errors.py and credential_errors.py).

/** A token that does not hold. `code` says which check refused it; the message repeats nothing of what the token says. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.name = "Refused";
    this.code = code;
  }
}

/** Throws Refused(code). */
export function refuse(code) {
  throw new Refused(code);
}

/** Throws Refused(code) unless `holds`. */
export function demand(holds, code) {
  if (!holds) throw new Refused(code);
}

/** What `act` returns; whatever it throws becomes Refused(code), but for a refusal, which keeps its own. */
export async function refusing(code, act) {
  try {
    return await act();
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(code);
  }
}
