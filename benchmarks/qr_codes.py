"""How large the QR codes of every type and purpose are, with portraits of real faces where they have one, and the gate's times.

python benchmarks/qr_codes.py [--images DIR]: half a minute. DIR is $IDVERIFY_DATA/lfw where that is there; without any, no
portraits are measured. Writes benchmarks/results/qr_codes.json, and prints the table of docs/reference/qr.md.
"""

import argparse
import os
import statistics
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from idverify import qr
from idverify.api.app import load_recogniser
from idverify.config import load_settings
from idverify.credentials import slip
from idverify.credentials.credential_types import CredentialType, credential_types
from idverify.credentials.slip import Slip
from idverify.credentials.status_reference import StatusReference, list_uri
from idverify.errors import InputError
from idverify.evaluation.credential_work import Office
from idverify.evaluation.report import origin, write_report
from idverify.face.image import decode
from idverify.keys.file import FileSigner
from idverify.relying.counters import FileCounters

RESULTS = Path(__file__).resolve().parent / "results"
NOW = 1_800_000_000.0
ISSUER = "https://id.example"
NUMBER = "110101199004020028"
PEOPLE: dict[str, dict[str, Any]] = {
    "identity_card": {
        "name": "Zhang Wei",
        "date_of_birth": "1990-04-02",
        "sex": "female",
        "nationality": "CHN",
        "document_number": NUMBER,
        "address": "12 Lane 4, Xicheng, Beijing",
        "issuing_authority": "Xicheng Public Security Bureau",
        "age_over_18": True,
    },
    "driving_licence": {
        "name": "Zhang Wei",
        "licence_number": NUMBER,
        "date_of_birth": "1990-04-02",
        "vehicle_classes": ["C1", "D"],
        "first_issued": "2012-05-01",
        "valid_until": "2030-01-01",
        "issuing_authority": "Beijing Traffic Management Bureau",
    },
    "vehicle_licence": {
        "plate_number": "京A12345",
        "vehicle_type": "小型轿车",
        "owner": "张伟",
        "model": "SVW7167",
        "vehicle_identification_number": "LSVAA49J132047371",
        "registered": "2020-01-01",
        "inspection_valid_until": "2030-01-01",
    },
    "insurance_status": {
        "plate_number": "京A12345",
        "policy_number": "PDZA202611010000123456",
        "insurer": "Example Insurance",
        "cover": "compulsory",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    },
    "proof_of_life": {"name": "Zhang Wei", "document_number": NUMBER, "period": "2026-H2"},
}
PHONE = FileSigner.new()


def issued(office: Office, type_: CredentialType, purpose: str, claims: Mapping[str, Any], device: Any = PHONE) -> Slip:
    """A slip of that person."""
    return slip.issue(
        type_,
        purpose,
        claims,
        issuer=ISSUER,
        device_jwk=device.public_jwk(),
        status=StatusReference(list_uri(ISSUER, 1_093_842_715), 654_321),
        signer=office.signer,
        chain=office.chain,
        now=NOW,
        expires_at=NOW + 86_400,
        environment="production",
        random_bytes=os.urandom,
    )


def text_of(made: Slip, shown: int, device: Any = PHONE) -> str:
    """The code with the first so many disclosures."""
    return slip.present(made.slip, made.disclosures[:shown], device, now=NOW, counter=1)


def sizes(office: Office) -> list[dict[str, Any]]:
    """A row a type, purpose and number of claims shown; None: all of them, of a slip that is not selective."""
    rows = []
    for name, type_ in credential_types().items():
        for purpose, kind in type_.slips.items():
            made = issued(office, type_, purpose, PEOPLE[name])
            for shown in (0, 2, len(made.disclosures)) if kind.selective else (None,):
                text = text_of(made, shown or 0)
                size = {"slip_bytes": len(made.slip), "characters": len(text), "version": qr.Drawn(text).version}
                rows.append({"type": name, "purpose": purpose, "shown": shown, **size})
    return rows


def portraits(office: Office, images: Path) -> dict[str, Any]:
    """The codes of two hundred people, each with the small picture that issuing makes of a photograph."""
    acquirer = load_recogniser(load_settings()).acquirer
    card, versions, sizes_, passed_over = credential_types()["identity_card"], Counter[int](), [], 0
    for path in sorted(images.rglob("*.jpg"))[::19]:
        try:
            picture = acquirer.small_picture(path.read_bytes())
        except InputError:
            passed_over += 1
            continue
        claims = {"name": "Zhang Wei", "document_number": NUMBER, "portrait": b64encode(picture).decode()}
        versions[qr.Drawn(text_of(issued(office, card, "gate_portrait", claims), 0)).version] += 1
        sizes_.append(len(picture))
        if len(sizes_) == 200:
            break
    counted = {str(version): versions[version] for version in sorted(versions)}
    return {"n": len(sizes_), "no_one_clear_face": passed_over, "median_bytes": statistics.median(sizes_), "versions": counted}


def milliseconds(work: Callable[[Any], object], inputs: list[Any]) -> dict[str, float]:
    """Of one run an input, by the wall clock."""
    taken = []
    for one in inputs:
        begun = time.perf_counter()
        work(one)
        taken.append(1000 * (time.perf_counter() - begun))
    quartiles = statistics.quantiles(taken, n=4, method="inclusive")
    return {"n": len(taken), "p50_ms": statistics.median(taken), "p25_ms": quartiles[0], "p75_ms": quartiles[2]}


def times(office: Office, folder: Path) -> dict[str, Any]:
    """Of one code each, all different: validated, remembered in the gate's file, drawn, read."""
    card = credential_types()["identity_card"]
    texts = []
    for _ in range(300):
        device = FileSigner.new()
        texts.append(text_of(issued(office, card, "gate", PEOPLE["identity_card"], device), 0, device))
    counters, pictures = FileCounters(folder), [decode(qr.Drawn(one).png()).pixels for one in texts[:50]]
    believed, (height, width) = office.believed, pictures[0].shape[:2]
    return {
        "validated": milliseconds(lambda one: slip.validate(one, believed, now=NOW), texts),
        "validated_and_remembered": milliseconds(lambda one: slip.validate(one, believed, now=NOW, counters=counters), texts),
        "drawn_as_png": milliseconds(lambda one: qr.Drawn(one).png(), texts[:50]),
        "read_from_a_picture": {"width": width, "height": height, **milliseconds(qr.read, pictures)},
    }


def table(rows: list[dict[str, Any]]) -> str:
    """In Markdown, as docs/reference/qr.md has it."""
    lines = ["| type | purpose | shown | bytes of the slip | characters | version |", "|---|---|---|---|---|---|"]
    for row in rows:
        shown = "all" if row["shown"] is None else str(row["shown"])
        cells = (row["type"].replace("_", " "), row["purpose"], shown, row["slip_bytes"], row["characters"], row["version"])
        lines.append("| " + " | ".join(str(one) for one in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """All of it."""
    data = os.environ.get("IDVERIFY_DATA", "").rstrip("/")
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=Path, default=Path(data) / "lfw" if data else None)
    images = options.parse_args().images
    if images is not None and not images.is_dir():
        options.error(f"{images} is no folder")
    made = origin(arguments=[], now=time.time())
    made["command"] = "python benchmarks/qr_codes.py" + (" --images LFW" if images else "")
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder), now=NOW, random_bytes=os.urandom)
        report = {"sizes": sizes(office), "times": times(office, Path(folder) / "gate"), "load_average": busy}
        if images is not None:
            report["portraits"] = portraits(office, images)
    write_report(RESULTS, report | made, "qr_codes.json")
    print(table(report["sizes"]), "qr_codes.json", sep="\n\n")


if __name__ == "__main__":
    main()
