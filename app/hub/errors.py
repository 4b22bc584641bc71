"""What can go wrong with the hub, each with what to do next; the station works on alone meanwhile."""

from __future__ import annotations

from imaging.errors import KnownError


class HubError(KnownError):
    """Root of the errors of this package."""

    key = "hub"


class HubAwayError(HubError):
    """The hub does not answer. Nothing is lost: what is to be sent waits in the station's own log."""

    key = "hub_away"


class HubUnreachableError(HubAwayError):
    """The server on which the hub is to be set up does not answer; no station is concerned yet."""

    key = "hub_unreachable"


class HubLoginError(HubError):
    """The server does not know the role or its password."""

    key = "hub_login"


class HubServerOldError(HubError):
    """The PostgreSQL server is older than the hub needs."""

    key = "hub_server_old"


class HubNewerError(HubError):
    """The hub was set up by a newer version than this program."""

    key = "hub_newer"


class HubSettingsError(HubError):
    """The hub's address in the settings cannot be used."""

    key = "hub_settings"


class HubInsecureError(HubError):
    """The connection would not be protected, or the role may do more than a station needs."""

    key = "hub_insecure"


class HubSetupError(HubError):
    """The hub is not set up, or not for this version."""

    key = "hub_setup"


class NotEnrolledError(HubError):
    """The login role belongs to no station."""

    key = "hub_not_enrolled"


class ForeignStoreError(HubError):
    """A station speaks for a store that is not its own."""

    key = "hub_foreign_store"


class GapError(HubError):
    """Events before those that were sent are missing at the hub."""

    key = "hub_gap"


class ForkError(HubError):
    """The hub has another event under the same number: the store was put back or copied."""

    key = "hub_fork"


class ForgedError(HubError):
    """An event's hash does not follow from the event and the one before it."""

    key = "hub_forged"


class TooLargeError(HubError):
    """A batch, text or picture is larger than the hub takes."""

    key = "hub_too_large"


class ClaimLateError(HubError):
    """The claim ran out, was handed on, or is somebody else's."""

    key = "hub_claim_late"


class ClaimedError(HubError):
    """Somebody else looks at this parcel."""

    key = "hub_claimed"


class NotWaitingError(HubError):
    """What is asked for does not wait at the hub any more."""

    key = "hub_not_waiting"


class ClaimUsedError(HubError):
    """The claim was decided on before; a second decision under it is refused."""

    key = "hub_claim_used"


class NoSupervisorError(HubError):
    """The station was not enrolled to supervise."""

    key = "hub_no_supervisor"


class PictureAwayError(HubError):
    """The picture could not be had from its lane, or is not the one that was announced."""

    key = "hub_picture"


REFUSALS: dict[str, type[HubError]] = {
    "GJ001": NotEnrolledError,
    "GJ002": ForeignStoreError,
    "GJ003": GapError,
    "GJ004": ForkError,
    "GJ005": ForgedError,
    "GJ006": TooLargeError,
    "GJ010": ClaimLateError,
    "GJ011": ClaimedError,
    "GJ012": NotWaitingError,
    "GJ013": ClaimUsedError,
    "GJ014": NoSupervisorError,
}
"""What a function at the hub refuses, by its SQLSTATE (schema/functions.sql)."""
