"""guanjian hub: a hub is set up, a station let in, its state shown, what waits is sent."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from app.bench.postgres import Cluster
from app.cli import cli
from app.hub.connection import connect_as_owner
from app.hub.errors import HubServerOldError
from app.hub.setup import enrol
from app.store.store import Store
from app.texts import set_language

from .conftest import Post

PROFILE = """
version = 1
[post]
station = "belt-1"
[officers]
sign_in = "demo"
[hub]
address = "{address}"
"""


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["hub", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_from_an_empty_database_to_a_drained_station(post: Post, cluster: Cluster, tmp_path: Path) -> None:
    run("init", "--owner", cluster.owner)
    passfile = tmp_path / "pgpass"
    run("enrol", "9999/belt-1", "--owner", cluster.owner, "--passfile", str(passfile))
    if passfile.exists():  # the role may be there from another test
        assert passfile.stat().st_mode & 0o077 == 0
        cluster.add_password("guanjian_9999_belt_1", passfile.read_text("utf-8").strip().rsplit(":", 1)[1])
    profile = tmp_path / "post.toml"
    profile.write_text(PROFILE.format(address=cluster.address("guanjian_9999_belt_1")), "utf-8")
    data = tmp_path / "data"
    store = Store.open(data, station="belt-1", ballast_bytes=1 << 16)
    store.add_event("tried", None, {})
    store.close()
    run("drain", "--profile", str(profile), "--data", str(data))
    (line,) = run("status", "--profile", str(profile), "--json").splitlines()
    said = json.loads(line)
    assert (said["station"], said["backlog"]) == ("9999/belt-1", 0)
    assert said["events"] == post.one("SELECT max(seq) FROM events")[0]
    assert "9999/belt-1" in run("status", "--profile", str(profile))


def test_a_new_password_never_stands_in_the_servers_log(post: Post, cluster: Cluster) -> None:
    post.owner.execute("SET log_statement = 'all'")
    enrolled = enrol(post.owner, "9999/quiet-1")
    post.owner.execute("RESET log_statement")
    said = (cluster.folder / "log").read_text("utf-8")
    assert 'CREATE ROLE "guanjian_9999_quiet_1"' in said
    assert enrolled.password
    assert enrolled.password not in said
    cluster.add_password(enrolled.role, enrolled.password)
    with psycopg.connect(cluster.address(enrolled.role)) as connection:
        assert connection.info.user == enrolled.role


@pytest.mark.parametrize("address", ["host=127.0.0.1 port=1 dbname=x user=x", "host=hub.example password=secret", ""])
def test_what_cannot_be_reached_or_must_not_be_written_is_said(address: str, tmp_path: Path) -> None:
    profile = tmp_path / "post.toml"
    profile.write_text(PROFILE.format(address=address), "utf-8")
    done = CliRunner().invoke(cli, ["hub", "status", "--profile", str(profile)])
    assert done.exit_code == 3
    assert "hub" in done.output.lower() or "协同中心" in done.output


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"port": "9"}, "Start PostgreSQL"),
        ({"dbname": "absent"}, "--owner"),
        ({"user": "nobody_here"}, "~/.pgpass"),
    ],
)
def test_setting_up_names_what_to_do(cluster: Cluster, changed: dict[str, str], said: str) -> None:
    set_language("en")
    owner = " ".join(f"{name}={value}" for name, value in {**conninfo_to_dict(cluster.owner), **changed}.items())
    refused = CliRunner().invoke(cli, ["hub", "init", "--owner", owner])
    set_language("zh_CN")
    assert refused.exit_code == 3
    assert said in refused.stderr
    assert "works on alone" not in refused.stderr
    assert "hub init" not in refused.stderr


def test_an_old_server_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.hub.connection.LEAST_SERVER", 990_000)
    with pytest.raises(HubServerOldError, match="needs 99 or newer"):
        connect_as_owner(cluster.owner)
