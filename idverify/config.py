"""Settings, read once from the environment (prefix IDVERIFY_) and handed down as values."""

import platform
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from idverify.errors import ConfigurationInvalid


def default_provider() -> Literal["openvino", "cpu"]:
    """OpenVINO where it is installed by default (x86, Linux and Windows), ONNX Runtime's CPU provider elsewhere."""
    x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return "openvino" if x86 and sys.platform != "darwin" else "cpu"


class Settings(BaseSettings):
    """One installation. An environment that is not named is production."""

    model_config = SettingsConfigDict(env_prefix="IDVERIFY_", frozen=True, extra="ignore")

    env: Literal["production", "dev"] = "production"
    issuer: str = Field(
        "http://127.0.0.1:8000", pattern=r"^https?://[^\s?#@\\]{1,200}$", description="URL that signed tokens name"
    )
    data_dir: Path = Field(Path("data"), description="database, signing keys, audit head")
    database_url: str | None = Field(None, description="SQLAlchemy URL; SQLite in the data folder when absent")
    kek_file: Path | None = Field(None, description="key-encryption keys; never inside the data folder")
    pkcs11_module: Path | None = Field(None, description="PKCS#11 library that holds the keys instead of files")
    pkcs11_token: str | None = Field(None, description="label of the PKCS#11 token")
    pkcs11_pin: SecretStr | None = Field(None, description="user PIN of the PKCS#11 token")

    models_dir: Path | None = Field(None, description="folder of manifest.toml; the shipped one when absent")
    pack: str = Field("default", description="model pack")
    variant: Literal["fast", "accurate"] = Field("fast", description="of the pack; each has operating points of its own")
    accept_model: str = Field("", description="comma-separated NAME@DIGEST of packs accepted for production")
    provider: Literal["openvino", "openvino-f32", "cpu", "cuda", "tensorrt", "coreml", "directml"] = Field(
        default_factory=default_provider, description="what runs the models; what was asked for and is not active is an error"
    )
    threads: int = Field(1, ge=1, le=256, description="threads of one inference")
    batch_window_ms: float = Field(0, ge=0, le=50, description="longest wait of a model call for others to run with; 0 = never")
    batch_most: int = Field(8, ge=2, le=64, description="photographs that run together, where a window is set")
    faces: Literal["exactly_one", "dominant"] = Field("dominant", description="a photo with several faces")
    policies_file: Path | None = Field(None, description="operating points made by `idverify calibrate`")
    default_policy: str = "fmr-1e-4"
    trust: Path | None = Field(
        None, description="folder of accepted trust lists, for presentations of other issuers' credentials"
    )
    types_dir: Path | None = Field(None, description="folder of credential types of your own, beside the shipped ones")
    attestation_file: Path | None = Field(None, description="devices and apps whose attestation is trusted; none when absent")
    wallets_file: Path | None = Field(
        None, description="wallet providers that are believed, and what is asked of wallets; nobody and nothing when absent"
    )
    duplicates: Literal["off", "warn", "block"] = Field("off", description="enrolling a face that is enrolled already")

    attempts_client_subject: int = Field(10, ge=1, description="attempts per client and subject in the window")
    attempts_subject: int = Field(40, ge=1, description="attempts per subject over all clients; wider than the above")
    attempts_window_seconds: int = Field(86_400, ge=60)
    concurrency: int = Field(2, ge=1, le=256, description="verifications at one time; the next ones are refused with 429")
    evidence_retention_hours: int = Field(72, ge=24, description="age at which `idverify registry purge` deletes kept evidence")
    trusted_proxies: str = Field("", description="comma-separated addresses whose X-Forwarded-For is believed")

    @property
    def dev(self) -> bool:
        """Whether this is a development installation."""
        return self.env == "dev"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'idverify.db'}"

    @property
    def keys_folder(self) -> Path:
        """The folder of the signing keys and the wrapped secrets."""
        return self.data_dir / "keys"

    @property
    def gallery_file(self) -> Path:
        """The sealed index of references, in a folder of its own."""
        return self.data_dir / "gallery" / "references.sealed"

    @property
    def accepted_models(self) -> frozenset[str]:
        """Packs accepted for production, as NAME@DIGEST."""
        return frozenset(part.strip() for part in self.accept_model.split(",") if part.strip())


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` (from command-line options) win, None among them is ignored.

    Raises ConfigurationInvalid naming the variable, never its value.
    """
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        named = "; ".join(f"IDVERIFY_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        raise ConfigurationInvalid(named) from None
    if settings.attempts_subject < settings.attempts_client_subject:
        raise ConfigurationInvalid(
            "IDVERIFY_ATTEMPTS_SUBJECT must not be lower than IDVERIFY_ATTEMPTS_CLIENT_SUBJECT: "
            "one client could lock a person out everywhere"
        )
    return settings
