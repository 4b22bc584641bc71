"""Imports the modules of trusted packages from the very bytes whose hash was trusted, never from compiled files.

Python runs a module's file in `__pycache__` instead of its source wherever the two seem to belong together, and where
the compiled file says so without even looking. Who can write there alone could change what a trusted package does.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import BYTECODE_SUFFIXES, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from imaging.errors import PluginChangedError


class _Source(SourceFileLoader):
    """Compiles a source that was read already; knows no compiled file."""

    def __init__(self, name: str, path: str, content: bytes) -> None:
        super().__init__(name, path)
        self._content = content

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._content, self.get_filename(fullname))


class _Finder(MetaPathFinder):
    """Finds the modules of trusted packages before anybody else does, now and when they import more of their own."""

    def __init__(self) -> None:
        self._trusted: dict[str, Mapping[Path, str]] = {}

    def allow(self, package: str, files: Mapping[Path, str]) -> None:
        self._trusted[package] = files
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        files = self._trusted.get(fullname.partition(".")[0])
        if files is None:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _check(fullname, Path(spec.origin), spec.loader, files)
            spec.cached = None
        return spec


_FINDER = _Finder()


def allow(module: str, files: Mapping[Path, str]) -> None:
    """Import this module and all below it only from these files; their SHA-256 is compared again as each is read."""
    _FINDER.allow(module.partition(".")[0], files)


def _check(name: str, origin: Path, loader: Loader | None, files: Mapping[Path, str]) -> Loader | None:
    content = origin.read_bytes()
    if files.get(origin.resolve()) != hashlib.sha256(content).hexdigest() or origin.suffix in BYTECODE_SUFFIXES:
        raise PluginChangedError(
            f"The module {name} is not imported: {origin.name} is none of the files that were trusted. Install its "
            "package anew, then run `guanjian devices trust`.",
            name=name,
            file=origin.name,
        )
    return _Source(name, str(origin), content) if isinstance(loader, SourceFileLoader) else loader
