"""What a post sets: its office, devices, model, rules and times, in one TOML file that the environment overrides."""

from __future__ import annotations

import os
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.customs.model_trial import Mode
from app.customs.parcel import Kind, Lane
from app.officers.rights import DEMO, Role
from imaging.errors import KnownError


class SettingsError(KnownError):
    """The settings cannot be used; the message names the place."""

    key = "settings"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Post(_Section):
    """The customs post: its four-digit office code (关区代码) and name.

    `ordinary_places` are the other stations ("office/station") whose scans of a label are no sign of a copy.
    `utc_offset_h` is the post's local time by which its days begin, `shifts` the hours at which its shifts do.
    `signer` is the algorithm of new trace codes; SM2 needs the optional library (`guanjian[sm2]`).
    """

    office: Annotated[str, Field(pattern="^[0-9]{4}$")] = "9999"
    name_zh: str = "演示邮局海关"
    name_en: str = "Demo Mail Customs Office"
    station: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,32}$")] = "station-1"
    ordinary_places: tuple[str, ...] = ()
    signer: Literal["ed25519", "sm2"] = "ed25519"
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)] = 8.0
    shifts: tuple[Annotated[int, Field(ge=0, le=23)], ...] = (0, 8, 16)


class Officer(_Section):
    """Who sits at the station in a demo; elsewhere it is who signs in."""

    name: str = "officer-1"


class Directory(_Section):
    """A directory (LDAP) that checks the secrets of officers who are in it; `user_dn` has {login} in it."""

    url: Annotated[str, Field(pattern=r"^(ldaps://[A-Za-z0-9.-]+(:[0-9]{1,5})?)?$")] = ""
    user_dn: str = ""
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _check_dn(self) -> Self:
        if self.url and "{login}" not in self.user_dn:
            raise ValueError("user_dn needs {login} in it")
        return self


class Officers(_Section):
    """How officers sign in. The officers of a demo are fictitious and need no secret; it takes simulators only.

    `badge_pattern` says which codes are badges, as a regular expression; empty: none are. `badge_holder` names a
    reader in which the badge stays: the station locks `badge_gone_s` after it was taken out.
    """

    sign_in: Literal["required", "demo"] = "required"
    demo: dict[str, Role] = Field(default_factory=lambda: dict(DEMO))
    lock_after_s: Annotated[int, Field(ge=30, le=3600)] = 300
    badge_pattern: str = ""
    badge_holder: str = ""
    badge_gone_s: Annotated[float, Field(ge=0.5, le=60)] = 3.0
    directory: Directory = Directory()

    @field_validator("badge_pattern")
    @classmethod
    def _check_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    def is_badge(self, code: str) -> bool:
        """Whether a code is the whole code of a badge."""
        return bool(self.badge_pattern) and re.fullmatch(self.badge_pattern, code) is not None


class DeviceEntry(_Section):
    """One device: a name of the post's choice, the driver, what it carries, its lane, and the driver's own options.

    A reader without a lane is in the officer's hand: what it reads opens a parcel and belongs to no scan.
    `lead_ms` is the belt's time from a barcode reader to the beam, negative behind the tunnel.
    """

    name: str
    driver: str
    carries: Kind = Kind.PARCEL
    lane: str = "lane-1"
    lead_ms: int = 0
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def is_drill(self) -> bool:
        """Whether what it delivers is an exercise: simulated or replayed, and no goods that anybody sent."""
        return self.driver.startswith("simulated-") or self.driver == "replay"


class ModelChoice(_Section):
    """A model by its name in a folder; without one: the folder of those that ship.

    `looks_at` is what the model was made for; other scans count as unscreened, because a model for parcels sees things
    in containers that are not there. `lanes` are those on which it looks; empty: all. `mode` is what it is until an
    officer switches it. `provider` is what ONNX Runtime computes on; `batch` tiles of a picture go to it at once. A
    model that takes longer than `longest_s` for one scan is stopped, and the parcel counts as unscreened.
    """

    model: str
    folder: Path | None = None
    looks_at: tuple[Kind, ...] = (Kind.PARCEL,)
    lanes: tuple[str, ...] = ()
    mode: Mode = Mode.SHADOW
    provider: Literal["cpu", "cuda", "directml", "openvino"] = "cpu"
    batch: Annotated[int, Field(ge=1, le=64)] = 1
    longest_s: Annotated[float, Field(gt=0, le=600)] = 30.0


CARGO = ModelChoice(model="cargo-1", looks_at=(Kind.CONTAINER,), mode=Mode.ON, batch=4)
"""The model that ships for containers."""


class Detection(ModelChoice):
    """The first model, and `further` ones beside it. `is_on` false: the station works without any."""

    is_on: bool = True
    model: str = "parcel-3-int8"
    mode: Mode = Mode.ON
    further: tuple[ModelChoice, ...] = (CARGO,)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [self.model, *(each.model for each in self.further)]
        if len(set(names)) != len(names):
            raise ValueError("a model is named twice; give one entry all its lanes")
        return self


class Sameness(_Section):
    """Which earlier scans are like a new one (同一性): the embedding model by its name in the folder of models.

    `visible` is the one for pictures of a camera, by which identities are checked; none ships. Empty: there is none.
    Earlier scans are sought `days` back, among the newest `most`, which take 128 bytes of memory each.
    """

    model: str = "same-1"
    visible: str = ""
    days: Annotated[int, Field(ge=1, le=36_500)] = 365
    most: Annotated[int, Field(ge=1_000, le=20_000_000)] = 1_000_000


class Tip(_Section):
    """Projected threats (TIP). `share` is that of the pictures that get one where no supervisor has set any.

    `helped_share` is that of the threats on which the detector looks; on the others it does not. A picture that stands
    longer than `longest_s` without an answer is missed. `library` is the folder of threats; default: in the data.
    """

    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    helped_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    longest_s: Annotated[float, Field(ge=1, le=3600)] = 60.0
    kinds: tuple[Kind, ...] = (Kind.PARCEL,)
    library: Path | None = None


class Work(_Section):
    """Times and limits of the officer's work."""

    undo_s: Annotated[int, Field(ge=0, le=3600)] = 60
    match_tolerance_ms: Annotated[int, Field(ge=0, le=60_000)] = 400
    repeat_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    forms: Path | None = None
    waiting_days: Annotated[int, Field(ge=1, le=365)] = 15
    match_patience_s: Annotated[int, Field(ge=1, le=3600)] = 30
    break_after_min: Annotated[int, Field(ge=1, le=480)] = 20
    rules: Path | None = None
    tables: Path | None = None
    retention: Path | None = None
    label_template: str = "mail-40x60"
    label_dpi: Literal[203, 300] = 203


class Printer(_Section):
    """The label printer. `address` is host or host:port (tcp), a queue's name (cups), a path (folder).

    With kind none a label is printed through the system's print dialog when the officer asks for it.
    """

    kind: Literal["none", "tcp", "cups", "folder"] = "none"
    name: Annotated[str, Field(pattern=r"^[\w .-]{1,32}$")] = "label"
    address: str = ""
    language: Literal["zpl", "tspl", "escpos", "png", "pdf"] = "zpl"
    asks_status: bool = True

    @model_validator(mode="after")
    def _check_address(self) -> Self:
        if self.kind != "none" and not self.address:
            raise ValueError("the printer needs an address")
        if self.kind == "tcp":
            self.host_and_port()
        return self

    def host_and_port(self) -> tuple[str, int]:
        """The address of a printer on the network; its raw port is 9100 where none is given."""
        host, colon, port = self.address.rpartition(":")
        if not colon:
            return self.address, 9100
        if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"{self.address!r} is neither a host nor host:port")
        return host, int(port)


class Hub(_Section):
    """The queue that the stations of a post share. `address` is libpq's, without a secret; empty: there is no hub.

    Parcels of the lanes in `offers` may be looked at by officers elsewhere; a claim ends `lease_s` after it was last
    renewed.
    """

    address: str = ""
    offers: tuple[Lane, ...] = ()
    lease_s: Annotated[int, Field(ge=5, le=3600)] = 120


class StoreFiles(_Section):
    """How the store lies on disk. With anything but off the station refuses a store that is not encrypted."""

    encryption: Literal["off", "passphrase", "keyring"] = "off"


class Plugins(_Section):
    """Packages of others whose drivers and readers may be loaded, with the hash of their files; see docs/drivers.md."""

    trusted: dict[str, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = Field(default_factory=dict)


def system_language() -> Literal["zh_CN", "en"]:
    """English where the system's language is English, else Chinese."""
    return "en" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("en") else "zh_CN"


class Look(_Section):
    """How the window starts; the language is the system's where nothing is set."""

    language: Literal["zh_CN", "en"] = Field(default_factory=system_language)
    theme: Literal["dark", "bright"] = "dark"
    renderer: Literal["auto", "processor", "gpu"] = "auto"


class Settings(BaseSettings):
    """All settings of a station. Environment: GUANJIAN_POST__OFFICE=9999 and so on."""

    model_config = SettingsConfigDict(
        env_prefix="GUANJIAN_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    version: Literal[1] = 1
    data: Path = Field(default_factory=lambda: user_data_path("guanjian", appauthor=False))
    post: Post = Post()
    officer: Officer = Officer()
    officers: Officers = Officers()
    detection: Detection = Detection()
    tip: Tip = Tip()
    sameness: Sameness = Sameness()
    work: Work = Work()
    look: Look = Look()
    printer: Printer = Printer()
    hub: Hub = Hub()
    store: StoreFiles = StoreFiles()
    plugins: Plugins = Plugins()
    devices: tuple[DeviceEntry, ...] = ()

    def device(self, name: str) -> DeviceEntry:
        """The device of a name; one that is not at this post any more is on no lane."""
        return next((each for each in self.devices if each.name == name), DeviceEntry(name=name, driver="", lane=""))

    def lane_of(self, name: str) -> str:
        """The lane on which a device stands."""
        return self.device(name).lane

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings


def _refuse(detail: str) -> SettingsError:
    return SettingsError(detail, detail=detail)


def load_settings(profile: str | Path | None = None) -> Settings:
    """Settings from a TOML file, or from a profile that ships under its name; None: GUANJIAN_PROFILE, else demo.

    Raises:
        SettingsError: the file is absent, is not TOML, or holds a wrong value; the message names it.
    """
    profile = profile or os.environ.get("GUANJIAN_PROFILE") or "demo"
    source = resources.files("resources") / "profiles" / f"{profile}.toml"
    path = Path(profile)
    try:
        content = (
            source.read_text("utf-8") if path.name == str(profile) and source.is_file() else path.read_text("utf-8")
        )
        return Settings(**tomllib.loads(content))
    except OSError as error:
        raise _refuse(f"The profile {profile} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse(f"The profile {profile} is not valid TOML in UTF-8: {error}.") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise _refuse(f"The profile {profile} has wrong values: {problems}.") from error
