"""An issuer in memory that holds the wallet to the letter of OpenID4VCI and DPoP, and that can be told to misbehave."""

import hashlib
import json
import os
from urllib.parse import parse_qs, urlsplit

import jwt
from jwt.algorithms import ECAlgorithm

from idverify.credentials import sd_jwt
from idverify.errors import InvalidInput
from idverify.keys.jwk import base64url
from idverify.wallet.offers import PRE_AUTHORISED
from idverify.wallet.transport import Answer

URL = "https://id.example"
VCT = "urn:idverify:vct:identity-card:1"
NOW = 1_800_000_000.0


class Issuer:
    """`send` is its wire. What is set on it is what it does wrong."""

    def __init__(self):
        self.metadata = {
            "credential_issuer": URL,
            "nonce_endpoint": f"{URL}/v1/credentials/nonce",
            "credential_endpoint": f"{URL}/v1/credentials",
            "notification_endpoint": f"{URL}/v1/credentials/notification",
            "history_endpoint": f"{URL}/v1/me/history",
            "batch_credential_issuance": {"batch_size": 4},
            "credential_configurations_supported": {
                "identity_card": {"format": "dc+sd-jwt", "vct": VCT},
                "vehicle_licence": {"format": "dc+sd-jwt", "vct": VCT},
                "identity_card.ldp": {"format": "ldp_vc", "credential_definition": {}},
            },
        }
        self.server = {"issuer": URL, "token_endpoint": f"{URL}/v1/credentials/token"}
        self.offer = {
            "credential_issuer": URL,
            "credential_configuration_ids": ["identity_card"],
            "grants": {PRE_AUTHORISED: {"pre-authorized_code": "code-1", "tx_code": {"length": 6}}},
        }
        self.token = {"access_token": "token-1", "token_type": "DPoP", "refresh_token": "refresh-1"}
        self.dpop_nonce = None
        self.nonces = []
        self.device = None
        self.seen = set()
        self.stale_nonces = 0
        self.credentials = lambda jwks: [credential(jwk) for jwk in jwks]
        self.asked = []
        self.told = []
        self.hears = 204
        self.named = True
        self.history = lambda query: {"entries": [], "older": None}

    def send(self, method, url, headers, body):
        """One request."""
        parts = urlsplit(url)
        self.asked.append((method, parts.path))
        routes = {
            ("GET", "/v1/credentials/offers/1"): lambda: answer(self.offer),
            ("GET", "/.well-known/openid-credential-issuer"): lambda: answer(self.metadata),
            ("GET", "/.well-known/oauth-authorization-server"): lambda: answer(self.server),
            ("POST", "/v1/credentials/token"): lambda: self._token(url, headers, body),
            ("POST", "/v1/credentials/nonce"): self._nonce,
            ("POST", "/v1/credentials"): lambda: self._issue(url, headers, body),
            ("POST", "/v1/credentials/notification"): lambda: self._hear(url, headers, body),
            ("GET", "/v1/me/history"): lambda: self._history(url, headers),
        }
        return routes[method, parts.path]()

    def _token(self, url, headers, body):
        form = {name: value for name, [value] in parse_qs(body.decode()).items()}
        if refused := self._refused(url, headers):
            return refused
        if form["grant_type"] == PRE_AUTHORISED:
            good = form["pre-authorized_code"] == "code-1" and form.get("tx_code") == "123456"
        else:
            good = form["grant_type"] == "refresh_token" and form["refresh_token"] == self.token["refresh_token"]
            self.token = {**self.token, "access_token": "token-2", "refresh_token": "refresh-2"}
        return answer(self.token) if good else answer({"error": "invalid_grant"}, 400)

    def _nonce(self):
        self.nonces.append(f"c-nonce-{len(self.nonces)}")
        return answer({"c_nonce": self.nonces[-1]})

    def _issue(self, url, headers, body):
        if refused := self._refused(url, headers, self.token["access_token"]):
            return refused
        asked = json.loads(body)
        jwks = []
        for proof in asked["proofs"]["jwt"]:
            header, claims = opened(proof)
            assert header.keys() == {"alg", "typ", "jwk"}
            assert (header["typ"], claims["aud"], claims["iat"]) == ("openid4vci-proof+jwt", URL, int(NOW))
            assert claims["nonce"] == self.nonces[-1]
            jwks.append(header["jwk"])
        if self.stale_nonces:
            self.stale_nonces -= 1
            return answer({"error": "invalid_nonce"}, 400)
        assert len({json.dumps(jwk) for jwk in jwks}) == len(jwks)
        name = {"notification_id": "answer-1"} if self.named else {}
        return answer({"credentials": [{"credential": one} for one in self.credentials(jwks)], **name})

    def _hear(self, url, headers, body):
        if refused := self._refused(url, headers, self.token["access_token"]):
            return refused
        if self.hears is None:
            raise InvalidInput("no answer came")
        self.told.append(json.loads(body))
        return answer({"error": "invalid_notification_id"} if self.hears != 204 else b"", self.hears)

    def _history(self, url, headers):
        url, _, query = url.partition("?")
        if refused := self._refused(url, headers, self.token["access_token"], method="GET"):
            return refused
        return answer(self.history(parse_qs(query)))

    def _refused(self, url, headers, token=None, *, method="POST"):
        header, claims = opened(headers["DPoP"])
        assert header["typ"] == "dpop+jwt"
        assert (claims["htm"], claims["htu"], claims["iat"]) == (method, url, int(NOW))
        assert claims["jti"] not in self.seen
        self.seen.add(claims["jti"])
        self.device = self.device or header["jwk"]
        assert header["jwk"] == self.device
        assert ("ath" in claims) == (token is not None)
        if token is not None:
            assert headers["Authorization"] == f"DPoP {token}"
            assert claims["ath"] == base64url(hashlib.sha256(token.encode()).digest())
        if self.dpop_nonce is not None and claims.get("nonce") != self.dpop_nonce:
            return answer({"error": "use_dpop_nonce"}, 400, {"dpop-nonce": self.dpop_nonce})
        return None


def opened(token):
    """Header and claims of a JWS that its own key signed, and whose key has no private half."""
    header = jwt.get_unverified_header(token)
    assert header["jwk"].keys() == {"kty", "crv", "x", "y"}
    return header, jwt.decode(
        token, ECAlgorithm.from_jwk(header["jwk"]), algorithms=["ES256"], options={"verify_aud": False, "verify_iat": False}
    )


def credential(jwk, vct=VCT):
    """As much of a credential as its holder reads."""
    concealed, disclosures = sd_jwt.conceal({"name": "Jane Specimen"}, 3, os.urandom)
    payload = json.dumps({"vct": vct, "exp": NOW + 86_400, "cnf": {"jwk": jwk}, **concealed}).encode()
    return f"e30.{base64url(payload)}.c2ln~{disclosures[0]}~"


def answer(content, status=200, headers=()):
    """An HTTP answer in JSON."""
    return Answer(status, dict(headers), content if isinstance(content, bytes) else json.dumps(content).encode())
