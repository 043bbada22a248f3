// Back to the page that opened this one, where there is one, and to no page of any other origin than the verdict's audience.

/** Say how it went; whether there was anybody to say it to. audience: whom the verdict is for, as the session was asked for. */
export function handBack(audience, told) {
  const origin = originOf(audience);
  if (!window.opener || origin === null) return false;
  window.opener.postMessage(told, origin);
  return true;
}

function originOf(audience) {
  try {
    const { origin } = new URL(audience);
    return origin === "null" ? null : origin;
  } catch {
    return null; // a name, not an address
  }
}
