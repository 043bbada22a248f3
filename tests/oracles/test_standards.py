"""The examples of the standards: that the oracles are asked rightly, and that our own parts agree with the same numbers."""

import json
from dataclasses import replace

import pytest

from idverify.credentials import key_binding, presentation, sd_jwt
from idverify.credentials.believed import Believed
from idverify.credentials.credential_errors import BindingHash, BindingTime, DisclosureMalformed
from oracles.asking import HERE, SD_JWT_VC, ask
from oracles.conftest import answering

VECTORS = HERE.parent / "vectors"
RFC = json.loads((VECTORS / "rfc9901.json").read_text("utf-8"))
CREDENTIAL = next(one for one in RFC["presentations"] if one["typ"] == "dc+sd-jwt")
LISTS = json.loads((VECTORS / "status_list_draft.json").read_text("utf-8"))
SHORT = {"1": {"statuses": list(enumerate([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])), "lst": "eNrbuRgAAhcBXQ"}}
SHORT["2"] = {"statuses": list(enumerate([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])), "lst": "eNo76fITAAPfAgc"}


def case(example, **changes):
    """An example of the RFC as a case."""
    common = RFC["common"]
    asked = {"kind": "presentation", "text": example["text"], "keys": [common["issuer_key"]], "now": common["now"]}
    return asked | {"audience": common["audience"], "nonce": common["nonce"]} | changes


@pytest.mark.parametrize("oracle", answering("presentation"), indirect=True)
def test_an_oracle_accepts_the_credential_of_the_rfc_and_refuses_it_out_of_place(oracle):
    """Appendix A.3, as it stands; altered, for another nonce, after its end. @sd-jwt leaves the audience to its caller."""
    _, _, signature = CREDENTIAL["text"].partition("~")[0].split(".")
    altered = CREDENTIAL["text"].replace(signature, signature[::-1], 1)
    cases = [
        case(CREDENTIAL),
        case(CREDENTIAL, text=altered),
        case(CREDENTIAL, nonce="another"),
        case(CREDENTIAL, now=1_883_000_000 + 3600),
        case(CREDENTIAL, audience="https://another.example"),
    ]
    accepted, *refused, elsewhere = ask(oracle, cases)
    assert accepted["accepted"], accepted["reason"]
    assert accepted["claims"].items() >= CREDENTIAL["disclosed"].items()
    assert [one["accepted"] for one in refused] == [False, False, False], refused
    assert elsewhere["accepted"] == (oracle is SD_JWT_VC)


@pytest.mark.parametrize("oracle", answering("packed"), indirect=True)
def test_an_oracle_reads_the_lists_of_the_draft(oracle):
    """Section 4.1 and appendix C: 1, 2, 4 and 8 bits, of sixteen entries and of a million."""
    lists = [(int(bits), one) for found in (LISTS, SHORT) for bits, one in found.items() if bits.isdigit()]
    cases = [
        {"kind": "packed", "bits": bits, "lst": one["lst"], "indexes": [index for index, _ in one["statuses"]]}
        for bits, one in lists
    ]
    answers = ask(oracle, cases)
    assert len(answers) == 6
    assert [one["statuses"] for one in answers] == [[value for _, value in one["statuses"]] for _, one in lists]


def test_our_own_reading_of_the_rfc_gives_its_digests():
    """Each disclosure it prints: digest, name and value; those of array elements are refused, since nothing here has any."""
    flat = [one for one in RFC["disclosures"] if len(one["contents"]) == 3]
    assert [sd_jwt.digest(one["disclosure"]) for one in RFC["disclosures"]] == [one["digest"] for one in RFC["disclosures"]]
    assert [list(sd_jwt.read(one["disclosure"])) for one in flat] == [one["contents"][1:] for one in flat]
    assert len(flat) == len(RFC["disclosures"]) - 2
    for one in RFC["disclosures"]:
        if len(one["contents"]) == 2:
            with pytest.raises(DisclosureMalformed):
                sd_jwt.read(one["disclosure"])


@pytest.mark.parametrize("example", RFC["presentations"], ids=lambda one: one["name"])
def test_our_own_check_of_a_key_binding_holds_for_those_of_the_rfc(example):
    """Sections 5.2 and A.3: the hash over what is shown, the holder's signature, audience and nonce; and not a minute later."""
    parts = sd_jwt.parse(example["text"])
    assert sd_jwt.digest(parts.bound) == example["sd_hash"]
    assert parts.binding is not None
    holder, common = RFC["holder_key"], RFC["common"]
    asked = {"audience": common["audience"], "nonce": common["nonce"], "replays": None}
    key_binding.validate(parts, holder, now=common["now"], **asked)
    with pytest.raises(BindingTime):
        key_binding.validate(parts, holder, now=common["now"] + 61, **asked)
    with pytest.raises(BindingHash):
        key_binding.validate(replace(parts, disclosures=parts.disclosures[1:]), holder, now=common["now"], **asked)


@pytest.mark.parametrize("example", RFC["presentations"], ids=lambda one: one["name"])
def test_our_validator_takes_no_credential_that_brings_no_certificate(example):
    """The RFC's examples leave open where the issuer's key comes from; here it comes from a certificate, or there is no trust."""
    common = RFC["common"]
    finding = presentation.validate(
        example["text"], Believed(()), audience=common["audience"], nonce=common["nonce"], now=common["now"]
    )
    assert (finding.authentic, finding.holder_bound, finding.claims) == (False, False, {})
    assert finding.code == ("certificate_missing" if example is CREDENTIAL else "token_type")
