"""Taking credentials from an issuer: OpenID4VCI 1.0, pre-authorised code, DPoP (RFC 9449), nonces, batches, refresh.

1. The offer, the issuer's metadata, and a token for the code (or for the refresh token), bound to the device key.
2. The grant is kept before anything else: what comes after may fail, and is then asked for again.
3. For each configuration: new keys, a fresh nonce, a proof for each key, the credentials, which are examined and kept.
4. An issuer that wants to know is told that they were kept, or that they are not what they should be (section 11).
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from idverify.errors import InputError, InvalidInput
from idverify.wallet.answers import MALFORMED, granted, member, refusal
from idverify.wallet.device import HeldKey
from idverify.wallet.errors import CredentialUnavailable, IssuerRefused
from idverify.wallet.folder import Folder
from idverify.wallet.held import FORMATS, SLIP_FORMAT, Grant, Holding
from idverify.wallet.issuer import Configuration, Issuer, discover
from idverify.wallet.offers import PRE_AUTHORISED, Offer
from idverify.wallet.proofs import attested_key_proof, dpop_proof, key_proof, wallet_proof
from idverify.wallet.provider import WalletProvider
from idverify.wallet.received import examined
from idverify.wallet.transport import Answer, Send

COPIES = 10
MOST_PAGES = 20
WHAT_HISTORY = "the issuer's history"
ATTESTED = "attest_jwt_client_auth"
WITH_PROVIDER = "--wallet-provider names one, and `idverify wallet provider` makes one for tests"
DENIED = "credential_request_denied"  # OpenID4VCI 1.0 section 8.3.1.2
KEPT, UNUSABLE, DELETED = "credential_accepted", "credential_failure", "credential_deleted"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1


@dataclass(frozen=True, slots=True)
class Denied:
    """What an issuer does not give without a new live verification, and what it said."""

    configuration: str
    message: str


class Client:
    """A wallet that talks to issuers. now: seconds since the epoch; a conversation takes longer than a moment."""

    def __init__(
        self,
        folder: Folder,
        send: Send,
        *,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        provider: WalletProvider | None = None,
    ) -> None:
        """provider: who attests this wallet and its keys, to issuers that read such; None: nobody."""
        self._folder, self._send, self._now, self._random_bytes = folder, send, now, random_bytes
        self._provider = provider
        self._dpop_nonce: str | None = None

    def accept(self, offer: Offer, *, tx_code: str | None = None, copies: int = COPIES) -> Iterator[Holding]:
        """Each credential of the offer as it is kept. copies: wanted of each; the issuer may allow fewer.

        Raises InvalidInput where the code to be typed is missing, CredentialUnavailable where the issuer asks for what only a
        provider can attest, IssuerRefused.
        """
        if offer.needs_tx_code and not tx_code:
            raise InvalidInput("the issuer gave a code with the offer, by another way: pass it with --tx-code")
        issuer = discover(offer.issuer, self._send)
        self._require_provider(issuer, offer.configurations)
        asked = {"grant_type": PRE_AUTHORISED, "pre-authorized_code": offer.code}
        if offer.needs_tx_code and tx_code:
            asked["tx_code"] = tx_code
        token, refresh_token = self._token(issuer, asked)
        grant = None
        if refresh_token is not None:
            name = hashlib.sha256("\n".join((offer.issuer, *sorted(offer.configurations))).encode()).hexdigest()[:24]
            grant = Grant(name, offer.issuer, offer.configurations, refresh_token)
            self._folder.keep_grant(grant)
        for name in offer.configurations:
            yield self._taken(issuer, token, name, grant, copies)

    def renew(self, grant: Grant, only: Sequence[str] = (), *, copies: int = COPIES) -> Iterator[Holding | Denied]:
        """Fresh copies and slips of what the grant gives, or of `only` some of it, or that the issuer denies this one.

        Raises CredentialUnavailable as `accept`, IssuerRefused where the issuer gives nothing for this grant.
        """
        issuer = discover(grant.issuer, self._send)
        wanted = [name for name in self._folder.wanted(grant) if not only or name in only]
        self._require_provider(issuer, wanted)
        token = self._renewed(issuer, grant)
        for name in wanted:
            try:
                yield self._taken(issuer, token, name, grant, copies)
            except IssuerRefused as error:
                if error.reason != DENIED:
                    raise
                yield Denied(name, error.message)

    def delete(self, configuration: str, issuer: str | None = None) -> bool:
        """Delete the credential, its copies and their keys, and tell the issuer; whether it heard it. It is not fetched again.

        issuer: needed only where several issued it. Raises CredentialUnavailable where there is none.
        """
        holding = self._folder.holding(configuration, issuer)
        grant = self._folder.forget(holding)
        if grant is None or holding.notification is None:
            return False
        with suppress(InputError, IssuerRefused):  # it is deleted, whatever the issuer says
            found = discover(grant.issuer, self._send)
            return self._tell(found, self._renewed(found, grant), holding.notification, DELETED)
        return False

    def history(self, grant: Grant) -> Iterator[dict[str, Any]]:
        """What the issuer tells of who asked for what of this person, newest first, as it spells it; MOST_PAGES at most.

        Raises CredentialUnavailable where it tells nobody, IssuerRefused.
        """
        issuer = discover(grant.issuer, self._send)
        if issuer.history_endpoint is None:
            raise CredentialUnavailable(f"{grant.issuer} has no history to show")
        token = self._renewed(issuer, grant)
        query = {"limit": "50"}
        for _ in range(MOST_PAGES):
            url = f"{issuer.history_endpoint}?{urlencode(query)}"
            headers = {"Accept": "application/json", "Authorization": f"DPoP {token}"}
            page = granted(self._proven(url, headers, None, token, method="GET"), WHAT_HISTORY)
            for one in member(page, "entries", list, WHAT_HISTORY):
                if not isinstance(one, dict):
                    raise IssuerRefused(f"{WHAT_HISTORY} holds what is no entry", MALFORMED)
                yield one
            if page.get("older") is None:
                return
            query["before"] = str(member(page, "older", int, WHAT_HISTORY))

    def _taken(self, issuer: Issuer, token: str, name: str, grant: Grant | None, copies: int) -> Holding:
        described = issuer.configurations.get(name)
        if described is None or described.format not in FORMATS:
            raise CredentialUnavailable(f"{name} has a format that this wallet does not know")
        number = 1 if described.format == SLIP_FORMAT else max(1, min(copies, issuer.batch_size))
        keys = [HeldKey.new() for _ in range(number)]
        given = self._given(issuer, token, name, keys, described)
        try:
            found = tuple(examined(_credentials(given, name), keys, described))
        except IssuerRefused:
            self._tell(issuer, token, _name(given), UNUSABLE)
            raise
        holding = Holding(
            issuer=issuer.url,
            configuration=name,
            format=described.format,
            received_at=int(self._now()),
            copies=found,
            grant=grant.id if grant else None,
            notification=_name(given),
        )
        self._folder.keep(holding)
        self._tell(issuer, token, holding.notification, KEPT)
        return holding

    def _renewed(self, issuer: Issuer, grant: Grant) -> str:
        """An access token on the grant. An issuer that gives another refresh token with it takes the one before no more."""
        token, rotated = self._token(issuer, {"grant_type": "refresh_token", "refresh_token": grant.refresh_token})
        if rotated is not None:
            self._folder.rotate(grant, rotated)
        return token

    def _token(self, issuer: Issuer, asked: dict[str, str]) -> tuple[str, str | None]:
        """Access token and refresh token."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        what = "the request for a token"
        headers |= self._authentication(issuer)
        answer = granted(self._proven(issuer.token_endpoint, headers, urlencode(asked).encode()), what)
        if member(answer, "token_type", str, what).lower() != "dpop":
            raise IssuerRefused("the issuer gave a token that is not bound to this device", MALFORMED)
        token, refresh_token = member(answer, "access_token", str, what), answer.get("refresh_token")
        if not _TOKEN.fullmatch(token):
            raise IssuerRefused("the issuer gave a token that no header can carry", MALFORMED)
        return token, refresh_token if isinstance(refresh_token, str) else None

    def _given(
        self, issuer: Issuer, token: str, configuration: str, keys: Sequence[HeldKey], described: Configuration
    ) -> dict[str, Any]:
        answer = self._asked_with_nonce(issuer, token, configuration, keys, described)
        if refusal(answer) == "invalid_nonce":  # it may have run out on the way; a second time is the issuer's word
            answer = self._asked_with_nonce(issuer, token, configuration, keys, described)
        return granted(answer, _request_for(configuration))

    def _tell(self, issuer: Issuer, token: str, name: str | None, event: str) -> bool:
        """What became of it, and whether the issuer heard it. That changes nothing here: it may not answer, and may refuse."""
        if issuer.notification_endpoint is None or name is None:
            return False
        said = json.dumps({"notification_id": name, "event": event}).encode()
        with suppress(InputError):
            return refusal(self._proven(issuer.notification_endpoint, _headers(token), said, token)) is None
        return False

    def _require_provider(self, issuer: Issuer, configurations: Sequence[str]) -> None:
        """Before anything is sent: an offer should not be spent in vain. Raises CredentialUnavailable."""
        described = [issuer.configurations[name] for name in configurations if name in issuer.configurations]
        asked = "none" not in issuer.authentication or any(one.attested for one in described)
        if asked and self._provider is None:
            raise CredentialUnavailable(f"the issuer asks for a wallet, or for keys, that a provider attests: {WITH_PROVIDER}")

    def _authentication(self, issuer: Issuer) -> dict[str, str]:
        """The headers by which a provider vouches for this wallet, to an issuer that reads them."""
        if self._provider is None or ATTESTED not in issuer.authentication:
            return {}
        device = self._folder.device
        return {
            "OAuth-Client-Attestation": self._provider.attest_wallet(device, now=self._now()),
            "OAuth-Client-Attestation-PoP": wallet_proof(device, issuer.url, now=self._now(), random_bytes=self._random_bytes),
        }

    def _asked_with_nonce(
        self, issuer: Issuer, token: str, configuration: str, keys: Sequence[HeldKey], described: Configuration
    ) -> Answer:
        what = "the request for a nonce"
        answer = self._send("POST", issuer.nonce_endpoint, {"Accept": "application/json"}, b"")
        nonce = member(granted(answer, what), "c_nonce", str, what)
        self._dpop_nonce = answer.headers.get("dpop-nonce", self._dpop_nonce)
        proofs = self._proofs(issuer, nonce, keys, described)
        asked = {"credential_configuration_id": configuration, "proofs": {"jwt": proofs}}
        return self._proven(issuer.credential_endpoint, _headers(token), json.dumps(asked).encode(), token)

    def _proofs(self, issuer: Issuer, nonce: str, keys: Sequence[HeldKey], described: Configuration) -> list[str]:
        """Of each key by itself, or of all of them at once where a provider attests them and the issuer reads that."""
        now, signers = self._now(), [key.signer for key in keys]
        if self._provider is None or not (described.attestable or described.attested):
            return [key_proof(one, issuer.url, now=now, nonce=nonce) for one in signers]
        attestation = self._provider.attest_keys(signers, nonce=nonce, now=now)
        return [attested_key_proof(signers[0], attestation, issuer.url, now=now, nonce=nonce)]

    def _proven(
        self, url: str, headers: dict[str, str], body: bytes | None, token: str | None = None, *, method: str = "POST"
    ) -> Answer:
        """A request with a DPoP proof; once more where the issuer asks for a nonce of its own in it (RFC 9449 section 8)."""
        answer = self._sent(method, url, headers, body, token)
        if refusal(answer) == "use_dpop_nonce" and "dpop-nonce" in answer.headers:
            answer = self._sent(method, url, headers, body, token)
        return answer

    def _sent(self, method: str, url: str, headers: dict[str, str], body: bytes | None, token: str | None) -> Answer:
        proof = dpop_proof(
            self._folder.device,
            method,
            url,
            now=self._now(),
            random_bytes=self._random_bytes,
            access_token=token,
            nonce=self._dpop_nonce,
        )
        answer = self._send(method, url, {**headers, "DPoP": proof}, body)
        self._dpop_nonce = answer.headers.get("dpop-nonce", self._dpop_nonce)
        return answer


def _headers(token: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"DPoP {token}"}


def _name(given: Mapping[str, Any]) -> str | None:
    name = given.get("notification_id")
    return name if isinstance(name, str) else None


def _request_for(configuration: str) -> str:
    return f"the request for {configuration}"


def _credentials(given: Mapping[str, Any], configuration: str) -> list[str]:
    what = _request_for(configuration)
    found = member(given, "credentials", list, what)
    return [member(one if isinstance(one, dict) else {}, "credential", str, what) for one in found]
