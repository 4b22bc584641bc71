"""A small C library that is loaded before all others, to watch or slow down what a process asks of the system."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from imaging.errors import KnownError


class PreloadMissingError(KnownError):
    """Such a library cannot be built or loaded here."""

    key = "preload_missing"


def build_preload(source: Path, folder: Path) -> Path:
    """Compile a C file into a folder; the path is for LD_PRELOAD.

    Raises:
        PreloadMissingError: there is no compiler, or this system cannot preload a library.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        raise _missing("that needs Linux and a C compiler: apt install gcc libc6-dev")
    library = folder.resolve() / f"{source.stem}.so"
    flags = ("-O2", "-shared", "-fPIC", "-U_FORTIFY_SOURCE")
    done = subprocess.run(
        [compiler, *flags, "-o", str(library), str(source), "-ldl"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise _missing(f"it does not compile ({done.stderr.strip()[-200:]})")
    return library


def _missing(detail: str) -> PreloadMissingError:
    return PreloadMissingError(f"What a process does to its disk cannot be watched here: {detail}.", detail=detail)
