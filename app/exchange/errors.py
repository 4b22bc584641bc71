"""Why a message is not read or written, each with what to do next."""

from __future__ import annotations

from pathlib import Path

from imaging.errors import KnownError


class ExchangeError(KnownError):
    """Root of the errors of this package."""

    key = "exchange"


class MessageTooLargeError(ExchangeError):
    """The file is larger, or holds more elements, than any message may."""

    key = "message_too_large"


class MessageHostileError(ExchangeError):
    """The file declares a document type or entities, which no message needs and attacks use."""

    key = "message_hostile"


class MessageBrokenError(ExchangeError):
    """The file is empty, cut off, or no XML."""

    key = "message_broken"


class MessageUnknownError(ExchangeError):
    """The file is XML, but no message that this station knows."""

    key = "message_unknown"


class MessageInvalidError(ExchangeError):
    """A message to be written would not fit its schema; nothing was written."""

    key = "message_invalid"


class RecordsBrokenError(ExchangeError):
    """A file of records is too large, or neither JSON nor CSV."""

    key = "records_broken"


class AnswerInvalidError(ExchangeError):
    """A record from outside does not fit its schema; nothing of its file was taken."""

    key = "answer_invalid"


class ExchangeFolderError(ExchangeError):
    """A folder of messages cannot be read or written."""

    key = "exchange_folder"

    def __init__(self, folder: Path, error: OSError) -> None:
        detail = error.strerror or str(error)
        super().__init__(
            f"The folder {folder} cannot be used: {detail}. Check its rights and the disk.",
            folder=folder,
            detail=detail,
        )


class SealBrokenError(ExchangeError):
    """A sealed record is damaged, was changed, or is signed by nobody whom this station knows."""

    key = "seal_broken"


class SheetBrokenError(ExchangeError):
    """A file is no table in CSV or Excel, or holds more than any table may."""

    key = "sheet_broken"


class PhotographBrokenError(ExchangeError):
    """A photograph is no picture that can be kept."""

    key = "photograph_broken"


class DestinationWrongError(ExchangeError):
    """What a parcel is to be handed over to is no station."""

    key = "destination_wrong"
