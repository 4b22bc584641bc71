"""Plug-ins of other packages: loaded only where the post trusts the package, and only as it was then."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, distribution, entry_points
from pathlib import Path

import pytest

from imaging import files, plugins
from imaging.errors import PluginChangedError, PluginRefusedError
from imaging.plugins import check, fingerprint, load

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Install a package that brings a plug-in: its files and its metadata, as pip leaves them."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, module: str, content: str = "class Driver: ...\n", group: str = "guanjian.devices") -> Path:
        folder, info = tmp_path / module, tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        info.mkdir()
        (folder / "__init__.py").write_text(content)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:Driver\n")
        record = [f"{module}/__init__.py,,", *(f"{info.name}/{each},," for each in ("METADATA", "entry_points.txt"))]
        (info / "RECORD").write_text("\n".join([*record, f"{info.name}/RECORD,,"]) + "\n")
        return folder

    yield install
    plugins.trust_with(dict)
    files.readers.cache_clear()


def entry_of(name: str) -> EntryPoint:
    (entry,) = entry_points(name=name)
    return entry


def test_what_ships_needs_no_trust() -> None:
    for entry in entry_points(group="guanjian.devices"):
        if plugins.is_own(entry):
            assert isinstance(load(entry), type)


def test_another_packages_plugin_is_refused_by_name_with_the_command_that_trusts_it(make: Make) -> None:
    make("rays", "rays_driver", "raise RuntimeError('it ran')\n")
    with pytest.raises(PluginRefusedError, match="guanjian devices trust rays") as refused:
        load(entry_of("rays"))
    assert refused.value.details["package"] == "rays"


def test_a_trusted_package_is_loaded_until_any_of_its_files_changes(make: Make) -> None:
    folder = make("rays", "rays_trusted")
    digest = fingerprint(distribution("rays"))
    plugins.trust_with(lambda: {"rays": digest})
    assert load(entry_of("rays")).__name__ == "Driver"  # type: ignore[attr-defined]
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "x.pyc").write_bytes(b"compiled")
    check(entry_of("rays"))
    (folder / "late.py").write_text("")
    with pytest.raises(PluginRefusedError, match="not those that were trusted"):
        check(entry_of("rays"))
    (folder / "late.py").unlink()
    check(entry_of("rays"))
    points = folder.parent / "rays-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + "more = rays_trusted:Driver\n")
    with pytest.raises(PluginRefusedError, match="not those that were trusted"):
        check(entry_of("rays"))


def test_the_record_of_a_package_is_not_believed(make: Make) -> None:
    folder = make("rays", "rays_record")
    digest = fingerprint(distribution("rays"))
    plugins.trust_with(lambda: {"rays": digest})
    (folder / "__init__.py").write_text("class Driver: 'another one'\n")
    with pytest.raises(PluginRefusedError):
        load(entry_of("rays"))


def test_a_module_outside_of_its_package_is_refused(make: Make, tmp_path: Path) -> None:
    make("rays", "rays_away")
    points = tmp_path / "rays-1.0.dist-info" / "entry_points.txt"
    points.write_text("[guanjian.devices]\nrays = os:system\n")
    plugins.trust_with(lambda: {"rays": fingerprint(distribution("rays"))})
    with pytest.raises(PluginRefusedError, match="none of its package's files"):
        check(entry_of("rays"))
    with pytest.raises(PluginRefusedError, match="no package brings it"):
        check(EntryPoint("made", "made_up:Driver", "guanjian.devices"))


def test_a_reader_that_is_not_trusted_is_left_out(make: Make) -> None:
    reader = "class Driver:\n    recognises = read = None\n"
    make("pictures", "pictures_reader", reader, files.GROUP)
    files.readers.cache_clear()
    assert files.readers() == files.BUILT_IN
    digest = fingerprint(distribution("pictures"))
    plugins.trust_with(lambda: {"pictures": digest})
    files.readers.cache_clear()
    assert len(files.readers()) == len(files.BUILT_IN) + 1


def plant(source: Path, content: str, mode: py_compile.PycInvalidationMode) -> None:
    """Put in the place of a source's compiled file one of other content that Python takes for that of the source."""
    before, honest = source.stat(), source.read_bytes()
    source.write_text(content.ljust(len(honest)))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    py_compile.compile(str(source), doraise=True, invalidation_mode=mode)
    source.write_bytes(honest)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "mode", [py_compile.PycInvalidationMode.TIMESTAMP, py_compile.PycInvalidationMode.UNCHECKED_HASH]
)
def test_a_compiled_file_planted_beside_a_trusted_source_is_not_run(
    make: Make, mode: py_compile.PycInvalidationMode
) -> None:
    name = f"rays_{mode.name.lower()}"
    folder = make("rays", name, "from .late import word\n\n\nclass Driver:\n    told = word\n")
    (folder / "late.py").write_text("word = 'honest, and long enough for the other'\n")
    digest = fingerprint(distribution("rays"))
    plugins.trust_with(lambda: {"rays": digest})
    plant(folder / "late.py", "word = 'planted'", mode)
    planted = subprocess.run(
        [sys.executable, "-c", f"import {name} as it; print(it.Driver.told)"],
        cwd=folder.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert planted.stdout == "planted\n", "Python by itself runs it"
    assert load(entry_of("rays")).told.startswith("honest")  # type: ignore[attr-defined]


def test_a_module_that_changes_after_the_check_or_lies_elsewhere_is_not_imported(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make("rays", "rays_lazy", "class Driver:\n    def look(self):\n        import rays_lazy.late\n")
    (folder / "late.py").write_text("")
    digest = fingerprint(distribution("rays"))
    plugins.trust_with(lambda: {"rays": digest})
    driver = load(entry_of("rays"))()  # type: ignore[operator]
    (folder / "late.py").write_text("raise RuntimeError('it ran')\n")
    with pytest.raises(PluginChangedError, match=r"late\.py is none of the files that were trusted"):
        driver.look()
    (folder / "late.py").write_text("")
    driver.look()
    make("beams", "beams_driver")
    (tmp_path / "first" / "beams_driver").mkdir(parents=True)
    (tmp_path / "first" / "beams_driver" / "__init__.py").write_text("raise RuntimeError('it ran')\n")
    digest = fingerprint(distribution("beams"))
    plugins.trust_with(lambda: {"beams": digest})
    monkeypatch.syspath_prepend(tmp_path / "first")
    with pytest.raises(PluginChangedError, match="beams_driver"):
        load(entry_of("beams"))
