"""A network between a station and the hub that can be cut: a namespace of its own, or a relay that falls silent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import select
import shutil
import socket
import subprocess
import threading
from pathlib import Path

_CLONE_NEWNET = 0x40000000


class NamespaceRefusedError(Exception):
    """This machine, or this user, makes no network namespaces."""


class Namespace:
    """A network namespace, joined to this one by a pair of virtual interfaces; the hub is at `host`.

    Raises:
        NamespaceRefusedError: it cannot be made here.
    """

    name = "network namespace"

    def __init__(self) -> None:
        if not shutil.which("ip") or not hasattr(os, "geteuid") or os.geteuid() != 0:
            raise NamespaceRefusedError
        mark, net = secrets.token_hex(3), secrets.randbelow(200)
        self.host, far = f"10.77.{net}.1", f"10.77.{net}.2"
        self._space, self._near, self._far = f"gj-{mark}", f"gj{mark}a", f"gj{mark}b"
        try:
            _ip("netns", "add", self._space)
            _ip("link", "add", self._near, "type", "veth", "peer", "name", self._far)
            _ip("link", "set", self._far, "netns", self._space)
            _ip("addr", "add", f"{self.host}/24", "dev", self._near)
            _ip("link", "set", self._near, "up")
            _ip("-n", self._space, "addr", "add", f"{far}/24", "dev", self._far)
            _ip("-n", self._space, "link", "set", self._far, "up")
        except subprocess.CalledProcessError as error:
            self.close()
            raise NamespaceRefusedError from error

    def enter(self) -> None:
        """Put the calling thread, and no other, into the namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path(f"/run/netns/{self._space}").open("rb") as file:
            if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def cut(self) -> None:
        """From now on nothing arrives, and nobody is told."""
        _ip("link", "set", self._near, "down")

    def mend(self) -> None:
        _ip("link", "set", self._near, "up")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._near)
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("netns", "del", self._space)


class Relay:
    """A relay to a port of this machine, at `port`; when it is cut its connections stay open and nothing passes."""

    name = "TCP relay"

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open = threading.Event()
        self._open.set()
        self._is_closed = False
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def enter(self) -> None:
        """A relay needs no place of its own."""

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._is_closed = True
        self._open.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._is_closed:
            self._open.wait()
            ready, _, _ = select.select([self._listener, *self._pairs], [], [], 0.1)
            for each in ready:
                self._accept() if each is self._listener else self._pass(each)
        for each in (self._listener, *self._pairs):
            each.close()

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), 2)
        except OSError:
            near.close()
            return
        self._pairs[near], self._pairs[far] = far, near

    def _pass(self, source: socket.socket) -> None:
        target = self._pairs.get(source)
        if target is None:
            return
        try:
            if data := source.recv(1 << 16):
                target.sendall(data)
                return
        except OSError:
            pass
        for each in (source, target):
            self._pairs.pop(each, None)
            each.close()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)
