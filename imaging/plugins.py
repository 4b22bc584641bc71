"""Which drivers and readers of other packages may be loaded: those that the post trusts, by the hash of their files.

What ships with Guanjian is part of it and needs no trust. Any other distribution is named in the settings with the hash
of all its files as they lie on the disk now, not of what its own RECORD says of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from imaging import plugin_import
from imaging.errors import PluginRefusedError

OWN = ("app", "imaging", "models", "scanners")
"""The packages of Guanjian itself."""
_COMPILED = "__pycache__"

Trusted = Mapping[str, str]
"""Distributions by name, with the hash of their files."""


class _Trust:
    """Whom this process asks what it may load."""

    def __init__(self) -> None:
        self.ask: Callable[[], Trusted] = dict


_TRUST = _Trust()


def trust_with(ask: Callable[[], Trusted]) -> None:
    """Whom to ask for the trusted distributions when a plug-in of another package is to be loaded."""
    _TRUST.ask = ask


def is_own(entry: EntryPoint) -> bool:
    """Whether what an entry point names is part of Guanjian, whichever distribution names it."""
    return entry.module.partition(".")[0] in OWN


def load(entry: EntryPoint) -> object:
    """What an entry point names, once it is known that it may be loaded, from the bytes that were hashed.

    Raises:
        PluginRefusedError: its distribution is not trusted, or has changed since.
        PluginChangedError: one of its modules is none of its files. ImportError.
    """
    if not is_own(entry):
        plugin_import.allow(entry.module, _trusted_files(entry))
    loaded: object = entry.load()
    return loaded


def check(entry: EntryPoint) -> None:
    """
    Raises:
        PluginRefusedError: the distribution of an entry point is not trusted, or has changed since.
    """
    if not is_own(entry):
        _trusted_files(entry)


def distribution_of(entry: EntryPoint) -> Distribution:
    """The distribution that brings an entry point, with the files of its module.

    Raises:
        PluginRefusedError: it has none, or its module lies outside of it, as in an editable installation.
    """
    dist = entry.dist
    if dist is None:
        raise _refuse(entry, "?", "no package brings it")
    if entry.module.partition(".")[0] not in {root.stem if root.is_file() else root.name for root in _roots(dist)}:
        raise _refuse(entry, dist.name, "its module is none of its package's files; install it as a wheel")
    return dist


def fingerprint(dist: Distribution) -> str:
    """SHA-256 over the paths and hashes of all files in a distribution's folders, without what Python compiles."""
    return _fingerprint(_hashes(dist))


def _trusted_files(entry: EntryPoint) -> dict[Path, str]:
    """The files of an entry point's distribution with their hashes, which together are those that were trusted."""
    dist = distribution_of(entry)
    known = _TRUST.ask().get(dist.name)
    if known is None:
        raise _refuse(entry, dist.name, "nobody has said that it is trusted")
    hashes = _hashes(dist)
    if known != _fingerprint(hashes):
        raise _refuse(entry, dist.name, "its files are not those that were trusted")
    return {path.resolve(): digest for (path, _), digest in hashes.items()}


def _hashes(dist: Distribution) -> dict[tuple[Path, str], str]:
    """The SHA-256 of every file, by its path and its name within the distribution."""
    files = [(path, path.relative_to(root.parent).as_posix()) for root in _roots(dist) for path in _files(root)]
    return {(path, name): hashlib.sha256(path.read_bytes()).hexdigest() for path, name in files}


def _fingerprint(hashes: Mapping[tuple[Path, str], str]) -> str:
    lines = sorted(f"{name} {digest}\n" for (_, name), digest in hashes.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _roots(dist: Distribution) -> list[Path]:
    """The folders and modules of a distribution beside each other, its metadata among them."""
    names = {file.parts[0] for file in dist.files or () if file.parts[0] not in ("..", _COMPILED)}
    return [path for name in sorted(names) if (path := Path(str(dist.locate_file(name)))).exists()]


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for path in root.rglob("*"):
        if path.is_file() and _COMPILED not in path.parts:
            yield path


def _refuse(entry: EntryPoint, package: str, why: str) -> PluginRefusedError:
    return PluginRefusedError(
        f"The plug-in {entry.name!r} of the package {package} is not loaded: {why}. If it is yours, run "
        f"`guanjian devices trust {entry.name}`.",
        name=entry.name,
        package=package,
        why=why,
    )
