"""Holds every picture and its description against their hashes, and what was removed against the rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.store import captures
from app.store.database import Database
from app.store.found import MOST, Problem, Progress
from app.store.photograph_files import FOLDER as PHOTOGRAPHS
from app.store.retention import Rule, is_lawful
from imaging.files import native

_PAGE = (
    "SELECT c.id, c.path, c.sha256, d.sha256, c.taken_us, r.rule, r.keep_days, r.since_us, r.removed_us "
    "FROM captures c LEFT JOIN sidecars d ON d.scan_id = c.scan_id LEFT JOIN removals r ON r.capture_id = c.id "
    "WHERE c.id > ? ORDER BY c.id LIMIT 500"
)


def check_pictures(
    database: Database, folder: Path, rules: tuple[Rule, ...] | None, progress: Progress
) -> tuple[int, list[Problem]]:
    """Hash every picture; returns how many there are and what is wrong.

    Rows are read a page at a time: one long read would keep the write-ahead log from being reused for hours.
    """
    count, last, problems = 0, 0, list[Problem]()
    with database.read() as reader:
        total = reader.execute("SELECT count(*) FROM captures").fetchone()[0]
    while True:
        with database.read() as reader:
            page = reader.execute(_PAGE, (last,)).fetchall()
        if not page:
            return count, [*problems, *_check_photographs(database, folder.parent / PHOTOGRAPHS)][:MOST]
        for key, path, sha256, sidecar, taken_us, *removal in page:
            last = key
            file = folder / path
            is_removed = removal[0] is not None
            if is_removed and not is_lawful(taken_us, removal, rules):
                problems.append(Problem("removal_unlawful", path))
            if file.is_file():
                count += 1
                if captures.sha256_of(file) != sha256:
                    problems.append(Problem("picture_altered", path))
                if sidecar and not is_removed and (problem := _check_sidecar(file, folder, sidecar)):
                    problems.append(problem)
            elif not is_removed:
                count += 1
                problems.append(Problem("picture_missing", path))
        progress("pictures", count, total)


def _check_sidecar(picture: Path, folder: Path, sha256: str) -> Problem | None:
    sidecar = native.sidecar_of(picture)
    where = sidecar.relative_to(folder).as_posix()
    if not sidecar.is_file():
        return Problem("picture_missing", where)
    return None if captures.sha256_of(sidecar) == sha256 else Problem("picture_altered", where)


def _check_photographs(database: Database, folder: Path) -> Iterator[Problem]:
    """Hash the photographs of examinations and identities too, a page of rows at a time."""
    for table in ("photographs", "identity_pictures"):
        yield from _check_table(database, folder, table)


def _check_table(database: Database, folder: Path, table: str) -> Iterator[Problem]:
    last = 0
    while True:
        with database.read() as reader:
            page = reader.execute(
                f"SELECT id, path, sha256 FROM {table} WHERE id > ? ORDER BY id LIMIT 500", (last,)
            ).fetchall()
        if not page:
            return
        for last, path, sha256 in page:  # noqa: B007  the next page begins after it
            if not (folder / path).is_file():
                yield Problem("picture_missing", path)
            elif captures.sha256_of(folder / path) != sha256:
                yield Problem("picture_altered", path)
