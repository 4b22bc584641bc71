"""Roles (角色) and rights (权限): which role may do what, and how whoever acts for an officer checks it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from app.customs.errors import SameOfficerError
from app.customs.states import Action
from app.officers.errors import OfficerUnknownError, RightMissingError


class Role(StrEnum):
    """What an officer is at this post. An admin looks after the machine and cannot decide on goods."""

    VIEWER = "viewer"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def text_key(self) -> str:
        return f"officers.role.{self}"


class Right(StrEnum):
    """One thing that a role includes or not. Looking at the queue and its pictures needs none: who signed in may."""

    ARCHIVE = "archive"
    STATISTICS = "statistics"
    EXPORT = "export"
    SCREEN = "screen"
    EXAMINE = "examine"
    DISPOSE = "dispose"
    SEIZE = "seize"
    APPROVE = "approve"
    UNDO = "undo"
    ACKNOWLEDGE = "acknowledge"
    PRINT = "print"
    REPRINT = "reprint"
    RECALL = "recall"
    INTERCEPT = "intercept"
    RULES_EDIT = "rules_edit"
    RULES_SWITCH_ON = "rules_switch_on"
    FILINGS_IMPORT = "filings_import"
    ORDERS_RECEIVE = "orders_receive"
    ORDERS_EXECUTE = "orders_execute"
    ORDERS_LIFT = "orders_lift"
    MAIL = "mail"
    TAX = "tax"
    RETURNS = "returns"
    COUNTERS = "counters"
    EXAM_RECORD = "exam_record"
    TIP_SET = "tip_set"
    TIP_SCORES = "tip_scores"
    IDENTITY = "identity"
    IDENTITY_EDIT = "identity_edit"
    LOG_VERIFY = "log_verify"
    LOG_EXPORT = "log_export"
    KEYS = "keys"
    BACKUP = "backup"
    RESTORE = "restore"
    RETENTION = "retention"
    OFFICERS = "officers"
    MODELS_SWITCH = "models_switch"
    HUB_SUPERVISE = "hub_supervise"
    HUB_MANAGE = "hub_manage"

    @property
    def text_key(self) -> str:
        return f"officers.right.{self}"


_R = Right
_LOOKS = frozenset({_R.ARCHIVE, _R.STATISTICS})
_DECIDES = _LOOKS | {
    _R.EXPORT,
    _R.SCREEN,
    _R.EXAMINE,
    _R.DISPOSE,
    _R.SEIZE,
    _R.APPROVE,
    _R.UNDO,
    _R.ACKNOWLEDGE,
    _R.PRINT,
    _R.REPRINT,
    _R.INTERCEPT,
    _R.FILINGS_IMPORT,
    _R.ORDERS_RECEIVE,
    _R.ORDERS_EXECUTE,
    _R.MAIL,
    _R.TAX,
    _R.RETURNS,
    _R.COUNTERS,
    _R.EXAM_RECORD,
    _R.IDENTITY,
    _R.RULES_EDIT,
}
_LEADS = {
    _R.RECALL,
    _R.IDENTITY_EDIT,
    _R.RULES_SWITCH_ON,
    _R.ORDERS_LIFT,
    _R.LOG_VERIFY,
    _R.MODELS_SWITCH,
    _R.HUB_SUPERVISE,
    _R.TIP_SET,
    _R.TIP_SCORES,
}

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: _LOOKS,
    Role.OFFICER: _DECIDES,
    Role.SUPERVISOR: _DECIDES | _LEADS,
    Role.ADMIN: frozenset(
        {
            _R.STATISTICS, _R.LOG_VERIFY, _R.KEYS, _R.BACKUP, _R.RESTORE, _R.RETENTION, _R.OFFICERS, _R.HUB_MANAGE,
        }
    ),
    Role.AUDITOR: _LOOKS | {_R.EXPORT, _R.LOG_VERIFY, _R.LOG_EXPORT, _R.TIP_SCORES},
}  # fmt: skip

_CLASSES: Mapping[Right, tuple[Action, ...]] = {
    Right.SCREEN: (
        Action.REGISTER_ARRIVAL, Action.CAPTURE_IMAGE, Action.RELEASE, Action.DOC_REVIEW, Action.REFER, Action.HOLD,
        Action.LIFT_HOLD, Action.CLOSE,
    ),
    Right.EXAMINE: (
        Action.OPEN, Action.EXAM_NORMAL, Action.EXAM_ABNORMAL, Action.REQUIRE_PARTY, Action.PARTY_DONE, Action.SAMPLE,
        Action.LAB_NORMAL, Action.LAB_ABNORMAL,
    ),
    Right.DISPOSE: (
        Action.CONDITIONAL_RELEASE, Action.DESTINATION_NORMAL, Action.DESTINATION_ABNORMAL, Action.RETURN,
        Action.ABANDON, Action.REJECT,
    ),
    Right.SEIZE: (
        Action.DETAIN, Action.LIFT_DETENTION, Action.TRANSFER, Action.CONFISCATE, Action.DESTROY,
    ),
}  # fmt: skip
RIGHT_FOR: Mapping[Action, Right] = {action: right for right, actions in _CLASSES.items() for action in actions}
"""Which right an action of the table of moves needs."""


def may(role: Role, right: Right) -> bool:
    """Whether a role includes a right."""
    return right in RIGHTS[role]


class Rights(Protocol):
    """Asked by every act of an officer in the station and its facets, before anything is changed."""

    def require(self, officer: str, right: Right) -> None:
        """Refuse an act that the officer may not do.

        Raises:
            RightMissingError: his role does not include it.
            OfficerUnknownError, NotSignedInError: he has no account, or does not sit here now.
        """
        ...

    def approve(self, who: str, pin: str, *, first: str, right: Right) -> str:
        """A second officer stands beside the first with a secret of his own; returns his login name.

        `who` is his login name or what his badge says.

        Raises:
            SameOfficerError: he is the first officer. RightMissingError: he may not do it, or not approve it.
            OfficerError: the secret is refused, and why.
        """
        ...


DEMO: Mapping[str, Role] = {
    "officer-1": Role.OFFICER,
    "officer-2": Role.OFFICER,
    "supervisor-1": Role.SUPERVISOR,
    "admin-1": Role.ADMIN,
    "auditor-1": Role.AUDITOR,
}
"""The fictitious officers of a demonstration."""


class KnownOfficers:
    """Rights of a demonstration: fictitious officers with their roles, who need no secret."""

    def __init__(self, roles: Mapping[str, Role]) -> None:
        self.roles: Mapping[str, Role] = dict(roles)

    def first_with(self, right: Right) -> str:
        """The first of them who may do something."""
        return next(officer for officer, role in self.roles.items() if may(role, right))

    def require(self, officer: str, right: Right) -> None:
        role = self.roles.get(officer)
        if role is None:
            raise OfficerUnknownError(f"There is no officer {officer} here.", officer=officer)
        check_role(officer, role, right)

    def approve(self, who: str, pin: str, *, first: str, right: Right) -> str:  # noqa: ARG002  a demo needs no secret
        if who == first:
            raise SameOfficerError("The second officer must be another person.", officer=first)
        for needed in (Right.APPROVE, right):
            self.require(who, needed)
        return who


def check_role(officer: str, role: Role, right: Right) -> None:
    """
    Raises:
        RightMissingError: the role does not include the right.
    """
    if not may(role, right):
        raise RightMissingError(
            f"{officer} is {role}, and that role may not do this ({right}).",
            officer=officer,
            role=role,
            right=right,
        )
