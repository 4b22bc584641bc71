"""A PostgreSQL server for a while: its own folder, its own port on the loopback, stopped and removed at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import psutil

from app.bench.certificates import make_certificates
from imaging.errors import KnownError

OWNER = "hub_owner"


class PostgresMissingError(KnownError):
    """PostgreSQL's programs are not on this machine."""

    key = "postgres_missing"


def find_programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        PostgresMissingError: there is none.
    """
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        places.append(Path(on_path).resolve().parent)
    for place in places:
        if (place / "initdb").is_file() and (place / "postgres").is_file():
            return place
    raise PostgresMissingError("PostgreSQL is not installed here; on Debian or Ubuntu: sudo apt-get install postgresql")


class Cluster:
    """A server with a database `guanjian`, whose owner logs in with the password in `passfile`.

    Roles need their passwords, as at a real post. When this program runs as root, the server runs as a user who is not,
    because PostgreSQL refuses root. At `far_host`, an address of this machine, it is reached with TLS only.
    """

    def __init__(self, *settings: str, far_host: str = "") -> None:
        self._programs = find_programs()
        self._user = _other_user() if _is_root() else None
        self._settings = settings
        self._far_host = far_host
        self.folder = Path(tempfile.mkdtemp(prefix="guanjian-pg-"))
        self._data = self.folder / "data"
        self.port = _free_port()
        self.passfile = self.folder / "pgpass"
        self._password = os.urandom(12).hex()

    def __enter__(self) -> Self:
        try:
            self._make()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def owner(self) -> str:
        """The address for the owner of the hub."""
        return self.address(OWNER)

    def address(self, role: str) -> str:
        """The address for a role, without its password."""
        return f"host=127.0.0.1 port={self.port} dbname=guanjian user={role}"

    def far_address(self, role: str) -> str:
        """The address for a role over the network, with TLS and the server's name verified."""
        root = self.folder / "root.crt"
        return (
            f"host={self._far_host} port={self.port} dbname=guanjian user={role} sslmode=verify-full sslrootcert={root}"
        )

    def add_password(self, role: str, password: str) -> None:
        """Let this machine know a role's password."""
        with self.passfile.open("a", encoding="utf-8") as file:
            file.write(f"*:{self.port}:*:{role}:{password}\n")
        self.passfile.chmod(0o600)

    def start(self) -> None:
        hosts = ",".join(filter(None, ("127.0.0.1", self._far_host)))
        options = f"-c port={self.port} -c listen_addresses={hosts} -c unix_socket_directories=''"
        if self._far_host:
            options += f" -c ssl=on -c ssl_cert_file={self.folder}/server.crt -c ssl_key_file={self.folder}/server.key"
        options += "".join(f" -c {setting}" for setting in self._settings)
        self._pg(
            "pg_ctl", "start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options, "-D", str(self._data)
        )

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it; "immediate" is as hard as a crash: what was not committed is gone, the rest is recovered."""
        self._pg("pg_ctl", "stop", "-w", "-m", how, "-D", str(self._data))

    def cpu_s(self) -> float:
        """Processor time that the server has used so far."""
        pid = int((self._data / "postmaster.pid").read_text("utf-8").splitlines()[0])
        used = 0.0
        for process in (postmaster := psutil.Process(pid), *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                used += sum(process.cpu_times()[:2])
        return float(used + sum(postmaster.cpu_times()[2:4]))

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self) -> None:
        password = self.folder / "first"
        password.write_text(self._password, "utf-8")
        if self._user:
            shutil.chown(self.folder, self._user)
            shutil.chown(password, self._user)
        self._pg(
            "initdb", "-D", str(self._data), "-U", OWNER, "-A", "scram-sha-256", "--pwfile", str(password), "-E",
            "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        password.unlink()
        if self._far_host:
            make_certificates(self.folder, self._far_host)
            if self._user:
                shutil.chown(self.folder / "server.key", self._user)
            with (self._data / "pg_hba.conf").open("a", encoding="utf-8") as file:
                file.write(f"hostssl all all {self._far_host}/24 scram-sha-256\n")
        self.start()
        self.add_password(OWNER, self._password)
        self._pg(
            "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", OWNER, "guanjian", PGPASSWORD=self._password
        )

    def _pg(self, program: str, *arguments: str, **environment: str) -> None:
        # Not a pipe: the server would hold it open for as long as it runs.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [str(self._programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C", **environment},
                check=False,
                timeout=120,
            )
            said.seek(0)
            if done.returncode:
                raise KnownError(f"{program} failed: {said.read().decode(errors='replace')[-2000:]}", detail=program)


@contextmanager
def password_file(path: Path) -> Iterator[None]:
    """Let libpq find passwords in this file, as PGPASSFILE does at a post."""
    before = os.environ.get("PGPASSFILE")
    os.environ["PGPASSFILE"] = str(path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PGPASSFILE"]
        else:
            os.environ["PGPASSFILE"] = before


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _other_user() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in names)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
