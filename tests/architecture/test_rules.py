"""The rules of the house that import-linter cannot see."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "idverify"
SOURCES = sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    """Every module that the file imports, at any depth of the file, with its parents."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found | {name.split(".")[0] for name in found}


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def _within(*rooms: str) -> list[Path]:
    return [path for path in SOURCES if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in rooms]


def _users_of(module: str) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in SOURCES if module in _imports(path)}


def test_only_decide_constructs_an_accepting_decision():
    """An Accepted made anywhere else would be a token without evidence."""
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in SOURCES
        for name, _ in _calls(path)
        if name.split(".")[-1] == "Accepted"
    }
    assert makers == {"decision/decide.py"}


def test_nothing_copies_a_decision_into_an_accepting_one():
    """dataclasses.replace and object.__new__ would be back doors around the rule above."""
    for path in SOURCES:
        text = path.read_text()
        assert "Accepted.__new__" not in text, path
        assert not ("replace" in {name.split(".")[-1] for name, _ in _calls(path)} and "Accepted" in text), path


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("PIL", {"face/image.py"}),
        ("insightface", {"inference/insightface_packs.py"}),
        ("jwt", {"credentials/jws.py"}),
        ("joserfc", {"credentials/jws.py", "credentials/jwe.py"}),
        ("openvino", {"inference/openvino.py"}),
        ("onnxruntime", {"inference/onnx.py", "inference/insightface_packs.py", "evaluation/naive.py"}),
        ("pkcs11", {"keys/pkcs11.py"}),
        ("faiss", {"registry/gallery.py"}),
        ("cbor2", {"attestation/webauthn.py", "credentials/cose.py"}),
        ("base45", {"credentials/slip_text.py"}),
        ("pyhanko", {"seals/pdf.py", "seals/opening.py"}),
        ("pyhanko_certvalidator", {"seals/pdf.py"}),
        ("asn1crypto", {"seals/pdf.py"}),
        ("segno", {"qr.py"}),
        ("websockets", {"evaluation/attacks/wire.py"}),
        ("zxingcpp", {"qr.py"}),
    ],
)
def test_a_library_is_wrapped_in_one_place(module, allowed):
    """One module to change when the library changes, and one to read when it is doubted."""
    assert _users_of(module) <= allowed


@pytest.mark.parametrize("module", ["fastapi", "starlette", "uvicorn"])
def test_the_web_framework_stays_in_api(module):
    """Nothing below HTTP knows HTTP; the command line only starts the server."""
    users = _users_of(module)
    assert all(user.startswith("api/") or user == "cli/serve.py" for user in users), users


def test_pydantic_stays_at_the_edges():
    """Values inside are frozen dataclasses; pydantic parses what comes from outside."""
    users = _users_of("pydantic") | _users_of("pydantic_settings")
    assert all(user.startswith("api/") or user == "config.py" for user in users), users


def test_only_the_composition_root_and_the_command_line_read_settings():
    """Everything else is handed values."""
    users = _users_of("idverify.config")
    assert all(user == "api/app.py" or user.startswith("cli/") for user in users), users


CLOCKS = {
    "time.time",
    "time.time_ns",
    "datetime.now",
    "datetime.datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
}
CHANCE = {
    "secrets.token_bytes",
    "secrets.token_hex",
    "secrets.token_urlsafe",
    "os.urandom",
    "uuid.uuid4",
    "random.random",
    "np.random.rand",
}
BELOW_API = (
    "ceremonies",
    "acquisition",
    "store",
    "relying",
    "wallet",
    "inference",
    "credentials",
    "registry",
    "audit",
    "decision",
    "liveness",
    "sessions",
    "attestation",
    "seals",
    "face",
    "keys",
    "values",
    "errors",
)


def test_below_api_there_is_no_wall_clock():
    """Time is passed in, so that every rule about time can be tested at its edge."""
    offenders = [f"{path}:{line}" for path in _within(*BELOW_API) for name, line in _calls(path) if name in CLOCKS]
    assert offenders == []


def test_below_api_randomness_is_passed_in_except_in_keys_and_sealing():
    """Hidden randomness cannot be replayed from the audit."""
    exempt = {"keys", "registry/sealing.py"}
    offenders = [
        f"{path}:{line}"
        for path in _within(*BELOW_API)
        for name, line in _calls(path)
        if name in CHANCE
        and path.relative_to(PACKAGE).parts[0] not in exempt
        and path.relative_to(PACKAGE).as_posix() not in exempt
    ]
    assert offenders == []


def test_below_api_everything_is_synchronous():
    """api/ alone decides what waits for what."""
    offenders = [
        path
        for path in _within(*BELOW_API)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await)
    ]
    assert offenders == []


def test_no_module_outgrows_one_purpose():
    """None beyond 400 lines, and a median of 150 or fewer."""
    lengths = sorted(len(path.read_text().splitlines()) for path in SOURCES if "migrations" not in path.parts)
    assert lengths[-1] <= 400
    assert lengths[len(lengths) // 2] <= 150


def test_every_exception_of_the_tree_has_a_stable_code_of_its_own():
    """Clients script against the codes; two classes sharing one would be one class."""
    from idverify import errors

    leaves = [value for value in vars(errors).values() if isinstance(value, type) and not value.__subclasses__()]
    codes = [leaf.code for leaf in leaves if issubclass(leaf, errors.IdverifyError)]
    assert len(codes) == len(set(codes))
    for leaf in leaves:
        assert leaf.__name__ in errors.__doc__, f"{leaf.__name__} is missing from the drawing of the tree"


def test_the_package_imports_where_libgl_cannot_be_found():
    """A bare server has no libGL. Every module is imported, and the process must not have loaded it nor asked for it."""
    script = """
import sys
import importlib, pkgutil, idverify
for module in pkgutil.walk_packages(idverify.__path__, "idverify."):
    if "migrations" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
maps = open("/proc/self/maps").read() if sys.platform == "linux" else ""
assert "libGL.so" not in maps and "libGLX" not in maps, "libGL was loaded"
"""
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert outcome.returncode == 0, outcome.stderr


def test_the_installed_opencv_needs_no_libgl():
    """opencv-python would write over the headless build; only the headless distribution may be installed."""
    from importlib.metadata import distributions

    names = {(distribution.metadata["Name"] or "").lower() for distribution in distributions()}
    assert "opencv-python-headless" in names
    assert not names & {"opencv-python", "opencv-contrib-python", "onnxruntime-gpu", "onnxruntime-openvino"}
    import cv2

    binary = next(Path(cv2.__file__).parent.glob("cv2*.so"), None)
    if binary is not None:
        assert b"libGL.so" not in binary.read_bytes()
