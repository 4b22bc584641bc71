"""One worker thread for what must not run in the window's thread; answers come back as a signal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import count
from typing import TypeVar
from weakref import ref

from PySide6.QtCore import QObject, Qt, Signal

from imaging.errors import KnownError

Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Request:
    """All that hangs on a request; `value` or `error` is written by the worker."""

    slot: str
    turn: int
    function: Callable[[], object]
    then: Callable[..., None]
    otherwise: Callable[[KnownError], None] | None
    value: object = None
    error: Exception | None = None


class Background(QObject):
    """Runs functions one after the other on a thread of its own and hands their values to the window's thread.

    A request names a slot: in each slot only the newest request is answered, an older one that has not begun is
    dropped. A request without a slot is always run and answered. `failed` carries what went wrong: known errors of
    requests that have no `otherwise`, and every bug.

    What a request refers to, widgets among it, is let go of in the window's thread: the worker holds a number only,
    for a widget whose last reference ends in another thread is destroyed there, and Qt forbids that.
    """

    failed = Signal(object)
    _done = Signal(int)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._numbers = count()
        self._turns: dict[str, int] = {}
        self._requests: dict[int, _Request] = {}
        self._pending: dict[str, tuple[int, Future[None]]] = {}
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
        self._cancel(slot)
        number = next(self._numbers)
        self._requests[number] = _Request(slot, turn, function, then, otherwise)
        self._open = {future for future in self._open if not future.done()}
        future = self._pool.submit(_work, self._requests, number, ref(self))
        self._open.add(future)
        if slot:
            self._pending[slot] = (number, future)

    def close(self, timeout_s: float = 3.0) -> bool:
        """Drop requests that have a slot and wait for the rest, for nothing that was decided may get lost.

        False when something still runs after the timeout. No answer is given any more.
        """
        self._is_closed = True
        for slot in tuple(self._pending):
            self._cancel(slot)
        self._pool.shutdown(wait=False)
        is_done = not wait([future for future in self._open if not future.cancelled()], timeout_s).not_done
        if is_done:
            self._requests.clear()
        return is_done

    @property
    def is_idle(self) -> bool:
        return all(future.done() for future in self._open)

    def _cancel(self, slot: str) -> None:
        """Drop the slot's request if it has not begun."""
        number, future = self._pending.pop(slot, (-1, None))
        if future is not None and future.cancel():
            self._requests.pop(number, None)

    def _answer(self, number: int) -> None:
        done = self._requests.pop(number, None)
        if done is None or self._is_closed or (done.slot and done.turn != self._turns[done.slot]):
            return
        if done.error is None:
            done.then(done.value)
        elif isinstance(done.error, KnownError) and done.otherwise is not None:
            done.otherwise(done.error)
        else:
            self.failed.emit(done.error)


def _work(requests: dict[int, _Request], number: int, background: ref[Background]) -> None:
    """Run a request on the worker, keeping hold of nothing that is its own once it is told to be done."""
    try:
        requests[number].value = requests[number].function()
    except Exception as error:
        requests[number].error = error
    asker = background()
    if asker is not None and not asker._is_closed:
        asker._done.emit(number)
