"""Control orders (布控指令): what is to be looked for, which parcels they hit, and what has been done about a hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.customs.errors import (
    HitClosedError,
    NotAcknowledgedError,
    ReasonMissingError,
    ResultMissingError,
    SameOfficerError,
    SecondOfficerMissingError,
    WorkUndoneError,
)
from app.customs.parcel import Declaration, Lane


class Level(StrEnum):
    """Where an order is carried out: at the port (口岸), the destination (目的地), both, or on the image alone."""

    PORT = "port"
    DESTINATION = "destination"
    BOTH = "both"
    IMAGE_ONLY = "image_only"


class Work(StrEnum):
    """What an order asks for: image review (机检), exterior check (外观), opening (开箱), sampling (取样)."""

    IMAGE = "image"
    EXTERIOR = "exterior"
    OPENING = "opening"
    SAMPLING = "sampling"


class Part(StrEnum):
    """The half of an order that a hit stands for: here at the port, or where the parcel goes."""

    PORT = "port"
    DESTINATION = "destination"


class Step(StrEnum):
    """What was done about a hit. The last four end it.

    A hit is lifted (解除) by two officers here, revoked (撤销) by the issuer, settled by the destination's record.
    """

    ACKNOWLEDGED = "acknowledged"
    EXECUTED = "executed"
    LIFTED = "lifted"
    REVOKED = "revoked"
    SETTLED = "settled"


ENDS = frozenset({Step.EXECUTED, Step.LIFTED, Step.REVOKED, Step.SETTLED})


class Result(StrEnum):
    """What carrying out an order showed."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"


@dataclass(frozen=True, slots=True)
class Target:
    """What an order means: these very numbers, or else whatever fits all of the conditions that are given.

    `numbers` are numbers and codes of parcels. Of the conditions, `hs_codes` are beginnings of commodity codes, `words`
    parts of goods' names, `senders` parts of the sender's name, `origins` countries, `rules` ids of lane rules.
    """

    numbers: tuple[str, ...] = ()
    hs_codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def has_conditions(self) -> bool:
        return bool(self.hs_codes or self.words or self.senders or self.origins or self.rules)

    def means(self, numbers: Sequence[str], declaration: Declaration | None, rules: Sequence[str]) -> bool:
        """Whether a parcel with these numbers, declaration and lane rules is meant."""
        if not self.has_conditions:
            return any(number in self.numbers for number in numbers)
        goods = declaration.goods if declaration else ()
        sender, origin = (declaration.sender.casefold(), declaration.origin) if declaration else ("", "")
        wanted = (
            (self.hs_codes, lambda code: any(line.hs_code.startswith(code) for line in goods)),
            (self.words, lambda word: any(word.casefold() in line.name.casefold() for line in goods)),
            (self.senders, lambda name: name.casefold() in sender),
            (self.origins, lambda country: country == origin),
            (self.rules, lambda rule: rule in rules),
        )
        return all(any(map(fits, values)) for values, fits in wanted if values)


@dataclass(frozen=True, slots=True)
class ControlOrder:
    """An order as its issuer gave it. `destination_work` is asked for at the destination where `level` is both."""

    id: str
    issuer: str
    level: Level
    work: Work
    target: Target
    valid_from: datetime
    valid_to: datetime
    issued_at: datetime
    instruction: str = ""
    destination_work: Work = Work.OPENING

    def parts(self) -> tuple[tuple[Part, Work], ...]:
        """What is to be done, and where."""
        match self.level:
            case Level.DESTINATION:
                return ((Part.DESTINATION, self.work),)
            case Level.BOTH:
                return (Part.PORT, self.work), (Part.DESTINATION, self.destination_work)
            case _:
                return ((Part.PORT, self.work),)


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken about a hit; `result` only where the order was carried out."""

    step: Step
    officer: str
    at: datetime
    second_officer: str = ""
    result: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A parcel that an order means, with what was done about it; `due_at` is until when it has to be acknowledged."""

    id: int
    order: ControlOrder
    parcel_id: int
    number: str
    part: Part
    work: Work
    hit_at: datetime
    due_at: datetime | None
    done: tuple[Done, ...] = ()

    @property
    def acknowledged(self) -> Done | None:
        return next((each for each in self.done if each.step is Step.ACKNOWLEDGED), None)

    @property
    def ended(self) -> Done | None:
        return next((each for each in self.done if each.step in ENDS), None)

    def is_late(self, now: datetime) -> bool:
        """Whether it was acknowledged too late, or still is not and should be."""
        if self.due_at is None or (self.ended and not self.acknowledged):
            return False
        return (self.acknowledged.at if self.acknowledged else now) > self.due_at


def lane_of(work: Work) -> Lane:
    """The least lane of a parcel on which this work is open: an image is looked at with care, all else is handled."""
    return Lane.BLUE if work is Work.IMAGE else Lane.RED


@dataclass(frozen=True, slots=True)
class Worked:
    """What was done with a parcel, as carrying out an order needs it."""

    is_imaged: bool = False
    is_opened: bool = False
    is_sampled: bool = False


def check_step(hit: Hit, taken: Done, worked: Worked) -> None:
    """Whether a step may be taken about a hit now.

    Raises:
        GuardError: its class says what is missing.
    """
    if hit.ended is not None or (taken.step is Step.ACKNOWLEDGED and hit.acknowledged):
        raise HitClosedError(f"Order {hit.order.id} is not waiting for this any more.", order=hit.order.id)
    if taken.step is Step.LIFTED:
        _check_lift(taken)
    if taken.step is Step.EXECUTED:
        _check_execution(hit, taken, worked)


def _check_lift(taken: Done) -> None:
    if not taken.note.strip():
        raise ReasonMissingError("Lifting a control order needs a reason.", action="lift_order")
    if not taken.second_officer.strip():
        raise SecondOfficerMissingError("Lifting a control order needs the approval of a second officer.")
    if taken.second_officer.strip() == taken.officer.strip():
        raise SameOfficerError("Who lifts a control order may not approve it too.", officer=taken.officer)


def _check_execution(hit: Hit, taken: Done, worked: Worked) -> None:
    if hit.acknowledged is None:
        raise NotAcknowledgedError(f"Order {hit.order.id} has to be acknowledged first.", order=hit.order.id)
    if taken.result not in set(Result):
        raise ResultMissingError(f"What did order {hit.order.id} show? Normal or abnormal.", order=hit.order.id)
    if taken.result == Result.ABNORMAL and not taken.note.strip():
        raise ReasonMissingError("An abnormal result has to be described.", action="execute_order")
    needed = {Work.IMAGE: worked.is_imaged, Work.OPENING: worked.is_opened, Work.SAMPLING: worked.is_sampled}
    if not needed.get(hit.work, True):
        raise WorkUndoneError(f"Order {hit.order.id} asks for {hit.work}; that was not done yet.", work=hit.work.value)
