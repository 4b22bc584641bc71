"""One worker thread for what must not run in the window's thread; answers come back as a signal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from imaging.errors import KnownError

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    slot: str
    turn: int
    then: Callable[[object], None]
    otherwise: Callable[[KnownError], None] | None
    value: object = None
    error: BaseException | None = None


class Background(QObject):
    """Runs functions one after the other on a thread of its own and hands their values to the window's thread.

    A request names a slot: in each slot only the newest request is answered, an older one that has not begun is
    dropped. A request without a slot is always run and answered. `failed` carries what went wrong: known errors of
    requests that have no `otherwise`, and every bug.
    """

    failed = Signal(object)
    _done = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._turns: dict[str, int] = {}
        self._pending: dict[str, Future[None]] = {}
        self._open: set[Future[None]] = set()
        self._is_closed = False
        self._done.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        function: Callable[[], Answer],
        then: Callable[[Answer], None],
        *,
        slot: str = "",
        otherwise: Callable[[KnownError], None] | None = None,
    ) -> None:
        """Run `function` on the worker, then `then` with its value (or `otherwise` with its error) on this thread."""
        if self._is_closed:
            return
        turn = self._turns[slot] = self._turns.get(slot, 0) + 1
        older = self._pending.get(slot)
        if older is not None:
            older.cancel()
        self._open = {future for future in self._open if not future.done()}
        future = self._pool.submit(self._work, function, slot, turn, then, otherwise)
        self._open.add(future)
        if slot:
            self._pending[slot] = future

    def close(self, timeout_s: float = 3.0) -> bool:
        """Drop requests that have a slot and wait for the rest, for nothing that was decided may get lost.

        False when something still runs after the timeout. No answer is given any more.
        """
        self._is_closed = True
        for future in self._pending.values():
            future.cancel()
        self._pool.shutdown(wait=False)
        return not wait([future for future in self._open if not future.cancelled()], timeout_s).not_done

    @property
    def is_idle(self) -> bool:
        return all(future.done() for future in self._open)

    def _work(
        self,
        function: Callable[[], object],
        slot: str,
        turn: int,
        then: Callable[..., None],
        otherwise: Callable[[KnownError], None] | None,
    ) -> None:
        try:
            done = _Done(slot, turn, then, otherwise, value=function())
        except Exception as error:
            done = _Done(slot, turn, then, otherwise, error=error)
        if not self._is_closed:
            self._done.emit(done)

    def _answer(self, done: _Done) -> None:
        if self._is_closed or (done.slot and done.turn != self._turns[done.slot]):
            return
        if done.error is None:
            done.then(done.value)
        elif isinstance(done.error, KnownError) and done.otherwise is not None:
            done.otherwise(done.error)
        else:
            self.failed.emit(done.error)
