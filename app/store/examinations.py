"""Examination records and their photographs: rows that are only added, pictures as files beside the captures."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from app.customs.examination import Examination, Found, Handling, Item, Photograph, check_examination
from app.store import parcels
from app.store.audit import Log, canonical
from app.store.database import Connection
from app.store.photograph_files import PhotographFiles
from app.store.times import from_us, to_us


class Examinations:
    """The examination records of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        folder: Path,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._files = PhotographFiles(folder)
        self._write = write
        self._read = read

    def add_photograph(
        self, parcel_id: int, content: bytes, *, suffix: str, source: str, officer: str, taken_at: datetime
    ) -> Photograph:
        """Keep a photograph of a parcel; `content` is the file as it came, already known to be a picture.

        Raises:
            ParcelUnknownError: there is no such parcel. StoreReadOnlyError: the disk does not take it.
        """
        path, sha256 = self._files.keep(content, of=str(parcel_id), suffix=suffix, at=taken_at)
        with self._write() as writer:
            log, row = Log(writer), parcels.load_row(writer, parcel_id)
            values = (parcel_id, path, sha256, source, officer, to_us(taken_at))
            key = writer.execute(
                "INSERT INTO photographs (parcel_id, path, sha256, source, officer, taken_us, event_seq) "
                "VALUES (?,?,?,?,?,?,?)",
                (*values, log.seq),
            ).lastrowid
            assert key is not None
            parcels.change(writer, log, row, "photographed", {"photograph": [key, *values]})
        return Photograph(key, parcel_id, path, sha256, source, officer, taken_at)

    def photographs(self, parcel_id: int) -> list[Photograph]:
        with self._read() as reader:
            rows = reader.execute(
                "SELECT id, parcel_id, path, sha256, source, officer, taken_us FROM photographs WHERE parcel_id = ? "
                "ORDER BY id",
                (parcel_id,),
            )
            return [
                Photograph(key, owner, path, sha256, source, officer, from_us(taken_us))
                for key, owner, path, sha256, source, officer, taken_us in rows
            ]

    def load(self, photograph: Photograph) -> bytes:
        """The file of a photograph, checked against its sha256.

        Raises:
            FileTornError, FileAlteredError: it is not the picture that was kept.
        """
        return self._files.load(photograph.path, photograph.sha256)

    def sign(self, record: Examination) -> Examination:
        """Keep a signed record; a correction is a record more.

        Raises:
            GuardError: something is missing in it. ParcelUnknownError: there is no such parcel.
        """
        check_examination(record)
        with self._write() as writer:
            log, row = Log(writer), parcels.load_row(writer, record.parcel_id)
            values = (record.parcel_id, _body(record), record.officer, record.second_officer, to_us(record.signed_at))
            key = writer.execute(
                "INSERT INTO examinations (parcel_id, body, officer, second_officer, signed_us, event_seq) "
                "VALUES (?,?,?,?,?,?)",
                (*values, log.seq),
            ).lastrowid
            parcels.change(writer, log, row, "examined", {"examination": [key, *values]})
        return self.of(record.parcel_id)[-1]

    def of(self, parcel_id: int) -> list[Examination]:
        """The records of a parcel, oldest first; the last one counts."""
        with self._read() as reader:
            rows = reader.execute(
                "SELECT id, parcel_id, body, officer, second_officer, signed_us FROM examinations WHERE parcel_id = ? "
                "ORDER BY id",
                (parcel_id,),
            )
            return [_examination(row) for row in rows]


def _body(record: Examination) -> str:
    return canonical(
        {
            "items": [asdict(item) for item in record.items],
            "handling": record.handling.value,
            "place": record.place,
            "seal_before": record.seal_before,
            "seal_after": record.seal_after,
            "remark": record.remark,
        }
    )


def _examination(row: tuple[Any, ...]) -> Examination:
    key, parcel_id, body, officer, second_officer, signed_us = row
    said = json.loads(body)
    items = tuple(Item(**{**item, "result": Found(item["result"])}) for item in said.pop("items"))
    handling = Handling(said.pop("handling"))
    return Examination(
        parcel_id, items, handling, officer, second_officer, from_us(signed_us), id=key, **said
    )  # fmt: skip
