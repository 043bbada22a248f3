"""The scripts of docs/how-to/validate-in-javascript.md do what the page says, against an issuer that answers over HTTP."""

import base64
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from idverify.credentials import credential, key_binding, sd_jwt, status_list, trust_list
from idverify.credentials.assurance import SUPERVISED
from idverify.credentials.credential import CredentialFacts
from idverify.credentials.credential_types import credential_types
from idverify.credentials.purposes import Purpose
from idverify.credentials.status_bits import pack
from idverify.credentials.status_reference import StatusReference
from idverify.credentials.trust_list_document import Document, Entity
from idverify.keys.certified import Certified
from tests.credentials.authority import DAY, Authority, public, signer
from tests.web.javascript import node
from tests.web.write_types import MODULE

pytestmark = pytest.mark.checkout

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "validate-in-javascript.md"
AUDIENCE, NONCE = "https://hotel.example", "n-0S6_WzA2Mj"
CARD = credential_types()["identity_card"]


class Issuer:
    """A city with a trust list of itself, one holder, and one status list."""

    def __init__(self, url: str, now: float) -> None:
        self.url, self.now, self.uri = url, now, f"{url}/v1/status-lists/7"
        self.root = Authority("city", begins=now - DAY)
        self.signers = {purpose: signer() for purpose in Purpose}
        self.leaves = {
            purpose: self.root.certify(public(key), url, begins=now - DAY, purpose=purpose)
            for purpose, key in self.signers.items()
        }
        self.revoked: set[int] = set()

    def signed_list(self) -> str:
        """The trust list."""
        purpose = Purpose.TRUST_LIST
        document = Document(1, {"en": "City"}, None, self.now, self.now + DAY, (Entity(self.root.anchor(issuers=(self.url,))),))
        held = Certified(self.signers[purpose], (self.leaves[purpose],), self.root.certificate, self.now + DAY)
        return trust_list.sign(document, held)

    def answers(self) -> dict[str, str]:
        """What is fetched, by path."""
        status = {"uri": self.uri, "issuer": self.url, "aggregation_uri": f"{self.url}/v1/status-lists"}
        statuses = pack(1, [(index, 1) for index in self.revoked], bytes(128))
        purpose, leaf = Purpose.STATUS, base64.b64encode(self.leaves[Purpose.CREDENTIAL]).decode("ascii")
        return {
            "/v1/trust-list": self.signed_list(),
            "/.well-known/jwt-vc-issuer": json.dumps({"issuer": self.url, "jwks": {"keys": [{"x5c": [leaf]}]}}),
            "/v1/status-lists": json.dumps({"status_lists": [self.uri]}),
            "/v1/status-lists/7": status_list.sign(
                statuses, 1, **status, signer=self.signers[purpose], chain=(self.leaves[purpose],), now=self.now
            ),
        }

    def presentation(self) -> str:
        """Of the holder, who shows a name."""
        holder, purpose = signer(), Purpose.CREDENTIAL
        issued = credential.issue(
            CARD,
            {"name": "Li Lei", "document_number": "11010119900402"},
            CredentialFacts(self.url, SUPERVISED, (), self.now - 60, "production"),
            holder_jwk=holder.public_jwk(),
            status=StatusReference(self.uri, 5),
            signer=self.signers[purpose],
            chain=(self.leaves[purpose],),
            now=self.now,
            random_bytes=os.urandom,
        )
        return key_binding.sign(sd_jwt.select(issued, ["name"]), holder, audience=AUDIENCE, nonce=NONCE, now=self.now)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Answering on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = found.answers().get(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write((content or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Issuer(f"http://127.0.0.1:{server.server_port}", time.time())
    Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def test_the_scripts_of_the_page_fetch_and_validate(issuer, tmp_path):
    """Accepted; refused for another audience; revoked once the lists are fetched anew."""
    shutil.copytree(MODULE.parent, tmp_path / "validator")
    for name, script in re.findall(r"```js\n// (\w+\.mjs): [^\n]*\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        (tmp_path / name).write_text(script, encoding="utf-8")
    presented = issuer.presentation()

    def fetched() -> None:
        node("fetch.mjs", f"{issuer.url}/v1/trust-list", issuer.root.anchor().fingerprint, where=tmp_path)

    def checked(audience: str, exits: int) -> dict[str, Any]:
        return json.loads(node("check.mjs", audience, NONCE, given=presented, where=tmp_path, exits=exits))

    fetched()
    found = checked(AUDIENCE, 0)
    assert (found["code"], found["status"], found["claims"]["name"]) == ("accepted", "VALID", "Li Lei")
    assert checked("https://other.example", 1)["code"] == "binding_audience"
    issuer.revoked.add(5)
    fetched()
    assert checked(AUDIENCE, 1)["status"] == "REVOKED"
    kept = json.loads((tmp_path / "held.json").read_text())
    (tmp_path / "held.json").write_text(json.dumps(kept | {"statusLists": []}))
    assert checked(AUDIENCE, 5)["status"] == "UNKNOWN"
