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


class NotSignedInError(OfficerError):
    """Who acts does not sit here, or the station is locked."""

    key = "not_signed_in"


class SignInRefusedError(OfficerError):
    """Name or secret is wrong; which of them is not said."""

    key = "sign_in_refused"


class PinMissingError(OfficerError):
    """Nobody can be asked for the PIN: there is no terminal, and it was not given."""

    key = "pin_missing"


class LockedOutError(OfficerError):
    """Too many wrong secrets; the next try is taken only after a while."""

    key = "locked_out"


class PinWeakError(OfficerError):
    """A new PIN is too short or too easy to guess."""

    key = "pin_weak"


class PinTemporaryError(OfficerError):
    """The PIN was set by somebody else; the officer has to choose his own before he goes on."""

    key = "pin_temporary"


class LoginInvalidError(OfficerError):
    """A login name or a badge is written in a way that cannot be used."""

    key = "login_invalid"


class DirectoryError(OfficerError):
    """The directory that checks secrets cannot be asked, or not in a safe way."""

    key = "directory"


class SetUpError(OfficerError):
    """What was asked for is possible only before, or only after, the first admin was made."""

    key = "officers_set_up"


class DemoRefusedError(OfficerError):
    """A demonstration needs no secret, so it does not run on a store in which officers have accounts."""

    key = "demo_refused"


class DemoDevicesError(OfficerError):
    """A demonstration needs no secret, so it does not run on devices that bring real goods."""

    key = "demo_devices"
