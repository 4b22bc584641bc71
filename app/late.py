"""Declarations that come when their parcels stand here already: lane and findings are set again by what they say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from app.customs.parcel import Parcel
from app.store.errors import PASSING, StoreError
from app.store.late import FIRST, Place
from app.store.store import Store
from imaging.errors import KnownError

LOOK_S = 1.5
REST = 20.0
"""It rests so many times as long as the store took to say what is due: a very long queue must not cost a core."""
RETRY_S = 30.0
MOST = 200
"""Parcels that are assessed in one turn; the rest have theirs in the next."""


class LateDeclarations:
    """Looks on a thread of its own which waiting parcels were declared since their lane was set.

    Whoever brings declarations, this program or another, does no work for it: while no new one is there a look reads
    one number. What is due follows from the store alone, so that a start finds what came before it.
    `reassess` does the work, and returns None where a parcel does not wait any more; `on_changed` is told of it.
    """

    def __init__(
        self,
        store: Store,
        *,
        reassess: Callable[[int], Parcel | None],
        on_changed: Callable[[int], None],
        on_error: Callable[[KnownError], None],
    ) -> None:
        self._late = store.late
        self._reassess = reassess
        self._on_changed = on_changed
        self._on_error = on_error
        self._newest = 0
        """The last declaration that was there when the parcels were gone through."""
        self._at: Place = FIRST
        self._failed: set[int] = set()
        """Parcels that are tried again at the next start."""
        self._pause_s = LOOK_S
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._looking = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="late-declarations", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the parcel that is being assessed; the next start goes on."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """A parcel waits again, whose declaration may have come while it was held."""
        self._woken.set()

    def wait_until_idle(self) -> None:
        """Wait until nothing is left to be done about the declarations that are there now."""
        while self._look():
            pass

    def _run(self) -> None:
        while not self._stopping.wait(self._pause_s):
            try:
                self._look()
            except StoreError as error:  # such as a full disk: it goes on when there is room
                self._on_error(error)
                self._pause_s = RETRY_S

    def _look(self) -> bool:
        """Assess the next parcels, where there are any; whether more may be left."""
        with self._looking:
            if self._at == FIRST:
                newest = self._late.newest()
                if newest == self._newest and not self._woken.is_set():
                    return False
                self._woken.clear()
                self._newest = newest
            try:
                return self._take_turn()
            except StoreError:
                self._at = FIRST
                self._woken.set()
                raise

    def _take_turn(self) -> bool:
        asked_s = monotonic()
        found = self._late.due(self._at, MOST)
        self._pause_s = max(LOOK_S, REST * (monotonic() - asked_s))
        for place in found:
            if self._stopping.is_set():
                return False
            if place.parcel_id not in self._failed:
                self._take(place.parcel_id)
        self._at = found[-1] if len(found) == MOST else FIRST
        return len(found) == MOST

    def _take(self, parcel_id: int) -> None:
        try:
            changed = self._reassess(parcel_id)
        except PASSING:
            raise
        except KnownError as error:  # one parcel must not keep the others waiting
            self._failed.add(parcel_id)
            self._on_error(error)
            return
        if changed is not None:
            self._on_changed(parcel_id)
