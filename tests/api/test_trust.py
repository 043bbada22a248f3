"""The trust list and the issuer's certificates over HTTP, read by a relying party with the shipped kit."""

import time

from idverify.ceremonies.trust_publication import NOWHERE, Scheme, own_entity, publish
from idverify.cli.fetching import fetch
from idverify.credentials.credential_types import credential_types
from idverify.relying.folder import Holdings

from .support import code_of

IDENTITY = credential_types()["identity_card"].vct


def test_a_stranger_with_the_pin_gets_all_that_is_needed_to_believe_offline(service, tmp_path):
    """404 until the operator decided; then the list, and every certificate that signs or will."""
    with service.stranger() as stranger:
        assert code_of(stranger.get("/v1/trust-list")) == (404, "trust_list_unpublished")
        own = own_entity(service.parts, frozenset({IDENTITY}), "City of Test", NOWHERE)
        done = publish(service.parts, Scheme({"en": "City of Test"}, NOWHERE, (own,)), actor="tester")
        answer = stranger.get("/v1/trust-list")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jose")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert fetch(f"{service.url}/v1/trust-list", 1 << 20) == answer.content
        keys = stranger.get("/.well-known/jwt-vc-issuer")
    hotel = Holdings(tmp_path / "hotel")
    hotel.accept_list(answer.text, done.content.pin, now=time.time())
    assert [one.types for one in hotel.believed(time.time()).anchors] == [frozenset({IDENTITY})]
    assert hotel.store_issuer_keys(keys.content, service.parts.issuer, now=time.time()) == 2
    assert "max-age=300" in keys.headers["cache-control"]
    current = service.parts.credential_keys.current.chain[0]
    assert current in {one.certificate for one in hotel.believed(time.time()).issuer_leaves.values()}
