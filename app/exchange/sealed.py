"""Sealed records (封志记录): a parcel and its pictures in one signed file, for the station that goes on with it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.customs.parcel import Kind
from app.exchange.errors import SealBrokenError
from app.exchange.orders import OrderRecord

SUFFIX: Final = ".sealed"
CONTEXT: Final = b"guanjian sealed record 1\n"
"""Stands before what is signed, so that the signature is good for nothing else."""

MAX_BYTES: Final = 512 << 20
MAX_RECORD_BYTES: Final = 4 << 20
_RECORD, _SIGNATURE = "record.json", "signature.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Picture(_Part):
    """A picture that travels with the record: its files by name with their sha256."""

    files: Annotated[dict[str, str], Field(min_length=1, max_length=4)]


class Deed(_Part):
    """A decision, as the log of the station has it."""

    action: str
    after: str
    officer: str
    reason: str = ""
    note: str = ""
    at: AwareDatetime


class Outcome(_Part):
    """What carrying out an order showed."""

    order: str
    step: str
    result: str = ""
    note: str = ""
    officer: str
    at: AwareDatetime


class SealedRecord(_Part):
    """What one station hands over to another, or tells back when it has closed the parcel (`closes` is the digest)."""

    format: Literal["guanjian-sealed-record"] = "guanjian-sealed-record"
    version: Literal[1] = 1
    kind: Literal["handover", "closing"]
    office: Annotated[str, Field(pattern="^[0-9]{4}$")]
    station: Annotated[str, Field(max_length=32)]
    to: Annotated[str, Field(max_length=60)]
    closes: str = ""
    number: Annotated[str, Field(max_length=100)]
    parcel: Kind
    state: str
    codes: tuple[str, ...] = ()
    arrived_at: AwareDatetime
    declaration: dict[str, Any] | None = None
    findings: tuple[tuple[str, str], ...] = ()
    orders: tuple[OrderRecord, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    pictures: tuple[Picture, ...] = ()
    deeds: tuple[Deed, ...] = ()
    seal: Annotated[str, Field(max_length=100)] = ""
    sealed_by: Annotated[str, Field(min_length=1)]
    sealed_at: AwareDatetime

    @property
    def place(self) -> str:
        """The station that sealed it."""
        return f"{self.office}/{self.station}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed file as it was read; whether the signature is right is for whoever has the keys."""

    record: SealedRecord
    content: bytes
    kid: bytes
    signature: bytes
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return CONTEXT + self.content


def write_sealed(
    content: bytes, *, kid: bytes, signature: bytes, files: Mapping[str, bytes]
) -> bytes:  # fmt: skip
    """The file of a record, given as the bytes that were signed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(_RECORD, content)
        archive.writestr(_SIGNATURE, json.dumps({"kid": kid.hex(), "signature": signature.hex()}))
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def read_sealed(path: Path) -> Opened:
    """Open a sealed file and hold its pictures against the record.

    Raises:
        SealBrokenError: it is no sealed file, too large, damaged, or holds another picture than the record says.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _broken(path, "it is larger than any sealed record")
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except OSError as error:
        raise _broken(path, error.strerror or str(error)) from error
    except (zipfile.BadZipFile, KeyError, ValueError, ValidationError, NotImplementedError) as error:
        raise _broken(path, str(error)) from error


def _read(path: Path, archive: zipfile.ZipFile) -> Opened:
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if sum(sizes.values()) > MAX_BYTES or sizes[_RECORD] > MAX_RECORD_BYTES or sizes[_SIGNATURE] > 4096:
        raise _broken(path, "it holds more than any sealed record")
    content = archive.read(_RECORD)
    said = json.loads(archive.read(_SIGNATURE))
    record = SealedRecord.model_validate_json(content)
    wanted = {name: digest for picture in record.pictures for name, digest in picture.files.items()}
    files = {name: archive.read(name) for name in wanted}
    for name, digest in wanted.items():
        if sha256(files[name]).hexdigest() != digest or Path(name).name != name:
            raise _broken(path, f"the picture {name} is not the one that was sealed")
    return Opened(record, content, bytes.fromhex(said["kid"]), bytes.fromhex(said["signature"]), files)


def _broken(path: Path, why: str) -> SealBrokenError:
    return SealBrokenError(f"{path.name} is no sound sealed record: {why}.", name=path.name, why=why)
