"""What can go wrong with officers and their secrets, each with what to do next."""

from __future__ import annotations

from imaging.errors import KnownError


class OfficerError(KnownError):
    """Root of the errors of this package."""

    key = "officer"


class RightMissingError(OfficerError):
    """The officer's role does not include what he wants to do."""

    key = "right_missing"


class OfficerUnknownError(OfficerError):
    """There is no such officer, or his account is disabled; which of the two is not said."""

    key = "officer_unknown"
