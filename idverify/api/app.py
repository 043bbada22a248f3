"""The composition root: the one place, besides the command line, that chooses adapters and reads settings."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from idverify.acquisition import Acquirer
from idverify.api.attestation_trust import load_trust
from idverify.api.toml_file import read_toml
from idverify.api.wallet_file import load_wallets
from idverify.attestation import Trust
from idverify.ceremonies import Limits, Parts, Vault
from idverify.ceremonies.certification import FOLDERS
from idverify.ceremonies.duplicate_index import DuplicateIndex
from idverify.ceremonies.duplicates import require_supported
from idverify.ceremonies.wallet_trust import require_apart
from idverify.config import Settings
from idverify.credentials.providers import WalletTrust
from idverify.credentials.purposes import Purpose
from idverify.credentials.type_files import adopt_types
from idverify.decision.policy import Policy, policies_from
from idverify.decision.profile import TEMPLATE, profiles_for
from idverify.decision.profiles import PROFILES
from idverify.errors import ConfigurationInvalid, KeyUnavailable, ProviderUnavailable
from idverify.inference import OPENVINO, Engine, Precision
from idverify.inference.batching import BatchingEngine
from idverify.inference.manifest import Pack, default_models_folder, describe_pack, require_accepted
from idverify.keys import Wrapper, authority, secrets, signing
from idverify.keys.certified import CertifiedKeys
from idverify.keys.file import create_kek_file, load_kek_file, refuse_inside
from idverify.keys.pkcs11 import Pkcs11Holder, Pkcs11Token, Pkcs11Wrapper
from idverify.relying.folder import Holdings
from idverify.store import Store
from idverify.store.installation import deployment

if TYPE_CHECKING:
    from fastapi import FastAPI

HolderOf = Callable[[Path], signing.Holder]

AUDIT_HEAD = "audit-head.jws"
"""File in the data folder that holds the newest signed head of the audit."""


@dataclass(frozen=True, slots=True)
class Recogniser:
    """The part of an installation that needs no store and no keys: models, acquisition, operating points."""

    pack: Pack
    engine: Engine
    acquirer: Acquirer
    policies: Mapping[str, Policy]


def load_recogniser(settings: Settings) -> Recogniser:
    """The models of the settings, verified against their manifest and warmed up, with the policies made for them.

    Raises ModelRefused, ProviderUnavailable, ConfigurationInvalid.
    """
    cv2.setNumThreads(settings.threads)  # of the whole process: OpenCV would otherwise add threads of its own to each request
    pack = describe_pack(settings.models_dir or default_models_folder(), settings.pack, settings.variant)
    engine = load_engine(pack, settings.provider, callers=settings.concurrency, threads=settings.threads)
    rows = _rows_of(settings.policies_file) if settings.policies_file else pack.policies
    policies = policies_from(rows, pack.variant.digest)
    return Recogniser(pack, engine, Acquirer(_batched(engine, settings), faces=settings.faces), policies)


def _batched(engine: Engine, settings: Settings) -> Engine:
    if settings.batch_window_ms == 0:
        return engine
    return BatchingEngine(engine, window_ms=settings.batch_window_ms, most=settings.batch_most)


def load_engine(pack: Pack, provider: str, *, callers: int = 1, threads: int = 1) -> Engine:
    """What runs the models, warmed up. callers: how many run at one time; threads: of one inference.

    Raises ProviderUnavailable where the provider is unknown or not active, ModelRefused, Fault.
    """
    if provider in OPENVINO:
        engine = _openvino_engine(pack, OPENVINO[provider], callers, threads)
    else:
        engine = _onnxruntime_engine(pack, provider, threads)
    engine.warm_up()
    return engine


# Each adapter is imported where it runs: the other one may be absent, and takes tens of megabytes.


def _openvino_engine(pack: Pack, precision: Precision, callers: int, threads: int) -> Engine:
    try:
        from idverify.inference.openvino import OpenVinoEngine  # noqa: PLC0415
    except ImportError as error:
        raise ProviderUnavailable(
            "the provider is OpenVINO, which is not installed: pip install openvino, or set IDVERIFY_PROVIDER=cpu"
        ) from error
    return OpenVinoEngine(pack, precision=precision, callers=callers, threads=threads)


def _onnxruntime_engine(pack: Pack, provider: str, threads: int) -> Engine:
    from idverify.inference.onnx import OnnxEngine  # noqa: PLC0415

    return OnnxEngine(pack, provider=provider, threads=threads)


def compose(settings: Settings, *, create: bool = True) -> Parts:
    """One installation, ready to serve. create: on first start, make the data folder, the database and the keys.

    Raises Fault: a setting that is missing or unsafe, a model that is not the manifest's or not accepted, a store or a key that
    does not answer.
    """
    recogniser = load_recogniser(settings)
    require_accepted(recogniser.pack, settings.accepted_models, settings.dev)
    if settings.default_policy not in recogniser.policies:
        raise ConfigurationInvalid(
            f"IDVERIFY_DEFAULT_POLICY={settings.default_policy}: no such operating point for "
            f"pack {recogniser.pack.name!r}, variant {recogniser.pack.variant.name!r}; "
            f"known: {', '.join(sorted(recogniser.policies)) or 'none, run `idverify calibrate`'}"
        )
    require_issuer(settings)
    vault = open_vault(settings, create=create)
    if settings.duplicates != "off":
        variant = recogniser.pack.variant
        vault = replace(vault, duplicates=DuplicateIndex(settings.duplicates, variant.digest, variant.dimension))
    parts = Parts(
        attestation=load_trust(settings.attestation_file) if settings.attestation_file else Trust(),
        **{field.name: getattr(vault, field.name) for field in fields(vault)},
        acquirer=recogniser.acquirer,
        policies=recogniser.policies,
        default_policy=settings.default_policy,
        profiles=profiles_for(PROFILES, {**recogniser.engine.digests, TEMPLATE: recogniser.pack.variant.digest}),
    )
    require_supported(parts)
    require_apart(parts)
    return parts


def require_issuer(settings: Settings) -> None:
    """Raises ConfigurationInvalid in production without an issuer's URL: what is signed would name this machine's loopback."""
    if not settings.dev and settings.issuer == Settings.model_fields["issuer"].default:
        raise ConfigurationInvalid("IDVERIFY_ISSUER is not set: the URL that relying parties know this installation by")


def open_vault(settings: Settings, *, create: bool) -> Vault:
    """The part of an installation that needs no models. Keys first, database last.

    create: make what a first start makes; otherwise KeyUnavailable is raised where it is missing, so that a mistyped folder is
    not taken for an empty installation. Raises Fault.
    """
    if not create and not settings.keys_folder.exists():
        raise KeyUnavailable(
            f"no installation in {settings.data_dir}: is IDVERIFY_DATA_DIR right? `idverify pki issue`, `enrol` or `serve` "
            "makes one there"
        )
    if settings.types_dir is not None:
        adopt_types(settings.types_dir)
    wrapper, holder_of = load_keys(settings, create=create)
    folder, verdicts = settings.keys_folder, settings.keys_folder / "signing"
    if create:
        opened = secrets.load_or_create(folder, wrapper)
        signers = signing.load_or_create(verdicts, time.time, holder_of(verdicts))
    else:
        opened = secrets.load(folder, wrapper)
        signers = signing.load(verdicts, time.time, holder_of(verdicts))
    certified = {usage: _certified(settings, name, usage, holder_of) for usage, name in FOLDERS.items()}
    store = Store.open(settings.url, create=create)
    return Vault(
        deployment=deployment(store, os.urandom),
        environment=settings.env,
        issuer=settings.issuer,
        limits=Limits(settings.attempts_client_subject, settings.attempts_subject, settings.attempts_window_seconds),
        store=store,
        wrapper=wrapper,
        secrets=opened,
        signing=signers,
        credential_keys=certified[Purpose.CREDENTIAL],
        status_keys=certified[Purpose.STATUS],
        trust_list_keys=certified[Purpose.TRUST_LIST],
        reader_keys=certified[Purpose.READER],
        seal_keys=certified[Purpose.SEAL],
        now=time.time,
        random_bytes=os.urandom,
        gallery_file=settings.gallery_file,
        relying=None if settings.trust is None else Holdings(settings.trust),
        wallets=WalletTrust() if settings.wallets_file is None else load_wallets(settings.wallets_file),
    )


def _rows_of(file: Path) -> list[dict[str, Any]]:
    rows = read_toml("IDVERIFY_POLICIES_FILE", file).get("policy", [])
    if not isinstance(rows, list):
        raise ConfigurationInvalid(f"IDVERIFY_POLICIES_FILE: {file} holds no [[policy]] tables")
    return rows


def _certified(settings: Settings, name: str, usage: str, holder_of: HolderOf) -> CertifiedKeys:
    """The keys of one purpose, made where they are missing: an installation may be older than they are. In development they are
    certified by a root of its own, beside the data folder; elsewhere `idverify pki issue` does so.
    """
    folder = settings.keys_folder / name
    keys = signing.load_or_create(folder, time.time, holder_of(folder))
    certified = CertifiedKeys(keys, folder, issuer=settings.issuer)
    if settings.dev and certified.needs_certificates(settings.issuer):
        certified.certify(_dev_root(settings), usage=usage, issuer=settings.issuer)
    return certified


def _dev_root(settings: Settings) -> authority.Authority:
    folder = _beside(settings, ".root")
    if (folder / authority.CERTIFICATE_FILE).exists():
        return authority.load(folder)
    return authority.create(folder, name="idverify development", country="XX", now=time.time())  # XX: no country


def _beside(settings: Settings, ending: str) -> Path:
    """Beside the data folder, so that who copies that does not get what opens it."""
    folder = settings.data_dir.resolve()
    return folder.with_name(folder.name + ending)


def load_keys(settings: Settings, *, create: bool) -> tuple[Wrapper, HolderOf]:
    """The key-encryption key, and where the signing keys of a folder live: a PKCS#11 token if one is named, files otherwise.

    create: make what a first start makes: a version in the token, and in development the KEK file. Raises Fault.
    """
    if settings.pkcs11_module is not None:
        if settings.pkcs11_token is None or settings.pkcs11_pin is None:
            raise ConfigurationInvalid("IDVERIFY_PKCS11_MODULE needs IDVERIFY_PKCS11_TOKEN and IDVERIFY_PKCS11_PIN")
        token = Pkcs11Token(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin.get_secret_value())
        wrapper = Pkcs11Wrapper.load_or_create(token) if create else Pkcs11Wrapper(token)
        return wrapper, lambda _: Pkcs11Holder(token)
    file = settings.kek_file
    if file is None and settings.dev:
        file = _beside(settings, ".kek")
    if file is None:
        raise ConfigurationInvalid(
            "IDVERIFY_KEK_FILE is not set: `idverify keys create-kek FILE` makes one, away from the data folder "
            "(while you try things: --dev)"
        )
    refuse_inside(file, settings.data_dir)
    if create and settings.dev and not file.exists():
        create_kek_file(file)
    return load_kek_file(file, settings.data_dir), signing.FileHolder


def create_app(parts: Parts, settings: Settings) -> "FastAPI":
    """The HTTP service over these parts. Behind proxies that speak TLS, whatever they received in the clear is refused."""
    from idverify.api.http import build_app  # noqa: PLC0415  (the command line composes parts far more often than a server)
    from idverify.api.service import Options  # noqa: PLC0415

    options = Options(
        head_file=settings.data_dir / AUDIT_HEAD,
        concurrency=settings.concurrency,
        require_tls=bool(settings.trusted_proxies) and not settings.dev,
    )
    if isinstance(parts.acquirer.engine, BatchingEngine):
        options = replace(options, attending=parts.acquirer.engine.attending)
    return build_app(parts, options)
