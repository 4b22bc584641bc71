"""Is another program still writing a file? On POSIX it may hold an advisory lock; Windows refuses to open it."""

from __future__ import annotations

import sys
from typing import IO

from imaging.errors import FileError


class FileLockedError(FileError):
    """Another program holds the file."""

    key = "file_locked"


class FileDuplicateError(FileError):
    """The same content came before, perhaps under another name."""

    key = "file_duplicate"


if sys.platform == "win32":

    def is_locked(file: IO[bytes]) -> bool:
        """Whether another program holds the file; here it could not have been opened then."""
        del file
        return False

else:
    import fcntl

    def is_locked(file: IO[bytes]) -> bool:
        """Whether another program holds an exclusive lock on the file."""
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        fcntl.flock(file, fcntl.LOCK_UN)
        return False
