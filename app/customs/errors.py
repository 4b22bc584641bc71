"""Why a move of a parcel is refused, each with what the officer may do instead."""

from __future__ import annotations

from imaging.errors import KnownError


class CustomsError(KnownError):
    """Root of the errors of this package."""

    key = "customs"


class GuardError(CustomsError):
    """A guard refuses the action; the parcel stays as it is."""

    key = "guard"


class TipOpenError(GuardError):
    """A projected threat is in the picture that an officer has before him; the parcel is decided on its true one."""

    key = "tip_open"


class TipOverError(CustomsError):
    """A projected picture was resolved before."""

    key = "tip_over"


class TipRateError(CustomsError):
    """A share of pictures that is no share."""

    key = "tip_rate"


class MoveUnknownError(GuardError):
    """The table of moves has no such action from this state."""

    key = "move_unknown"


class FrozenError(GuardError):
    """The parcel is detained or finished; its record is closed to this action."""

    key = "frozen"


class ReasonMissingError(GuardError):
    """The action needs a reason."""

    key = "reason_missing"


class DocumentMissingError(GuardError):
    """The action is a legal act and needs the number of its document."""

    key = "document_missing"


class SecondOfficerMissingError(GuardError):
    """The action needs a second officer."""

    key = "second_officer_missing"


class SameOfficerError(GuardError):
    """The second officer is the first one."""

    key = "same_officer"


class DetainingOfficerError(GuardError):
    """Who detained a parcel may not lift the detention."""

    key = "detaining_officer"


class OrderOpenError(GuardError):
    """A control order (布控) or a tax is open; nothing is released before it is settled."""

    key = "order_open"


class ExaminationIncompleteError(GuardError):
    """An examination record lacks what two officers could sign."""

    key = "examination_incomplete"


class HitClosedError(GuardError):
    """Nothing more is to be done about this hit of a control order, or this step was taken already."""

    key = "hit_closed"


class NotAcknowledgedError(GuardError):
    """A control order is acknowledged before it is carried out."""

    key = "not_acknowledged"


class ResultMissingError(GuardError):
    """Carrying out a control order has to say what it showed."""

    key = "result_missing"


class WorkUndoneError(GuardError):
    """The order asks for an image, an opening or a sample that the parcel's record does not show."""

    key = "work_undone"


class ReviewMissingError(GuardError):
    """The detector was sure or nearly sure, and nobody has said that he looked and saw nothing suspicious."""

    key = "review_missing"


class UndoRefusedError(GuardError):
    """The decision cannot be taken back any more, or not by this officer."""

    key = "undo_refused"


class GreenDelayedError(GuardError):
    """A rule delays the release of a green parcel (延时放行), and its time is not over."""

    key = "green_delayed"
