"""QR codes (ISO/IEC 18004): drawn for a screen or a terminal, and read from pictures. The only user of segno and zxing-cpp."""

from io import BytesIO, StringIO

import segno
import zxingcpp

from idverify.errors import InvalidInput
from idverify.values import Pixels

_QR = zxingcpp.barcode_formats_from_str("QRCode")
QUIET = 4  # modules of margin that ISO/IEC 18004 section 6.3.8 asks for
_LEVEL = "m"  # a phone's screen is clean: 15 % of a code may be lost, and a denser one is harder to read


class Drawn:
    """One QR code at error correction level M, in the smallest version that holds the text."""

    def __init__(self, text: str) -> None:
        """Raises InvalidInput for more than a QR code holds."""
        try:
            self._code = segno.make_qr(text, error=_LEVEL, boost_error=False)
        except segno.DataOverflowError:
            raise InvalidInput("the text is longer than a QR code can hold") from None

    @property
    def version(self) -> int:
        """1 to 40; a side has 17 + 4 x version modules."""
        return int(self._code.version)

    def png(self, scale: int = 4) -> bytes:
        """A picture, `scale` pixels a module, with its margin."""
        out = BytesIO()
        self._code.save(out, kind="png", scale=scale, border=QUIET)
        return out.getvalue()

    def letters(self) -> str:
        """The same for a terminal, two modules a letter, light letters on a dark ground."""
        out = StringIO()
        self._code.terminal(out, border=QUIET, compact=True)
        return out.getvalue()


def read(image: Pixels) -> tuple[str, ...]:
    """The texts of all QR codes in a picture (height x width x 3, uint8, BGR), at any angle. None of them is believed."""
    found = zxingcpp.read_barcodes(image, formats=_QR, text_mode=zxingcpp.TextMode.Plain)
    return tuple(one.text for one in found if one.valid)
