"""zxing-cpp as an oracle: pictures of QR codes as JSON on standard input, what a phone would read in them on standard output."""

import json
import sys
from base64 import b64decode
from io import BytesIO

import zxingcpp
from PIL import Image


def qr(case):
    """The text of the one code in the picture."""
    with Image.open(BytesIO(b64decode(case["png"]))) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    read = [one.text for one in found]
    return {"accepted": read == [case["text"]], "reason": "" if len(read) == 1 else f"{len(read)} codes", "read": read}


if __name__ == "__main__":
    json.dump([qr(case) for case in json.load(sys.stdin)], sys.stdout)
