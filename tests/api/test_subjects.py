"""/v1/subjects over a real socket, and photographs that cannot be used, at both ends that take one."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import event, text

from idverify.ceremonies import Parts
from idverify.store import subjects

from .support import Running, asked, code_of, enrolment, in_base64, serving

UNKNOWN = "sub_" + "0" * 32


def jpeg(pixels: np.ndarray) -> bytes:
    """A JPEG file."""
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def png_bomb() -> bytes:
    """A PNG of a few kilobytes whose header promises 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 4_000_000)) + chunk(b"IEND", b"")
    )


def read(path: Path) -> np.ndarray:
    """Pixels of a sample."""
    pixels = cv2.imread(str(path))
    assert pixels is not None
    return pixels


def two_faces(samples: Path) -> bytes:
    """Two men side by side, equally large."""
    men = [cv2.resize(read(samples / name), (600, 750)) for name in ("obama.jpg", "obama2.jpg")]
    return jpeg(np.hstack(men))


def face_of_20_pixels(samples: Path) -> bytes:
    """A portrait whose face is about 20 pixels wide, on a grey wall."""
    portrait = read(samples / "obama.jpg")
    small = cv2.resize(portrait, (80, round(80 * portrait.shape[0] / portrait.shape[1])), interpolation=cv2.INTER_AREA)
    wall = np.full((480, 640, 3), 128, np.uint8)
    wall[100 : 100 + small.shape[0], 250:330] = small
    return jpeg(wall)


BAD_PHOTOS: dict[str, tuple[Callable[[Path], bytes], int, set[str]]] = {
    "nothing": (lambda _: b"", 422, {"image_rejected"}),
    "text": (lambda _: b"This is a text file named portrait.jpg\n" * 50, 422, {"image_rejected"}),
    "truncated": (lambda samples: (samples / "obama.jpg").read_bytes()[:20_000], 422, {"image_rejected"}),
    "PNG bomb": (lambda _: png_bomb(), 422, {"image_rejected"}),
    "50 megapixels": (lambda _: jpeg(np.zeros((5_000, 10_000, 3), np.uint8)), 422, {"image_rejected"}),
    "11 MiB": (lambda samples: (samples / "obama.jpg").read_bytes() + b"\0" * (11 << 20), 413, {"too_large"}),
    "no face": (lambda _: jpeg(np.full((480, 640, 3), 128, np.uint8)), 422, {"no_face"}),
    "two faces": (two_faces, 422, {"multiple_faces"}),
    "a face of 20 pixels": (face_of_20_pixels, 422, {"no_face", "failure_to_assess"}),
}


@pytest.mark.parametrize("name", BAD_PHOTOS)
def test_a_photograph_that_cannot_be_used_has_its_code(service: Running, subject: str, samples: Path, name: str) -> None:
    """As portrait, probe and reference: a problem with its code, nothing enrolled, and words for a retake where they help."""
    make, status, codes = BAD_PHOTOS[name]
    photo = make(samples)
    good = (samples / "obama.jpg").read_bytes()
    with service.parts.store.reading() as tx:
        before = subjects.count(tx)
    with service.client() as client:
        answers = [
            client.post("/v1/subjects", json=enrolment(photo, f"bad {name}")),
            client.post("/v1/verifications", json=asked(photo, subject_id=subject)),
            client.post("/v1/verifications", json=asked(good, reference=in_base64(photo))),
        ]
    for answer in answers:
        found, code = code_of(answer)
        assert (found, code in codes) == (status, True), (found, code)
        if code in {"no_face", "multiple_faces", "failure_to_assess"}:
            assert answer.json()["retake"], "no words for a retake"
    with service.parts.store.reading() as tx:
        assert subjects.count(tx) == before


def test_an_enrolled_subject_is_described_and_erased(service: Running, samples: Path) -> None:
    """Enrolled, read without template or portrait, erased, and gone for every call from then on."""
    portrait = (samples / "obama2.jpg").read_bytes()
    with service.client() as client:
        made = client.post("/v1/subjects", json=enrolment(portrait, "round trip"))
        assert made.status_code == 201
        subject_id = made.json()["subject_id"]
        told = client.get(f"/v1/subjects/{subject_id}").json()
        assert told["identifier"] == "round trip"
        assert told["claims"]["document_number"] == "X1234567"
        assert told["legal_basis"] == {"kind": "consent", "reference": ""}
        assert told["valid"] is True
        assert in_base64(portrait)[:60] not in str(told)
        assert client.delete(f"/v1/subjects/{subject_id}").status_code == 204
        assert code_of(client.get(f"/v1/subjects/{subject_id}")) == (404, "subject_not_found")
        assert code_of(client.delete(f"/v1/subjects/{subject_id}")) == (404, "subject_not_found")
        assert code_of(client.post("/v1/verifications", json=asked(portrait, subject_id=subject_id))) == (
            404,
            "subject_not_found",
        )
        assert client.post("/v1/subjects", json=enrolment(portrait, "round trip")).status_code == 201


def test_a_second_enrolment_is_refused_with_its_code(service: Running, samples: Path) -> None:
    """One identifier, one subject."""
    with service.client() as client:
        body = enrolment((samples / "obama2.jpg").read_bytes(), "twice")
        assert client.post("/v1/subjects", json=body).status_code == 201
        assert code_of(client.post("/v1/subjects", json=body)) == (409, "subject_exists")


@pytest.mark.parametrize(
    "change",
    [
        {"identifier": ""},
        {"identifier": "x" * 257},
        {"legal_basis": "because"},
        {"legal_basis": "published_test_data"},
        {"claims": {"date_of_birth": "1961-02-30"}},
        {"claims": {"name": 7}},
        {"claims": {"score": "1"}},
        {"claims": {"valid_from": "2030-01-01", "valid_until": "2020-01-01"}},
        {"portrait": "not base64!"},
        {"portrait": None},
        {"portrait_url": "https://photos.example/me.jpg"},
        {"path": "/etc/passwd"},
    ],
)
def test_an_enrolment_with_a_bad_field_is_refused(service: Running, samples: Path, change: dict[str, object]) -> None:
    """Unknown fields, impossible dates, no legal basis, and anything that is not the file itself."""
    body = {**enrolment((samples / "obama.jpg").read_bytes(), "never"), **change}
    with service.client() as client:
        assert code_of(client.post("/v1/subjects", json=body)) == (400, "invalid_input")


def test_a_full_disk_leaves_nothing_half_written(make_parts: Callable[..., Parts], tmp_path: Path, samples: Path) -> None:
    """SQLite says that its disk is full in the middle of an enrolment: 503, no subject, and the service goes on."""
    database = tmp_path / "data.db"
    parts = make_parts(url=f"sqlite:///{database}")
    engine = parts.store._writer
    with parts.store.reading() as tx:
        pages = tx.execute(text("PRAGMA page_count")).scalar_one()
    parts.store.close()

    @event.listens_for(engine, "connect")
    def _full(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {full_at}")  # type: ignore[attr-defined]

    full_at = pages + 20  # 80 KiB more: the portrait alone needs 280
    with serving(parts, tmp_path, head_seconds=3600) as service, service.client() as client:
        portrait = (samples / "obama.jpg").read_bytes()
        assert code_of(client.post("/v1/subjects", json=enrolment(portrait, "unlucky"))) == (503, "store_unavailable")
        with parts.store.reading() as tx:
            assert subjects.count(tx) == 0
        full_at = 1_000_000
        parts.store.close()
        assert client.post("/v1/subjects", json=enrolment(portrait, "unlucky")).status_code == 201
