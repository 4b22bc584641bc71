"""The station's link to the hub: a thread that sends the log, does what others want, and joins again after a failure.

Nobody waits for it. Where the hub is away everything goes on, and what is to be sent waits in the log itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from app.customs.errors import GuardError
from app.customs.parcel import Lane
from app.customs.states import LETS_GO, Action, State
from app.hub.errors import ForkError, GapError, HubAwayError
from app.hub.hub import MAX_PICTURE_BYTES, Hub
from app.hub.parcels import dump_parcel
from app.hub.records import Due, Hold, Standing
from app.store.hub import Answer, EventRow, Stand
from app.store.sealed import read_file
from app.store.store import Store
from imaging.errors import KnownError
from imaging.files import native

BATCH = 500
POLL_S = 0.5
"""How often the log is looked at; a call from the hub is heard at once."""
PULL_S = 5.0
"""How often the hub is asked, in case that a call was lost."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
REFUSED_WAIT_S = 60.0
HOLDER = "hub"
"""Who holds a parcel that two stations disagree on."""
_PRIORITY = {Lane.RED: 3, Lane.YELLOW: 2, Lane.BLUE: 1, Lane.GREEN: 0}
_OFFERED = (State.IMAGED, State.DOC_REVIEW)
_ALARM = 1
_STOPPING = frozenset({Action.REFER, Action.HOLD, Action.DETAIN, Action.EXAM_ABNORMAL, Action.REQUIRE_PARTY})

Apply = Callable[[Due], Answer]
"""Decides as an officer elsewhere said, by the station's own rules."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the link stands: events that the hub has and that there are, when it answered last, what is wrong."""

    is_joined: bool = False
    sent: int = 0
    end: int = 0
    heard_at: datetime | None = None
    error: KnownError | None = None


class Link:
    """One station's link. `offers` are the lanes whose parcels officers elsewhere may take.

    `apply` decides as they said; without it their verdicts wait at the hub.
    `on_changed` is told of parcels that a verdict or hold changed, `on_error` of what is wrong, once for each fault.
    """

    def __init__(
        self,
        store: Store,
        address: str,
        *,
        offers: tuple[Lane, ...] = (),
        apply: Apply | None = None,
        on_changed: Callable[[int], None] = lambda _: None,
        on_error: Callable[[KnownError], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._address = address
        self._offers = offers
        self._apply = apply
        self._on_changed = on_changed
        self._on_error = on_error
        self._key, self._log_name = store.hub.identity()
        self._seq = 0
        self._noted = 0
        self._pulled_s = float("-inf")
        self._checkpoint = 0
        self._stop = threading.Event()
        self._state = LinkState()
        self._thread = threading.Thread(target=self._run, name="hub-link", daemon=True)

    @property
    def state(self) -> LinkState:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 20.0) -> bool:
        """End the link; what was not sent is sent after the next start. False when it still runs."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def drain(self) -> int:
        """Send all that waits, in this thread; returns how many events the hub has then.

        Raises:
            HubError: it is away, or refuses the log.
        """
        with closing(Hub.open(self._address, name="guanjian drain")) as hub:
            self._join(hub)
            while self._send(hub):
                pass
            self._send_checkpoint(hub)
        return self._seq

    # The thread

    def _run(self) -> None:
        wait_s = SHORTEST_WAIT_S
        while not self._stop.is_set():
            try:
                with closing(Hub.open(self._address)) as hub:
                    self._join(hub)
                    hub.listen()
                    wait_s = SHORTEST_WAIT_S
                    self._work(hub)
                continue
            except GapError:
                continue  # the hub was put back to an earlier state: it says anew what it has
            except HubAwayError as error:
                self._fail(error)
                pause_s, wait_s = wait_s * random.uniform(0.5, 1.0), min(2 * wait_s, LONGEST_WAIT_S)
            except KnownError as error:
                self._fail(error)
                pause_s = REFUSED_WAIT_S
            self._stop.wait(pause_s)

    def _fail(self, error: KnownError) -> None:
        if self._state.error is None or self._state.error.key != error.key:
            self._on_error(error)
        self._state = replace(self._state, is_joined=False, error=error, end=self._store.hub.end())

    def _join(self, hub: Hub) -> None:
        """Find out what the hub has of this log, and go on from there.

        Raises:
            ForkError: it has other events than this store.
        """
        seq, hashed = hub.hello(self._key, self._log_name, _own_version())
        if seq and self._store.hub.hash_of(seq) != hashed:
            raise ForkError(
                f"The hub has another event {seq} than this store: the store was put back, or runs twice. "
                "Nothing is sent; call the administrator.",
                detail=str(seq),
            )
        self._seq = self._noted = seq
        self._state = LinkState(True, seq, self._store.hub.end(), datetime.now(UTC))

    def _work(self, hub: Hub) -> None:
        is_called = True
        while not self._stop.is_set():
            has_more = self._send(hub)
            self._send_checkpoint(hub)
            if is_called or time.monotonic() - self._pulled_s > PULL_S:
                self._pulled_s = time.monotonic()
                is_called = self._do_errands(hub)
            if not has_more and not is_called:
                is_called = hub.wait(POLL_S)

    def _send(self, hub: Hub) -> bool:
        """Send a batch; whether there is more."""
        events = self._store.hub.events_after(self._seq, BATCH)
        is_due = time.monotonic() - self._pulled_s > PULL_S
        if not events and not is_due and self._noted == self._seq:
            return False
        end = self._store.hub.end()
        if events or is_due:
            left = end - (events[-1][0] if events else self._seq)
            changed = [self._describe(stand) for stand in self._store.hub.stands(_parcels(events))]
            self._seq = hub.push(self._key, events, changed, left=left)
        has_more = self._seq < end
        if not has_more and self._noted != self._seq:
            self._store.hub.mark_sent(self._seq)
            self._noted = self._seq
        self._state = LinkState(True, self._seq, end, datetime.now(UTC))
        return has_more

    def _describe(self, stand: Stand) -> Standing:
        lane = Lane(stand.lane)
        is_offered = stand.is_waiting and stand.state in _OFFERED and lane in self._offers
        return Standing(
            stand.parcel_id,
            stand.version,
            stand.number,
            stand.state.value,
            stand.lane,
            stand.arrived_us,
            2 * _PRIORITY[lane] + (_ALARM if stand.has_alarm else 0),
            stand.is_waiting,
            is_offered,
            dump_parcel(self._store.parcel(stand.parcel_id)) if is_offered else None,
        )

    def _send_checkpoint(self, hub: Hub) -> None:
        newest = self._store.hub.last_checkpoint()
        if newest and self._checkpoint < newest.size <= self._seq:
            hub.put_checkpoint(self._key, newest.size, newest.root, newest.note)
            self._checkpoint = newest.size

    # What others want

    def _do_errands(self, hub: Hub) -> bool:
        """Do what others want; whether there may be more."""
        errands = hub.pull(self._key)
        if self._apply:
            for due in errands.verdicts:
                self._answer(hub, due, self._apply)
        for hold in errands.holds:
            hub.answer_hold(self._key, hold.id, self._hold_gone(hold.parcel_id, _why(hold)))
        for parcel_id, sha256 in errands.pictures:
            self._send_picture(hub, parcel_id, sha256)
        return bool((self._apply and errands.verdicts) or errands.holds)

    def _answer(self, hub: Hub, due: Due, apply: Apply) -> None:
        answer = apply(due)
        detail = answer.detail
        if answer.outcome == "conflict":
            is_contrary = due.verdict.action in _STOPPING
            why = f"{due.verdict.officer}, {due.seat}: {due.verdict.action} {due.verdict.reason}".strip()
            detail = self._hold_gone(due.parcel_id, why) if is_contrary else "kept"
        self._on_changed(due.parcel_id)
        # First what the verdict did, so that the parcel is not offered again as it was before.
        while self._send(hub):
            pass
        hub.answer_verdict(self._key, due.verdict.key, answer.outcome, detail, answer.state)

    def _hold_gone(self, parcel_id: int, why: str) -> str:
        """Hold a parcel that was let go, until a supervisor has looked at it: "held", or "kept" as it is."""
        if self._store.parcel(parcel_id).state not in LETS_GO:
            return "kept"
        try:
            self._store.decide(
                parcel_id, Action.HOLD, officer=HOLDER, decided_at=datetime.now(UTC), reason="hub_conflict", note=why
            )
        except GuardError:  # meanwhile it is finished: nothing more restrictive is left
            return "kept"
        self._on_changed(parcel_id)
        return "held"

    def _send_picture(self, hub: Hub, parcel_id: int, sha256: str) -> None:
        found = self._store.hub.picture(parcel_id, sha256)
        path = self._store.captures_folder / found if found else None
        if path is None or not path.is_file() or not native.sidecar_of(path).is_file():
            hub.refuse_picture(self._key, sha256, "not there")
        elif path.stat().st_size > MAX_PICTURE_BYTES:
            hub.refuse_picture(self._key, sha256, "too large")
        else:
            hub.put_picture(self._key, sha256, read_file(path), read_file(native.sidecar_of(path)))


def _parcels(events: Sequence[EventRow]) -> list[int]:
    """The parcels that events are about, each once."""
    return [key for key in dict.fromkeys(event[6] for event in events) if key is not None]


def _why(hold: Hold) -> str:
    return f"{hold.other_station}: {hold.number} {hold.other_state}"


def _own_version() -> str:
    try:
        return version("guanjian")
    except PackageNotFoundError:
        return ""
