"""Makes the vectors that are missing in the background: of new pictures first, then back through the years."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

import structlog

from app.store.errors import StoreError
from app.store.vectors import PAGE, Unmade, Vector, Vectors
from imaging.errors import KnownError
from models.card import EmbeddingCard
from models.detector import ModelError, ViewUnsuitedError

log = structlog.get_logger()

IDLE_S = 30.0
YIELD_S = 0.05
REST = 3.0
"""It rests so many times as long as a picture took it."""
BATCH = 16
FAILURES_IN_A_ROW = 5


class SamenessOffError(KnownError):
    """No embedding model runs here."""

    key = "sameness_off"


class Filler:
    """Works off pictures without a vector on a thread of its own: new ones first, then back through the years."""

    def __init__(
        self,
        vectors: Vectors,
        read_card: Callable[[], EmbeddingCard],
        make: Callable[[Unmade], Vector],
        *,
        is_idle: Callable[[], bool],
        on_error: Callable[[KnownError], None],
    ) -> None:
        self._vectors = vectors
        self._read_card = read_card
        self._make_vector = make
        self._is_idle = is_idle
        self._on_error = on_error
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._failures = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="same-filler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._go_through(self._read_card().sha256)
            except StoreError as error:  # such as a full disk: it goes on when there is room
                self._on_error(error)
                self._stopping.wait(IDLE_S)
            except (ModelError, SamenessOffError) as error:
                self._on_error(error)
                return

    def _go_through(self, sha256: str) -> None:
        """New pictures whenever there are any; between them one page after the other, back to the first."""
        seen = back = self._vectors.newest_capture()
        while not self._stopping.is_set():
            newest = self._vectors.newest_capture()
            if newest > seen:
                for until in range(newest, seen, -PAGE):
                    self._fill_page(sha256, until)
                seen = newest
            elif back > 0:
                self._fill_page(sha256, back)
                back -= PAGE
            else:
                self._woken.wait(IDLE_S)
                self._woken.clear()

    def _fill_page(self, sha256: str, until: int) -> None:
        unmade = self._vectors.unmade(sha256, until)
        for start in range(0, len(unmade), BATCH):
            made = [
                (each, vector) for each in unmade[start : start + BATCH] if (vector := self._make(each)) is not None
            ]
            if made:
                self._vectors.add(sha256, made)

    def _make(self, unmade: Unmade) -> Vector | None:
        """None where there is no picture to be had, or the model cannot look at it; it is tried at the next start.

        Raises:
            ModelError: the model fails again and again.
        """
        while not self._is_idle() and not self._stopping.wait(YIELD_S):
            pass
        if self._stopping.is_set():
            return None
        before = monotonic()
        try:
            vector = self._make_vector(unmade)
            self._failures = 0
        except ViewUnsuitedError:
            return None
        except ModelError:
            self._failures += 1
            if self._failures >= FAILURES_IN_A_ROW:
                raise
            return None
        except KnownError as error:
            log.info("no vector", capture=unmade.id, error=str(error))
            return None
        self._stopping.wait(REST * (monotonic() - before))
        return vector
