"""The clause that a refusal rests on where no verifier of others makes it, by our code. What no standard says, our formats do."""

from collections.abc import Mapping

_CREDENTIALS = "reference/credentials.md"
_STATUS = "reference/status.md"
_SLIPS = "reference/qr.md"

CLAUSES: Mapping[str, str] = {
    # what is true of every token
    "token_duplicate_member": "RFC 7519 section 4, RFC 7515 section 4: names are unique, or only the last counts",
    "token_environment": f"{_CREDENTIALS}: what proves nothing about a person says so",
    "token_header_forbidden": "RFC 8725 section 3.10: keys and addresses of keys never come from a token",
    "token_key_unknown": f"RFC 7515 section 4.1.4; {_CREDENTIALS}: kid is the thumbprint of the certified key",
    "token_nesting": "RFC 8259 section 9: a reader may limit the depth",
    "token_text": "RFC 8259 section 8.2, RFC 7493 section 2.1: half a surrogate pair is no text",
    "token_too_large": "RFC 8259 section 9: a reader may limit the size",
    # certificates
    "certificate_foreign": "RFC 5758 section 3.2; one algorithm, ECDSA with SHA-256, as RFC 8725 section 3.1 pins it",
    "certificate_malformed": "RFC 7515 section 4.1.6, RFC 4648 section 3.3: base64 without foreign characters",
    "certificate_purpose": "RFC 5280 section 4.2.1.12, draft-ietf-oauth-status-list section 11.3: one key, one purpose",
    "certificate_unsuitable": "RFC 5280 sections 4.2.1.3 and 4.2.1.9: keyUsage is critical, a root of leaves has path length 0",
    # presented credentials
    "binding_claim": f"RFC 9901 section 4.3 knows four claims; {_CREDENTIALS}: no others are understood",
    "binding_replayed": "OpenID4VP 1.0 section 14.1: a nonce is good for one presentation",
    "credential_assurance": f"OpenID Connect Core section 2, RFC 8176; {_CREDENTIALS}: only a live session founds a credential",
    "credential_claim": f"{_CREDENTIALS}: the type's schema says what is visible",
    "credential_expired": "RFC 7519 section 4.1.4: on or after exp it is over; a credential's times are whole days, without leeway",
    "credential_holder_key": "RFC 7800 section 3.2: cnf holds one key, by value",
    "credential_issuer": "SD-JWT VC section 2.5: iss is a URI of the certificate, not a host of it",
    "credential_lifetime": f"{_CREDENTIALS}: no longer than its type's validity",
    "credential_status": "draft-ietf-oauth-status-list section 6.2; EUDI ARF VCR_01: without a status nothing can be revoked",
    "credential_time": "RFC 7519 section 2 (NumericDate), OpenID Connect Core section 2 (auth_time)",
    "credential_type_not_trusted": "ETSI TS 119 602 clause 6.6.9: a critical extension scopes the root",
    "credential_type_unknown": "SD-JWT VC section 2.2.2: vct names a type that its reader knows",
    "disclosure_digests": "RFC 9901 section 4.2.4.1: _sd lists digests, each of its hash's length",
    "disclosure_malformed": "RFC 9901 section 4.2.1, RFC 8259 sections 4, 8.2 and 9",
    "disclosure_nested": f"RFC 9901 sections 4.1.1 and 4.2.6; {_CREDENTIALS}: flat, with its hash named",
    "disclosure_reserved": f"RFC 9901 section 9.7; {_CREDENTIALS}: env is always visible",
    "disclosure_undeclared": f"{_CREDENTIALS}: the type's schema says what there is to disclose",
    "status_foreign": "draft-ietf-oauth-status-list section 11.3: the list's key is its issuer's, under the same authority",
    "status_unknown": "draft-ietf-oauth-status-list section 8.3: without a list that holds there is no statement",
    # status lists
    "status_list_bits": "draft-ietf-oauth-status-list section 7.1: what 4 and 8 bits mean, each application says; none does here",
    "status_list_claim": "RFC 7519 section 4.1.1, draft-ietf-oauth-status-list section 4.2: iss and aggregation_uri are text",
    "status_list_compression": "RFC 1950 section 2.2: a stream ends with its check value, and so does lst",
    "status_list_issuer": "draft-ietf-oauth-status-list section 11.3: the certificate is the issuer's",
    "status_list_lifetime": f"{_STATUS}: a day at most, so that no old list hides a revocation",
    "status_list_time": f"draft-ietf-oauth-status-list section 5.1: ttl is positive, exp and ttl are recommended; {_STATUS}: required",
    "status_list_too_large": f"{_STATUS}: a list has 2^20 entries, and nothing beyond is inflated",
    # QR slips
    "slip_challenge": f"{_SLIPS}: the gate's challenge is answered, or the code is another gate's",
    "slip_challenge_missing": f"{_SLIPS}: the gate's challenge is answered",
    "slip_claim": f"RFC 8392 section 3.1, RFC 8949 section 5.6; {_SLIPS}: claims, types and order",
    "slip_claim_undeclared": f"{_SLIPS}: a purpose says what its type declares for it",
    "slip_disclosure_altered": f"RFC 9901 section 7.1, in CBOR; {_SLIPS}: every disclosure is one whose digest was signed",
    "slip_disclosure_malformed": f"RFC 9901 section 4.2.1, in CBOR; {_SLIPS}",
    "slip_disclosure_repeated": f"RFC 9901 section 7.1, in CBOR; {_SLIPS}",
    "slip_disclosure_undeclared": f"{_SLIPS}: a purpose says what its type declares for it",
    "slip_encoding": "RFC 9285 section 4: nothing but its 45 characters",
    "slip_environment": f"{_SLIPS}: what proves nothing about a person says so",
    "slip_expired": "RFC 8392 section 3.1.4, RFC 7519 section 4.1.4",
    "slip_from_the_future": f"{_SLIPS}: the device's time is at most half a minute ahead",
    "slip_header": f"RFC 9052 section 3; {_SLIPS}: these headers and no others",
    "slip_lifetime": "EUDI ARF VCR_01: 24 hours at most",
    "slip_malformed": f"RFC 9052 sections 2 and 4.2; {_SLIPS}: five parts of these types",
    "slip_not_canonical": "RFC 8949 section 4.2.1: one spelling",
    "slip_not_yet_valid": "RFC 8392 section 3.1.6",
    "slip_purpose": f"{_SLIPS}: the gate asks for a purpose",
    "slip_purpose_undeclared": f"{_SLIPS}: the type declares its purposes",
    "slip_replayed": f"{_SLIPS}: a code is shown once",
    "slip_stale": f"{_SLIPS}: a code is read within a minute",
    "slip_too_large": "ISO/IEC 18004: no QR code holds more",
    "slip_type_not_trusted": "ETSI TS 119 602 clause 6.6.9: a critical extension scopes the root",
    "slip_type_unknown": "SD-JWT VC section 2.2.2: vct names a type that its reader knows",
}
