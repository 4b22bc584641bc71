"""What can go wrong with scans, their files and plug-ins, each with what to do next."""

from __future__ import annotations

from pathlib import Path


class KnownError(Exception):
    """An error that is expected to happen and that an officer can be told about.

    The message says in plain English what happened and what to do next. `key` finds the same sentence
    in the station's translations, `details` fills its placeholders. Everything else that is raised is a bug.
    """

    key: str = "unknown"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details: dict[str, object] = details


def as_known(error: BaseException) -> KnownError:
    """An error that an officer can be told about; of a bug, what it says of itself."""
    return error if isinstance(error, KnownError) else KnownError(repr(error), detail=repr(error))


class ImagingError(KnownError):
    """Root of the errors of this package."""

    key = "imaging"


class ScanInvalidError(ImagingError):
    """Arrays or settings that do not make a scan."""

    key = "scan_invalid"


class LookInvalidError(ImagingError):
    """A look with a number out of range or a palette that does not exist."""

    key = "look_invalid"


class PieceMissingError(ImagingError):
    """The picture does not show the test piece, alone and straight."""

    key = "piece_missing"


class AnnotationInvalidError(ImagingError):
    """Something drawn that is no box, arrow, line or text on a picture."""

    key = "annotation_invalid"


class FileError(ImagingError):
    """A file that cannot become a scan."""

    key = "file"

    def __init__(self, path: Path | str, message: str, **details: object) -> None:
        self.path = Path(path)
        super().__init__(f"{self.path.name}: {message}", name=self.path.name, **details)


class FileUnsupportedError(FileError):
    """No reader knows this kind of file."""

    key = "file_unsupported"


class FileColourError(FileUnsupportedError):
    """A colour picture where counts are needed."""

    key = "file_colour"


class FileMissingError(FileError):
    """There is no such file."""

    key = "file_missing"


class FolderEmptyError(FileError):
    """A folder in which files were expected has none."""

    key = "folder_empty"


class CodeAbsentError(FileError):
    """A picture in which a code was expected holds none that can be read."""

    key = "code_absent"


class FileTornError(FileError):
    """The file is empty, cut off or damaged."""

    key = "file_torn"


class FileTooLargeError(FileError):
    """The header announces more pixels than the station accepts."""

    key = "file_too_large"


class FileAlteredError(FileError):
    """The picture is not the one whose sha256 was written beside it."""

    key = "file_altered"


class FilePairError(FileError):
    """One of the two files of a pair is missing; it may still arrive."""

    key = "file_pair"


class FileReportError(FileUnsupportedError):
    """A threat detection report: it says what was found in a picture and holds none."""

    key = "file_report"


class PluginRefusedError(KnownError):
    """A plug-in of another package is not trusted, or is not the one that was."""

    key = "plugin_refused"


class PluginChangedError(PluginRefusedError):
    """A module of a trusted package is none of the files that were trusted."""

    key = "plugin_changed"
