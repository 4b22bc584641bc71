"""What keeps a store trustworthy over the years: signed checkpoints, verification and retention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from app.store import checkpoints, retention
from app.store.checkpoints import Checkpoint, Checkpoints, Signer
from app.store.database import Database
from app.store.errors import PictureRemovedError
from app.store.export import Wanted, export
from app.store.found import LogReport, Progress, Trust, say_nothing
from app.store.notes import Note, find_notes
from app.store.retention import Due, Rule, Writing
from app.store.times import from_us
from app.store.verify import verify, verify_chain
from imaging.errors import KnownError


class Keeping:
    """The keeping of one store. `write` opens its transactions."""

    def __init__(self, folder: Path, database: Database, write: Writing) -> None:
        self.checkpoints_folder = folder / "checkpoints"
        self.pictures_folder = folder / "captures"
        self._database = database
        self._write = write
        self._signing: Checkpoints | None = None

    def sign(self, signer: Signer, *, on_error: Callable[[KnownError | OSError], None]) -> None:
        """Sign the log every thousand events or every minute, from now until the store is closed."""
        self._signing = Checkpoints(self._database, signer, self.checkpoints_folder, on_error=on_error)
        self._signing.start()

    def stop(self) -> None:
        """Sign what is not signed yet, and no more."""
        if self._signing is not None:
            self._signing.stop()
            self._signing = None

    def take_checkpoint(self, signer: Signer) -> Checkpoint | None:
        """Sign the log now; the newest checkpoint, which may be an earlier one that covers all of it.

        Raises:
            KnownError: no key may sign, or the store does not take it. OSError: the file does not.
        """
        Checkpoints(self._database, signer, self.checkpoints_folder, on_error=lambda _: None).take()
        with self._database.read() as reader:
            return checkpoints.last(reader)

    def exported_notes(self) -> tuple[Note, ...]:
        """The checkpoints in the files beside the store."""
        files = sorted(self.checkpoints_folder.glob("*.notes"))
        return tuple(note for file in files for note in find_notes(file.read_text("utf-8", errors="replace")))

    def verify(
        self, trust: Trust | None = None, *, with_pictures: bool = True, progress: Progress = say_nothing
    ) -> LogReport:
        """Check the whole log, the rows it vouches for, its checkpoints and the pictures."""
        folder = self.pictures_folder if with_pictures else None
        return verify(self._database, folder, self._with_exported(trust), progress=progress)

    def verify_chain(self, trust: Trust | None = None, *, progress: Progress = say_nothing) -> LogReport:
        """Check the events and their checkpoints alone: rows and pictures are not looked at."""
        return verify_chain(self._database, self._with_exported(trust), progress=progress)

    def _with_exported(self, trust: Trust | None) -> Trust:
        trust = trust or Trust()
        return replace(trust, held=(*trust.held, *self.exported_notes()))

    def export(
        self,
        out: Path,
        wanted: Wanted,
        *,
        held: Sequence[Note] = (),
        inserts: Iterable[tuple[str, bytes]] = (),
        progress: Progress = say_nothing,
    ) -> int:
        """Write a package for an auditor; returns how many events are in it. Raises ExportError."""
        with self._database.read() as reader:
            return export(reader, self.pictures_folder, out, wanted, held=held, inserts=inserts, progress=progress)

    def pictures_due(self, rules: Sequence[Rule], now: datetime) -> list[Due]:
        """Pictures past their time."""
        with self._database.read() as reader:
            return list(retention.due(reader, rules, now))

    def remove(self, picture: Due) -> None:
        """Remove a picture that is due, with its event."""
        retention.remove(self._write, picture, self.pictures_folder)

    def finish_removals(self) -> int:
        """Remove what an interrupted run had logged as removed and left; returns how many."""
        with self._database.read() as reader:
            left = list(retention.left_over(reader, self.pictures_folder))
        for picture in left:
            retention.unlink(picture)
        return len(left)

    def refuse_removed(self, scan_id: str) -> None:
        """Raises PictureRemovedError where a scan's picture was removed by rule."""
        sql = "SELECT rule, removed_us FROM removals r JOIN captures c ON c.id = r.capture_id WHERE c.scan_id = ?"
        with self._database.read() as reader:
            found = reader.execute(sql, (scan_id,)).fetchone()
        if found is not None:
            day = f"{from_us(found[1]):%Y-%m-%d}"
            raise PictureRemovedError(
                f"The picture was removed on {day} by the retention rule {found[0]}; its record stays.",
                rule=found[0],
                day=day,
            )
