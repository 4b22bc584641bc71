"""Vectors of pictures: kept beside the captures by the model that made them, found again by parcel and by likeness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.customs.parcel import Capture, Kind
from app.store.database import Connection
from app.store.search import match
from app.store.times import from_us, to_us

Vector = npt.NDArray[np.float32]

PAGE = 500
"""Captures that are looked through at once for those without a vector."""
FILTERED_MOST = 5_000
"""Parcels of one sender, goods or number that are compared, the newest."""


@dataclass(frozen=True, slots=True)
class Unmade:
    """A capture without a vector."""

    id: int
    parcel_id: int
    kind: Kind
    capture: Capture


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Vectors with what they are of, row by row; `last_id` is the greatest number of a row."""

    last_id: int
    capture_ids: npt.NDArray[np.int64]
    parcel_ids: npt.NDArray[np.int64]
    is_container: npt.NDArray[np.bool_]
    taken_us: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.capture_ids)


@dataclass(frozen=True, slots=True)
class Among:
    """Which parcels are looked through before any vector is: all that is set must fit, empty fields fit everything."""

    number: str = ""
    sender: str = ""
    goods: str = ""
    parcel_ids: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.number or self.sender or self.goods or self.parcel_ids)


class Vectors:
    """The vectors of a store. `write` and `read` open the store's transactions."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._write = write
        self._read = read

    def newest_capture(self) -> int:
        """The greatest number of a capture, 0 where there is none."""
        with self._read() as reader:
            found: tuple[int] = reader.execute("SELECT coalesce(max(id), 0) FROM captures").fetchone()
        return found[0]

    def unmade(self, sha256: str, until: int) -> list[Unmade]:
        """Captures of the page that ends with number `until` that have a picture and no vector, newest first."""
        with self._read() as reader:
            rows = reader.execute(_UNMADE, (until, until - PAGE, _model(reader, sha256))).fetchall()
        return [
            Unmade(
                key,
                parcel_id,
                Kind(kind),
                Capture(scan_id, path, digest, device, from_us(taken_us), sidecar_sha256=sidecar or ""),
            )
            for key, parcel_id, kind, scan_id, path, digest, device, taken_us, sidecar in rows
        ]

    def add(self, sha256: str, made: Sequence[tuple[Unmade, Vector]]) -> None:
        """Keep vectors; a picture that was removed meanwhile stays without."""
        if not made:
            return
        with self._write() as writer:
            model_id = _known_model(writer, sha256)
            writer.executemany(
                "INSERT OR REPLACE INTO embeddings (model_id, capture_id, parcel_id, kind, taken_us, vector) "
                "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM removals WHERE capture_id = ?2)",
                [
                    (model_id, of.id, of.parcel_id, of.kind.value, to_us(of.capture.taken_at), _packed(vector))
                    for of, vector in made
                ],
            )

    def of_parcels(self, sha256: str, parcel_ids: Sequence[int]) -> dict[int, Vector]:
        """The vector of each parcel's newest picture; those without one are left out."""
        sql = "SELECT vector FROM embeddings WHERE parcel_id = ? AND model_id = ? ORDER BY capture_id DESC LIMIT 1"
        with self._read() as reader:
            model_id = _model(reader, sha256)
            found = {key: reader.execute(sql, (key, model_id)).fetchone() for key in parcel_ids}
        return {key: _unpacked(row[0]) for key, row in found.items() if row is not None}

    def read_newest(self, sha256: str, most: int, dimensions: int) -> Block:
        """The vectors of the newest captures, at most so many."""
        with self._read() as reader:
            rows = reader.execute(_NEWEST, (_model(reader, sha256), most)).fetchall()
        return _block(rows, dimensions)

    def read_added(self, sha256: str, after: int, most: int, dimensions: int) -> Block:
        """The vectors that were added after a row's number, at most so many."""
        with self._read() as reader:
            rows = reader.execute(_ADDED, (after, _model(reader, sha256), most)).fetchall()
        return _block(rows, dimensions)

    def read_among(self, sha256: str, among: Among, dimensions: int) -> Block:
        """The vectors of the newest FILTERED_MOST parcels that fit."""
        where, values = _where(among)
        sql = (
            f"SELECT {_COLUMNS} FROM "
            f"(SELECT p.id FROM parcels p WHERE {where} ORDER BY p.id DESC LIMIT {FILTERED_MOST}) f "
            "CROSS JOIN embeddings e ON e.parcel_id = f.id AND e.model_id = ?"
        )
        with self._read() as reader:
            rows = reader.execute(sql, (*values, _model(reader, sha256))).fetchall()
        return _block(rows, dimensions)

    # Photographs of registered identities

    def add_photographs(self, sha256: str, made: Iterable[tuple[str, Vector]]) -> None:
        """Keep the vectors of photographs, by the sha256 of their files."""
        with self._write() as writer:
            model_id = _known_model(writer, sha256)
            writer.executemany(
                "INSERT OR REPLACE INTO photograph_vectors VALUES (?, ?, ?)",
                [(model_id, digest, _packed(vector)) for digest, vector in made],
            )

    def of_photographs(self, sha256: str, digests: Iterable[str]) -> dict[str, Vector]:
        """The vectors of photographs; those without one are left out."""
        with self._read() as reader:
            model_id = _model(reader, sha256)
            sql = "SELECT vector FROM photograph_vectors WHERE model_id = ? AND sha256 = ?"
            found = {digest: reader.execute(sql, (model_id, digest)).fetchone() for digest in digests}
        return {digest: _unpacked(row[0]) for digest, row in found.items() if row is not None}


def forget(connection: Connection, capture_id: int) -> None:
    """Remove the vectors of a picture that is removed."""
    connection.execute("DELETE FROM embeddings WHERE capture_id = ?", (capture_id,))


_UNMADE = """
    SELECT c.id, c.parcel_id, p.kind, c.scan_id, c.path, c.sha256, c.device, c.taken_us,
        (SELECT s.sha256 FROM sidecars s WHERE s.scan_id = c.scan_id)
    FROM captures c JOIN parcels p ON p.id = c.parcel_id
    WHERE c.id <= ?1 AND c.id > ?2
        AND NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.model_id = ?3 AND e.capture_id = c.id)
        AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.capture_id = c.id)
    ORDER BY c.id DESC
"""
_COLUMNS = "e.id, e.capture_id, e.parcel_id, e.kind, e.taken_us, e.vector"
_NEWEST = f"SELECT {_COLUMNS} FROM embeddings e WHERE e.model_id = ? ORDER BY e.capture_id DESC LIMIT ?"
_ADDED = f"SELECT {_COLUMNS} FROM embeddings e WHERE e.id > ? AND +e.model_id = ? ORDER BY e.id LIMIT ?"


def _where(among: Among) -> tuple[str, list[object]]:
    """SQL and values; numbers, senders and goods are found by their index."""
    tests: list[str] = []
    values: list[object] = []
    if among.parcel_ids:
        tests.append(f"p.id IN ({', '.join('?' * len(among.parcel_ids))})")
        values += among.parcel_ids
    if among.number:
        tests.append("p.number = ?")
        values.append(among.number)
    if among.sender:
        tests.append("p.declaration_id IN (SELECT id FROM declarations WHERE sender = ? AND sender <> '')")
        values.append(among.sender)
    if among.goods:
        tests.append(
            f"p.id IN (SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT {FILTERED_MOST})"
        )
        values.append(match(among.goods) or '""')
    return " AND ".join(tests) or "1", values


def _model(connection: Connection, sha256: str) -> int:
    """The number of a model in the store, 0 where nothing was made by it."""
    found = connection.execute("SELECT id FROM embedding_models WHERE sha256 = ?", (sha256,)).fetchone()
    return int(found[0]) if found else 0


def _known_model(writer: Connection, sha256: str) -> int:
    writer.execute("INSERT OR IGNORE INTO embedding_models (sha256) VALUES (?)", (sha256,))
    return _model(writer, sha256)


def _packed(vector: Vector) -> bytes:
    return np.asarray(vector, "<f2").tobytes()


def _unpacked(blob: bytes) -> Vector:
    return np.frombuffer(blob, "<f2").astype(np.float32)


def _block(rows: Sequence[tuple[int, int, int, str, int, bytes]], dimensions: int) -> Block:
    vectors = np.frombuffer(b"".join(row[5] for row in rows), "<f2").reshape(-1, dimensions)
    return Block(
        max((row[0] for row in rows), default=0),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.int64),
        np.array([row[3] == Kind.CONTAINER.value for row in rows], np.bool_),
        np.array([row[4] for row in rows], np.int64),
        vectors.astype(np.float16, copy=False),
    )
