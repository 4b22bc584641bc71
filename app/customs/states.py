"""States (状态) and actions (动作) of a parcel, the table of moves between them, and their guards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.customs.errors import (
    DetainingOfficerError,
    DocumentMissingError,
    FrozenError,
    GuardError,
    MoveUnknownError,
    OrderOpenError,
    ReasonMissingError,
    ReviewMissingError,
    SameOfficerError,
    SecondOfficerMissingError,
    UndoRefusedError,
)


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the field in English and Chinese."""

    en: str
    zh: str


class State(StrEnum):
    PRE_ADVISED = "pre_advised"
    ARRIVED = "arrived"
    IMAGED = "imaged"
    DOC_REVIEW = "doc_review"
    REFERRED = "referred"
    EXAMINING = "examining"
    EXAM_ABNORMAL = "exam_abnormal"
    AWAITING_PARTY = "awaiting_party"
    AWAITING_LAB = "awaiting_lab"
    HELD = "held"
    DETAINED = "detained"
    COND_RELEASED = "cond_released"
    RELEASED = "released"
    CLOSED = "closed"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    CONFISCATED = "confiscated"
    DESTROYED = "destroyed"
    ABANDONED = "abandoned"
    REJECTED = "rejected"


class Action(StrEnum):
    REGISTER_ARRIVAL = "register_arrival"
    CAPTURE_IMAGE = "capture_image"
    RELEASE = "release"
    DOC_REVIEW = "doc_review"
    REFER = "refer"
    OPEN = "open"
    EXAM_NORMAL = "exam_normal"
    EXAM_ABNORMAL = "exam_abnormal"
    REQUIRE_PARTY = "require_party"
    PARTY_DONE = "party_done"
    SAMPLE = "sample"
    LAB_NORMAL = "lab_normal"
    LAB_ABNORMAL = "lab_abnormal"
    HOLD = "hold"
    LIFT_HOLD = "lift_hold"
    DETAIN = "detain"
    LIFT_DETENTION = "lift_detention"
    CONDITIONAL_RELEASE = "conditional_release"
    DESTINATION_NORMAL = "destination_normal"
    DESTINATION_ABNORMAL = "destination_abnormal"
    CLOSE = "close"
    RETURN = "return"
    TRANSFER = "transfer"
    CONFISCATE = "confiscate"
    DESTROY = "destroy"
    ABANDON = "abandon"
    REJECT = "reject"


TERMINAL = frozenset(
    {
        State.CLOSED,
        State.RETURNED,
        State.TRANSFERRED,
        State.CONFISCATED,
        State.DESTROYED,
        State.ABANDONED,
        State.REJECTED,
    }
)
FROZEN = TERMINAL | {State.DETAINED}
WAITING = (
    State.ARRIVED,
    State.IMAGED,
    State.DOC_REVIEW,
    State.REFERRED,
    State.EXAMINING,
    State.EXAM_ABNORMAL,
)
"""What waits for an officer, and so makes the queue; an arrival without a picture is one that nobody has seen."""

UNDECIDED = (State.ARRIVED, State.IMAGED, State.DOC_REVIEW)
"""What of it is neither let go nor ordered to be opened: only here a lane still says what is to be done."""

WITHDRAWABLE = frozenset(
    {State.PRE_ADVISED, State.ARRIVED, State.IMAGED, State.DOC_REVIEW, State.AWAITING_PARTY, State.HELD}
)
"""Where a sender may still take back what he declared: until an examination is ordered or the parcel has gone."""

LETS_GO = frozenset({State.RELEASED, State.COND_RELEASED})
REVIEWED = frozenset({"no_suspicion", "false_alarm", "as_declared"})
"""Reasons of a release by which an officer says: I looked at the picture and what was marked is not suspicious."""


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table. `after` None goes back to where the parcel was before it was held."""

    action: Action
    before: tuple[State, ...]
    after: State | None
    needs_reason: bool = False
    needs_second_officer: bool = False
    needs_document: bool = False


_S, _A = State, Action
_HOLDABLE = tuple(state for state in State if state not in FROZEN and state is not State.HELD)
_DISPOSABLE = (_S.DOC_REVIEW, _S.EXAM_ABNORMAL, _S.AWAITING_PARTY, _S.HELD)
_OFFENDING = (_S.EXAM_ABNORMAL, _S.HELD)

# Source: reference table of officer actions; ◆ needs a reason, ★ a second officer. Beyond that table, a parcel that
# cannot be imaged, and one whose papers raise a suspicion, may be referred to opening too.
MOVES: tuple[Move, ...] = (
    Move(_A.REGISTER_ARRIVAL, (_S.PRE_ADVISED,), _S.ARRIVED),
    Move(_A.CAPTURE_IMAGE, (_S.ARRIVED, _S.IMAGED), _S.IMAGED),
    Move(_A.RELEASE, (_S.IMAGED, _S.DOC_REVIEW), _S.RELEASED),
    Move(_A.RELEASE, (_S.EXAM_ABNORMAL,), _S.RELEASED, needs_reason=True, needs_second_officer=True),
    Move(_A.DOC_REVIEW, (_S.IMAGED,), _S.DOC_REVIEW),
    Move(_A.REFER, (_S.ARRIVED, _S.IMAGED, _S.DOC_REVIEW), _S.REFERRED, needs_reason=True),
    Move(_A.OPEN, (_S.REFERRED,), _S.EXAMINING),
    Move(_A.EXAM_NORMAL, (_S.EXAMINING,), _S.RELEASED),
    Move(_A.EXAM_ABNORMAL, (_S.EXAMINING,), _S.EXAM_ABNORMAL, needs_reason=True),
    Move(_A.REQUIRE_PARTY, (_S.DOC_REVIEW, _S.EXAM_ABNORMAL), _S.AWAITING_PARTY, needs_reason=True),
    Move(_A.PARTY_DONE, (_S.AWAITING_PARTY,), _S.DOC_REVIEW),
    Move(_A.SAMPLE, (_S.EXAMINING,), _S.AWAITING_LAB),
    Move(_A.LAB_NORMAL, (_S.AWAITING_LAB,), _S.RELEASED),
    Move(_A.LAB_ABNORMAL, (_S.AWAITING_LAB,), _S.EXAM_ABNORMAL, needs_reason=True),
    Move(_A.HOLD, _HOLDABLE, _S.HELD, needs_reason=True),
    Move(_A.LIFT_HOLD, (_S.HELD,), None, needs_reason=True),
    Move(_A.DETAIN, _OFFENDING, _S.DETAINED, needs_reason=True, needs_second_officer=True, needs_document=True),
    Move(_A.LIFT_DETENTION, (_S.DETAINED,), _S.EXAM_ABNORMAL, needs_reason=True, needs_second_officer=True),
    Move(
        _A.CONDITIONAL_RELEASE,
        (_S.DOC_REVIEW, _S.EXAM_ABNORMAL, _S.AWAITING_LAB),
        _S.COND_RELEASED,
        needs_reason=True,
        needs_second_officer=True,
    ),
    Move(_A.DESTINATION_NORMAL, (_S.COND_RELEASED,), _S.CLOSED),
    Move(_A.DESTINATION_ABNORMAL, (_S.COND_RELEASED,), _S.EXAM_ABNORMAL, needs_reason=True),
    Move(_A.CLOSE, (_S.RELEASED,), _S.CLOSED),
    Move(_A.RETURN, _DISPOSABLE, _S.RETURNED),
    Move(_A.TRANSFER, _OFFENDING, _S.TRANSFERRED, needs_second_officer=True),
    Move(_A.CONFISCATE, _OFFENDING, _S.CONFISCATED, needs_second_officer=True),
    Move(_A.DESTROY, _OFFENDING, _S.DESTROYED, needs_second_officer=True),
    Move(_A.ABANDON, _DISPOSABLE, _S.ABANDONED),
    Move(_A.REJECT, (_S.PRE_ADVISED, _S.DOC_REVIEW), _S.REJECTED, needs_reason=True),
)
_TABLE = {(before, move.action): move for move in MOVES for before in move.before}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards look at: who acts and why, and what hangs on the parcel.

    `note` carries the document's number where a move needs one. `detained_by` is who detained the parcel.
    `open_orders` are control orders (布控) in force, by id; `port_orders` those of them that have to be carried out
    before the parcel goes on to its destination. `is_withdrawn` says that the sender took his declaration back.
    `has_alarm` says that the detector was sure or nearly sure; `is_image_cleared` that an officer reviewed that picture
    before.
    """

    officer: str = ""
    second_officer: str = ""
    reason: str = ""
    note: str = ""
    return_state: State | None = None
    detained_by: str = ""
    open_orders: tuple[str, ...] = ()
    port_orders: tuple[str, ...] = ()
    is_tax_due: bool = False
    is_withdrawn: bool = False
    has_alarm: bool = False
    is_image_cleared: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as the window offers it for one parcel: `why_not` is a text key when it is not allowed now.

    `after` is the state that it leads to. `needs_document` asks for the document's number in the note.
    """

    action: Action
    is_allowed: bool
    why_not: str = ""
    needs_reason: bool = False
    needs_second_officer: bool = False
    needs_document: bool = False
    after: State | None = None


def next_state(state: State, action: Action, facts: Facts) -> State:
    """Where an action leads from a state.

    A release while an order or a tax is open leads to document review instead (审图通过: 放行或转审单), except from
    document review itself and from an abnormal examination, where it is refused.

    Raises:
        GuardError: the move is not in the table or a guard refuses it; its class says which.
    """
    move = find_move(state, action)
    if error := _refusal(move, state, facts) or _lack(move, facts):
        raise error
    after = _target(move, state, facts)
    assert after is not None
    return after


def offers(state: State, facts: Facts) -> list[Offer]:
    """The actions that the table has for a state, in its order, each with what it needs or why it is refused."""
    made = []
    for action in Action:
        move = _TABLE.get((state, action))
        if move is None or action is Action.CAPTURE_IMAGE:
            continue
        error = _refusal(move, state, facts)
        made.append(
            Offer(
                action,
                error is None,
                f"error.{error.key}" if error else "",
                move.needs_reason or _needs_review(move, facts),
                move.needs_second_officer,
                move.needs_document,
                None if error else _target(move, state, facts),
            )
        )
    return made


def find_move(state: State, action: Action) -> Move:
    """The line of the table for an action from a state.

    Raises:
        FrozenError: the parcel is detained or finished.
        MoveUnknownError: the table has no such line.
    """
    move = _TABLE.get((state, action))
    if move is not None:
        return move
    if state in FROZEN:
        raise FrozenError(
            f"The parcel is {state}; {action} is not possible any more.", state=state.value, action=action.value
        )
    raise MoveUnknownError(
        f"{action} is not possible while the parcel is {state}.", state=state.value, action=action.value
    )


def check_undo(
    action: Action, second_officer: str, decided_by: str, decided_at: datetime, *, officer: str, now: datetime,
    within_s: float,
) -> None:  # fmt: skip
    """Whether an officer may still take back the parcel's last decision.

    What two officers decided, and what has left the site, is not taken back by a key: it has actions of its own.

    Raises:
        UndoRefusedError: another officer, too late, two officers decided, or the parcel has left.
    """
    if second_officer or action in (Action.CLOSE, Action.DESTINATION_NORMAL):
        raise UndoRefusedError("A decision of two officers, or a parcel that has left, is not undone.", why="final")
    if officer != decided_by:
        raise UndoRefusedError("Only the officer who decided may undo it.", why="officer")
    if not timedelta(0) <= now - decided_at <= timedelta(seconds=within_s):
        raise UndoRefusedError(f"A decision can be undone for {within_s:g} s; this one is older.", why="late")


def _target(move: Move, state: State, facts: Facts) -> State | None:
    if move.after is None:
        return facts.return_state
    is_doubtful = _is_blocked(facts) or (facts.is_withdrawn and move.action is Action.RELEASE)
    if move.after is State.RELEASED and is_doubtful and state is not State.DOC_REVIEW:
        return State.DOC_REVIEW
    return move.after


def _refusal(move: Move, state: State, facts: Facts) -> GuardError | None:
    """Why nothing that the officer could add now would make the move possible."""
    if move.action is Action.LIFT_HOLD and facts.return_state is None:
        return MoveUnknownError("Nothing says where this held parcel came from.", state=state.value, action="lift_hold")
    after = facts.return_state if move.after is None else move.after
    if orders := _orders_against(move, facts):
        return OrderOpenError("A control order is open; carry it out first.", orders=", ".join(orders))
    # What waits between a picture or an examination and its release can still go to document review.
    has_detour = after is State.RELEASED and move.after is not None and not move.needs_reason
    if after is State.RELEASED and _is_blocked(facts) and (state is State.DOC_REVIEW or not has_detour):
        return OrderOpenError(
            "A control order or a tax is open; settle it first.", orders=", ".join(facts.open_orders) or "tax"
        )
    if move.action is Action.LIFT_DETENTION and facts.detained_by in _people(facts):
        return DetainingOfficerError("Who detained the parcel may not lift it.", officer=facts.detained_by)
    return None


def _lack(move: Move, facts: Facts) -> GuardError | None:
    """What the officer has still to give."""
    action = move.action.value
    if move.needs_reason and not facts.reason.strip():
        return ReasonMissingError(f"{action} needs a reason.", action=action)
    if move.needs_document and not facts.note.strip():
        return DocumentMissingError(f"{action} needs the document's number in the note.", action=action)
    if move.needs_second_officer and not facts.second_officer.strip():
        return SecondOfficerMissingError(f"{action} needs a second officer.", action=action)
    if facts.second_officer and facts.second_officer.strip() == facts.officer.strip():
        return SameOfficerError("The second officer must be another person.", officer=facts.officer)
    if _needs_review(move, facts) and facts.reason not in REVIEWED:
        return ReviewMissingError("The detector marked this picture; say that you reviewed it, or refer the parcel.")
    return None


def _needs_review(move: Move, facts: Facts) -> bool:
    """A picture with an alarm is released only by somebody who says that he looked; an opened parcel was looked at."""
    is_unopened = move.action is Action.RELEASE and not move.needs_second_officer
    return is_unopened and facts.has_alarm and not facts.is_image_cleared


def _orders_against(move: Move, facts: Facts) -> tuple[str, ...]:
    """Orders that forbid a move: those of the port a conditional release, those of the destination its closing."""
    match move.action:
        case Action.CONDITIONAL_RELEASE:
            return facts.port_orders or (("tax",) if facts.is_tax_due else ())
        case Action.DESTINATION_NORMAL:
            return facts.open_orders
        case _:
            return ()


def _is_blocked(facts: Facts) -> bool:
    return bool(facts.open_orders) or facts.is_tax_due


def _people(facts: Facts) -> Iterable[str]:
    return tuple(name for name in (facts.officer, facts.second_officer) if name)
