"""A package for an auditor: events, records, pictures, proofs and keys, which a script in it checks without us."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.store import captures, declarations, parcels, sealed
from app.store.audit import first_hash
from app.store.checkpoints import StoredTree
from app.store.database import Connection
from app.store.errors import ExportError
from app.store.found import Progress, say_nothing
from app.store.merkle import consistency_proof, inclusion_proof
from app.store.notes import Note, parse_notes
from app.store.times import to_us
from imaging.files import native

FORMAT = "guanjian-audit-package"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into a package: one parcel, or what happened since a time, or all of it."""

    parcel_id: int | None = None
    since: datetime | None = None


def export(
    connection: Connection,
    pictures: Path,
    out: Path,
    wanted: Wanted,
    *,
    held: Sequence[Note] = (),
    inserts: Iterable[tuple[str, bytes]] = (),
    progress: Progress = say_nothing,
) -> int:
    """Write a package as a zip, whole or not at all; returns how many events are in it.

    The log must be signed up to the last event that is wanted. `held` are checkpoints that the auditor holds: the
    package proves that the log goes on from them. `inserts` are more files: keys, the script, a guide.

    Raises:
        ExportError: the parcel is unknown, nothing is signed, or a picture is missing or altered. OSError.
    """
    part = out.with_name(f"{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as package:
            count = _Package(connection, pictures, package, progress).write(wanted, held)
            for name, content in inserts:
                package.writestr(name, content)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count


class _Package:
    def __init__(self, connection: Connection, pictures: Path, package: zipfile.ZipFile, progress: Progress) -> None:
        self._connection = connection
        self._pictures = pictures
        self._package = package
        self._progress = progress
        self._tree = StoredTree(connection)

    def write(self, wanted: Wanted, held: Sequence[Note]) -> int:
        note = self._note()
        self._package.writestr("checkpoint.txt", str(note))
        proofs = {
            str(old.size): _texts(consistency_proof(self._tree.node, old.size, note.size))
            for old in held
            if 0 < old.size <= note.size
        }
        self._package.writestr("consistency.json", json.dumps(proofs))
        about = {"format": FORMAT, "version": 1, "origin": note.origin}
        self._package.writestr("package.json", json.dumps(about, indent=1))
        keys, seqs = self._choose(wanted, note.size)
        self._write_events(seqs, note.size)
        self._write_records(keys)
        self._write_pictures(seqs)
        return len(seqs)

    def _note(self) -> Note:
        found = self._connection.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
        if found is None:
            raise ExportError("No checkpoint was signed yet; run `guanjian log checkpoint` first.", detail="")
        return parse_notes(found[0])[0]

    def _choose(self, wanted: Wanted, size: int) -> tuple[list[int], list[int]]:
        """The parcels and the events of a package; with a parcel come its declaration and all events about it."""
        read = self._connection.execute
        if wanted.parcel_id is None and wanted.since is None:
            keys = [key for (key,) in read("SELECT id FROM parcels ORDER BY id")]
            seqs = {seq for (seq,) in read("SELECT seq FROM events")}
        elif wanted.parcel_id is not None:
            keys, seqs = [wanted.parcel_id], set()
            if not read("SELECT 1 FROM parcels WHERE id = ?", keys).fetchone():
                raise ExportError(f"There is no parcel {wanted.parcel_id} in the store.", detail=str(wanted.parcel_id))
        else:
            assert wanted.since is not None
            since = (to_us(wanted.since),)
            seqs = {seq for (seq,) in read("SELECT seq FROM events WHERE at_us >= ?", since)}
            sql = "SELECT DISTINCT parcel_id FROM events WHERE at_us >= ? AND parcel_id IN (SELECT id FROM parcels)"
            keys = sorted(key for (key,) in read(sql, since))
        for key in keys:
            seqs.update(seq for (seq,) in read("SELECT seq FROM events WHERE parcel_id = ?", (key,)))
            sql = "SELECT d.event_seq FROM parcels p JOIN declarations d ON d.id = p.declaration_id WHERE p.id = ?"
            seqs.update(seq for (seq,) in read(sql, (key,)))
        if seqs and max(seqs) > size:
            raise ExportError("The newest events are not signed yet; export again.", detail="", is_unsigned=True)
        return keys, sorted(seqs)

    def _write_events(self, seqs: Sequence[int], size: int) -> None:
        names = ("seq", "at_us", "monotonic_us", "boot", "hlc", "kind", "parcel_id", "body")
        with self._package.open("events.jsonl", "w", force_zip64=True) as file:
            for count, seq in enumerate(seqs, start=1):
                fields = self._connection.execute(_EVENT, (seq,)).fetchone()
                previous = self._hash_before(seq)
                proof = _texts(inclusion_proof(self._tree.node, seq - 1, size))
                event = dict(zip(names, fields, strict=True)) | {"previous": previous.hex(), "proof": proof}
                file.write(_line(event))
                self._progress("events", count, len(seqs))

    def _hash_before(self, seq: int) -> bytes:
        if seq == 1:
            meta = dict(self._connection.execute("SELECT name, value FROM meta"))
            return first_hash(meta["store_id"], meta["station"])
        found = self._connection.execute("SELECT hash FROM events WHERE seq = ?", (seq - 1,)).fetchone()
        return bytes(found[0])

    def _write_records(self, keys: Sequence[int]) -> None:
        with self._package.open("records.jsonl", "w", force_zip64=True) as file:
            told = set[int]()
            for key in keys:
                row = parcels.load_row(self._connection, key)
                file.write(_line({"record": f"parcel {key}", "columns": list(row), "value": list(row.values())}))
                declaration = row["declaration_id"]
                if declaration is not None and declaration not in told:
                    told.add(declaration)
                    value = declarations.values(self._connection, declaration)
                    file.write(_line({"record": f"declaration {declaration}", "value": value}))
                for trace_id, payload in self._connection.execute(_LABELS, (key,)):
                    file.write(_line({"record": f"label {trace_id}", "value": payload}))

    def _write_pictures(self, seqs: Sequence[int]) -> None:
        rows = list(self._captures(seqs))
        written = set[str]()
        for count, (path, sha256, described) in enumerate(rows, start=1):
            picture = self._pictures / path
            sidecar = native.sidecar_of(picture)
            for file, wanted in ((picture, sha256), (sidecar, described)):
                if wanted and (not file.is_file() or captures.sha256_of(file) != wanted):
                    raise ExportError(f"Picture {path} is missing or altered; run `guanjian log verify`.", detail=path)
            # Two scans may have the same pixels and different descriptions.
            beside = f"pictures/{sha256}.json"
            for file, name in (
                (picture, f"pictures/{sha256}.tif"),
                (sidecar, f"pictures/{described}.json" if beside in written and described else beside),
            ):
                if file.is_file() and name not in written:
                    written.add(name)
                    self._package.writestr(name, sealed.read_file(file), zipfile.ZIP_STORED)
            self._progress("pictures", count, len(rows))

    def _captures(self, seqs: Sequence[int]) -> Iterator[tuple[str, str, str]]:
        wanted = set(seqs)
        sql = (
            "SELECT c.event_seq, path, c.sha256, coalesce(d.sha256, '') FROM captures c LEFT JOIN sidecars d "
            "ON d.scan_id = c.scan_id WHERE c.event_seq BETWEEN ? AND ? "
            "AND id NOT IN (SELECT capture_id FROM removals) ORDER BY id"
        )
        seen = set[tuple[str, str]]()
        for seq, path, sha256, described in self._connection.execute(sql, (min(seqs, default=0), max(seqs, default=0))):
            if seq in wanted and (sha256, described) not in seen:
                seen.add((sha256, described))
                yield path, sha256, described


_EVENT = "SELECT seq, at_us, monotonic_us, boot, hlc, kind, parcel_id, body FROM log WHERE seq = ?"
_LABELS = "SELECT l.trace_id, l.payload FROM labels l JOIN decisions d ON d.id = l.decision_id WHERE d.parcel_id = ?"


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


def _line(value: dict[str, Any]) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False)}\n".encode()
