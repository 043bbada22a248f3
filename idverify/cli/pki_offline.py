"""`idverify pki request | sign | install`: certifying keys under a root that is never where the network is."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idverify.cli.files import read_file, require_new, write_new
from idverify.cli.installation import OPERATOR, Dev, require_issuer, vault_only
from idverify.cli.output import REJECTED, AsJson, console, emit, printable, stdout, timestamp
from idverify.cli.root_folder import PassphraseFile, Root, opened
from idverify.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idverify.ceremonies.certification import Certification
    from idverify.ceremonies.root_signing import Asked

Out = Annotated[Path, typer.Option("--out", help="new file to write", show_default=False)]


def request(
    out: Out,
    pin: Annotated[
        str | None,
        typer.Option(help="SHA-256 of the root, as `pki init` printed it: the first time, and when the root changed"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="ask for every key; the answer destroys older certificates (theft of the root)")
    ] = False,
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """On the serving machine: write what the root is asked to certify. Nothing in the file is secret.

    It holds a request (PKCS#10) for each key that needs a certificate, signed by that key; missing keys are made. Carry it to
    the root's machine for `idverify pki sign`, and write down the digest that this prints: it must be the one shown there. A
    newer request takes the place of one that still waits.

    Example: idverify pki request --pin 4f1c... --out request.pem

    Exit codes: 0 written, or every key has a certificate that lasts (then no file is), 3 no root is known here, or the file
    cannot be written, 4 IDVERIFY_ISSUER is not set, or another fault.
    """
    from idverify.ceremonies.certification import ask
    from idverify.ceremonies.pending_request import keep
    from idverify.ceremonies.root_signing import examined
    from idverify.keys.certificate_request import pem_of

    require_issuer(dev=dev)
    require_new(out)
    root = None if pin is None else _pin(pin)
    with vault_only(dev=dev, create=True) as vault:
        pending = ask(vault, root=root, replace=replace)
        if pending is not None:
            write_new(out, pem_of(pending.requests))  # first: until there is a file to carry, an older request waits on
            keep(vault, pending)
    if pending is None:
        nothing: dict[str, Any] = {"issuer": None, "digest": None, "root": None, "requests": []}
        said = "every key has a certificate that signs for two months yet: nothing to ask"
        emit(nothing, as_json=as_json, table=lambda: stdout.print(said))
        return
    asked = examined(pending.requests)

    def table() -> None:
        _print_asked(asked)
        there = f"idverify pki sign {out.name} --root DIR --out certificates.pem"
        stdout.print(f"written to {out}. On the root's machine: {there}", markup=False)

    emit(_described(asked) | {"root": pending.root}, as_json=as_json, table=table)


def sign(
    file: Annotated[Path, typer.Argument(metavar="REQUEST", help="as `idverify pki request` wrote it")],
    root: Root,
    out: Out,
    issuer: Annotated[str | None, typer.Option(help="refuse requests for any other issuer's URL")] = None,
    digest: Annotated[
        str | None, typer.Option(help="refuse any other file than the one of which `pki request` said this")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing; needs --issuer and --digest")] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """On the root's machine: show what is asked, ask whether it is right, and certify it. Needs no network and no installation.

    The digest is what tells your installation's request from one that was exchanged on the way: compare it with the one that
    `idverify pki request` printed, on paper or by telephone. Carry the answer back for `idverify pki install`.

    Example: idverify pki sign request.pem --root /media/root --out certificates.pem

    Exit codes: 0 signed, 1 you said no, 3 the request is not one that a root signs, or not the expected one, 4 the root does
    not open, or another fault.
    """
    from idverify.ceremonies import root_signing
    from idverify.keys.certificate_request import LARGEST

    require_new(out)
    asked = root_signing.examine(read_file(file, limit=LARGEST))
    _expect("issuer", asked.issuer, issuer)
    _expect("digest", asked.digest, None if digest is None else _hex(digest))
    if not yes:
        _confirm(asked, root)
    elif issuer is None or digest is None:
        raise InvalidInput("--yes needs --issuer and --digest: without a person, they say what may be signed")
    authority = opened(root, passphrase_file)
    now = time.time()
    write_new(out, root_signing.sign(authority, asked, now=now))
    result = _described(asked) | {"root": authority.fingerprint, "name": authority.name, "begins": timestamp(now)[:10]}

    def table() -> None:
        stdout.print(f"{len(asked.requests)} certificates of {authority.name}, from {result['begins']}: {out}", markup=False)
        stdout.print(f"pin: {authority.fingerprint}", markup=False, soft_wrap=True)

    emit(result, as_json=as_json, table=table)


def install(
    file: Annotated[Path, typer.Argument(metavar="CERTIFICATES", help="as `idverify pki sign` wrote it")],
    dev: Dev = False,
    as_json: AsJson = False,
) -> None:
    """On the serving machine: put the certificates that the root answered with in place. A running server notices by itself.

    All that were asked for, or none: they must be under the root that was asked, for the keys of the pending request, and made
    for it. A certificate that is renewed waits until the older one may sign no more.

    Example: idverify pki install certificates.pem

    Exit codes: 0 in place, 1 a certificate does not hold, 3 nothing is pending, or this is not the answer, 4 a fault.
    """
    from idverify.ceremonies.certification import install as put_in_place
    from idverify.ceremonies.pending_request import pending
    from idverify.keys.authority import LARGEST_ANSWER

    answer = read_file(file, limit=LARGEST_ANSWER)
    with vault_only(dev=dev) as vault:
        made = put_in_place(vault, pending(vault), answer, actor=OPERATOR)
        issuer = vault.issuer
    emit_issued(made, issuer, as_json=as_json)


def emit_issued(made: "Sequence[Certification]", issuer: str, *, as_json: bool) -> None:
    """Say which certificates were put in place."""
    rows = [
        {
            "purpose": one.purpose,
            "kid": one.certificate.kid,
            "certificate": one.certificate.fingerprint,
            "signs_until": timestamp(one.certificate.signs_until),
            "valid_until": timestamp(one.certificate.ends),
        }
        for one in made
    ]

    def table() -> None:
        for one in rows:
            stdout.print(f"{one['purpose']}: {one['kid']} signs until {one['signs_until']}", markup=False)
        if not made:
            stdout.print("every key has a certificate that signs for two months yet")
        stdout.print(f"issuer: {issuer}", markup=False, soft_wrap=True)

    emit({"issuer": issuer, "issued": rows}, as_json=as_json, table=table)


def _described(asked: "Asked") -> dict[str, Any]:
    from idverify.ceremonies.certification import FOLDERS

    rows = [{"purpose": FOLDERS[use], "kid": one.kid} for use, one in zip(asked.purposes, asked.requests, strict=True)]
    return {"issuer": asked.issuer, "digest": asked.digest, "requests": rows}


def _print_asked(asked: "Asked", *, to: Any = stdout) -> None:
    described = _described(asked)
    for one in described["requests"]:
        to.print(f"{one['purpose']}: {one['kid']}", markup=False)
    to.print(printable(f"issuer: {described['issuer']}"), soft_wrap=True)
    to.print(f"digest: {described['digest']}", markup=False, soft_wrap=True)


def _confirm(asked: "Asked", root: Path) -> None:
    """Raises typer.Exit where the person says no, InvalidInput where there is none, KeyUnavailable where there is no root."""
    from idverify.keys.authority import certificate_in, fingerprint, operator_of

    if not sys.stdin.isatty():
        raise InvalidInput("nobody can confirm: run this at a terminal, or give --yes with --issuer and --digest")
    held = certificate_in(root)
    organisation, country = operator_of(held)
    console.print(printable(f"{organisation} ({country}), {fingerprint(held)}, is asked to certify:"), soft_wrap=True)
    _print_asked(asked, to=console)
    console.print(f"from {timestamp(time.time())[:10]}, by the clock of this machine", markup=False)
    if not typer.confirm("Is this the issuer, and the digest that `idverify pki request` printed?", err=True):
        raise typer.Exit(REJECTED)


def _expect(what: str, found: str, expected: str | None) -> None:
    if expected is not None and expected != found:
        raise InvalidInput(f"the request has another {what}: {''.join(one for one in found if one.isprintable())}")


def _pin(text: str) -> str:
    pin = _hex(text)
    if len(pin) != 64 or set(pin) - set("0123456789abcdef"):
        raise InvalidInput("a pin is the SHA-256 of a root's certificate: 64 hexadecimal digits")
    return pin


def _hex(text: str) -> str:
    """As people copy digests from paper."""
    return "".join(text.split()).replace(":", "").lower()
