"""What `idverify bench tokens` times of seals: affixed to a page, and validated offline."""

from functools import partial
from pathlib import Path
from typing import Final

from idverify.credentials.anchors import Anchor
from idverify.credentials.believed import Believed
from idverify.credentials.purposes import Purpose
from idverify.evaluation.token_work import ISSUER
from idverify.evaluation.tokens import WARM, Work
from idverify.keys import authority
from idverify.keys.file import FileSigner
from idverify.relying.seals import Word, validate
from idverify.seals import SEALING, pdf

_PAGE: Final = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
)


def seal_work(folder: Path, n: int, *, now: float) -> list[Work]:
    """n: pages, each with words of its own; without time stamps, which cost a network. folder: new, for the root's key."""
    root, signer = authority.create(folder, name="Example City", country="XX", now=now), FileSigner.new()
    certificate = root.issue(signer.public_jwk(), usage=Purpose.SEAL, issuer=ISSUER, now=now)
    believed = Believed((Anchor("Example City", root.certificate, frozenset({SEALING}), (ISSUER,)),))
    pages = [_page(f"Extract {number}") for number in range(n + WARM)]
    affix = partial(pdf.seal, signer=signer, certificate=certificate, reason="extract", now=now)
    sealed = [affix(one) for one in pages]

    def check(document: bytes) -> None:
        assert validate(document, believed, now=now).word is Word.VALID

    return [
        Work("seal affixed to a page", [partial(affix, one) for one in pages]),
        Work("sealed page validated", [partial(check, one) for one in sealed]),
    ]


def _page(words: str) -> bytes:
    """A PDF of one page."""
    content = f"BT 72 720 Td ({words}) Tj ET"
    objects = (*_PAGE, f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out, places = "%PDF-1.7\n", ""
    for number, one in enumerate(objects, 1):
        places += f"{len(out):010d} 00000 n \n"
        out += f"{number} 0 obj\n{one}\nendobj\n"
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{places}"
    ending = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return (out + table + ending).encode("ascii")
