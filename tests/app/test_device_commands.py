"""The commands on drivers: which there are, and that a package is trusted by who may, in the profile and in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import texts
from app.cli import cli
from app.settings import load_settings
from app.store.database import connect
from app.store.store import FILE, Store
from imaging import plugins
from scanners.registry import driver

DRIVER = """
from scanners.xray import XraySource

class Rays(XraySource):
    def __init__(self, name, settings):
        super().__init__(name)
"""


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A post with its own profile, a store, and a driver from another package."""
    site, info = tmp_path / "site", tmp_path / "site" / "acme_rays-2.0.dist-info"
    (site / "acme_rays").mkdir(parents=True)
    info.mkdir()
    (site / "acme_rays" / "__init__.py").write_text(DRIVER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rays\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[guanjian.devices]\nacme = acme_rays:Rays\n")
    (info / "RECORD").write_text("acme_rays/__init__.py,,\nacme_rays-2.0.dist-info/METADATA,,\n")
    monkeypatch.syspath_prepend(site)
    profile = tmp_path / "post.toml"
    profile.write_text(f'# our post\ndata = "{(tmp_path / "data").as_posix()}"\n[officers]\nsign_in = "demo"\n')
    monkeypatch.setenv("GUANJIAN_PROFILE", str(profile))
    texts.set_language("en")
    with closing(Store.open(tmp_path / "data", station="station-1", ballast_bytes=1024)):
        pass
    plugins.trust_with(lambda: load_settings().plugins.trusted)
    yield profile
    plugins.trust_with(dict)
    texts.set_language("zh_CN")


def listed() -> dict[str, str]:
    lines = CliRunner().invoke(cli, ["devices", "list", "--json"]).stdout.splitlines()
    return {each["driver"]: each["status"] for each in map(json.loads, lines)}


def test_a_driver_is_refused_until_its_package_is_trusted_and_after_it_changed(post: Path) -> None:
    assert listed()["acme"] == "refused"
    assert listed()["tcp-reader"] == "shipped"
    with pytest.raises(plugins.PluginRefusedError, match="guanjian devices trust acme"):
        driver("acme")
    done = CliRunner().invoke(cli, ["devices", "trust", "acme", "--officer", "admin-1"])
    assert done.exit_code == 0, done.output
    assert listed()["acme"] == "trusted"
    assert driver("acme").__name__ == "Rays"
    text = post.read_text()
    assert text.startswith("# our post\n")
    assert '[plugins.trusted]\n"acme-rays" = "' in text
    with closing(connect(load_settings().data / FILE)) as store:
        ((noted,),) = store.execute("SELECT body FROM events WHERE body LIKE '%plugin_trusted%'").fetchall()
    body = json.loads(noted)
    assert (body["package"], body["version"], body["officer"]) == ("acme-rays", "2.0", "admin-1")
    module = post.parent / "site" / "acme_rays" / "__init__.py"
    module.write_text(DRIVER + "# another one\n")
    assert listed()["acme"] == "refused"
    assert CliRunner().invoke(cli, ["devices", "trust", "acme", "--officer", "admin-1"]).exit_code == 0
    assert post.read_text().count("acme-rays") == 1


def test_who_may_not_trusts_nothing(post: Path) -> None:
    before = post.read_text()
    refused = CliRunner().invoke(cli, ["devices", "trust", "acme", "--officer", "officer-1"])
    assert refused.exit_code == 3
    assert post.read_text() == before


def test_a_profile_that_ships_is_not_written(post: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANJIAN_PROFILE", "demo")
    refused = CliRunner().invoke(
        cli, ["devices", "trust", "acme", "--officer", "admin-1", "--data", str(post.parent / "data")]
    )
    assert (refused.exit_code, "GUANJIAN_PROFILE" in refused.stderr) == (3, True)


def test_what_ships_and_what_is_not_there(post: Path) -> None:
    assert "needs no trust" in CliRunner().invoke(cli, ["devices", "trust", "camera"]).stdout
    absent = CliRunner().invoke(cli, ["devices", "trust", "perpetuum-mobile"])
    assert (absent.exit_code, "perpetuum-mobile" in absent.stderr) == (3, True)
