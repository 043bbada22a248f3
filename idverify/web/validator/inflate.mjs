// Zlib (RFC 1950), bounded: a few bytes may inflate to gigabytes.

/**
 * {content, whole}: what `bytes` inflate to, read no further than is needed to see that it exceeds `most` bytes; and whether
 * the stream ended, its sum holds, and nothing follows it.
 */
export async function inflated(bytes, most) {
  const found = await read(bytes, most);
  // Node ignores what stands behind the end of a stream, browsers refuse it. One that ends where it says needs its last byte.
  const needed = found.whole && !(await read(bytes.subarray(0, -1), most)).whole;
  return { content: found.content, whole: needed };
}

async function read(bytes, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const pieces = [];
  let length = 0;
  let whole = false;
  try {
    while (length <= most && !whole) {
      const { done, value } = await reader.read();
      whole = done;
      pieces.push(value ?? []);
      length += value?.length ?? 0;
    }
  } catch {
    whole = false;
  }
  await reader.cancel().catch(() => undefined);
  return { content: joined(pieces, length), whole };
}

function joined(pieces, length) {
  const content = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}
