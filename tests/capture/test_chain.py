"""Frames sealed by the page's module, opened by the service's."""

import base64
import json
import secrets
from pathlib import Path

import pytest

import idverify
from idverify.sessions.envelope import Chain, open_frame, stream_key
from tests.web.javascript import node

CHAIN = Path(idverify.__file__).parent / "web" / "capture" / "chain.mjs"
SEAL = """
import { readFileSync } from "node:fs";
const { Chain } = await import(process.argv[2]);
const { id, nonce, hello, frames } = JSON.parse(readFileSync(0, "utf-8"));
const chain = await Chain.start(id, nonce, hello);
const sealed = [];
for (const { jpeg, reveal, acknowledge } of frames) {
  if (reveal) chain.revealed(reveal);
  sealed.push(Buffer.from(await chain.seal(new Uint8Array(Buffer.from(jpeg, "base64")), acknowledge)).toString("base64"));
}
console.log(JSON.stringify(sealed));
"""


def unpadded(data: bytes) -> str:
    """Base64url, as the service spells it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("first", [False, True], ids=["later", "on the first frame"])
def test_the_service_opens_what_the_page_seals(tmp_path: Path, first: bool) -> None:
    """Sequence, link, MAC and each reveal in its place; a frame that was taken before a reveal was painted does not acknowledge."""
    nonce, salt, seal = secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(32)
    hello = {"attempt": 2, "salt": unpadded(salt), "commitment": seal.hex()}
    reveals = [secrets.token_bytes(8), secrets.token_bytes(8)]
    told = {0 if first else 2: reveals[0], 5: reveals[1]}
    acknowledging = {0 if first else 3, 5}
    jpegs = [secrets.token_bytes(40 + 300 * number) for number in range(7)]
    frames = [
        {
            "jpeg": base64.b64encode(jpeg).decode(),
            "reveal": unpadded(told[number]) if number in told else None,
            "acknowledge": number in acknowledging or number not in told,
        }
        for number, jpeg in enumerate(jpegs)
    ]
    (tmp_path / "seal.mjs").write_text(SEAL)
    asked = json.dumps({"id": "ses_1", "nonce": nonce.hex(), "hello": hello, "frames": frames})
    sealed = json.loads(node(str(tmp_path / "seal.mjs"), CHAIN.as_uri(), given=asked))

    chain = Chain.start("ses_1", 2, nonce, seal, stream_key(nonce, salt, "ses_1", 2))
    acknowledged = []
    for number, message in enumerate(sealed):
        if number in told:
            chain = chain.revealed(told[number])
        frame, chain = open_frame(chain, base64.b64decode(message))
        assert frame.jpeg == jpegs[number]
        acknowledged.append(frame.reveals)
    assert acknowledged == ([1, 1, 1, 1, 1, 2, 2] if first else [0, 0, 0, 1, 1, 2, 2])
