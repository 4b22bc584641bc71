"""Messages with large arrays from a parent to its child: the arrays lie in memory that both see, and are not copied."""

from __future__ import annotations

import json
import mmap
import os
import pickle
import sys
import uuid
from typing import IO, Any

ALIGNMENT = 64
"""Arrays begin at whole cache lines."""


class Outbound:
    """The parent's end: anonymous memory that grows to the largest message so far, in no folder and on no disk.

    One message is in it at a time: it is free again when the child has answered.
    """

    def __init__(self) -> None:
        self._handle = -1 if sys.platform == "win32" else os.memfd_create("scan")
        self._name = ""
        self._memory: mmap.mmap | None = None

    @property
    def inherited(self) -> tuple[int, ...]:
        """What a child has to inherit to see the memory."""
        return () if self._handle < 0 else (self._handle,)

    def send(self, pipe: IO[bytes], message: object) -> None:
        """Put the arrays of a message into the memory, and the rest into the pipe."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
        parts = [buffer.raw() for buffer in buffers]
        places, size = [], 0
        for part in parts:
            places.append((size, part.nbytes))
            size += -(-part.nbytes // ALIGNMENT) * ALIGNMENT
        memory = self._room(size)
        for (start, length), part in zip(places, parts, strict=True):
            memory[start : start + length] = part
        told = {"memory": self._name or self._handle, "size": len(memory), "places": places, "head": len(head)}
        pipe.write(json.dumps(told).encode() + b"\n" + head)
        pipe.flush()

    def close(self) -> None:
        """Give the memory back; the child's view of it ends with the child."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _room(self, size: int) -> mmap.mmap:
        if self._memory is None or len(self._memory) < size:
            if self._memory is not None:
                self._memory.close()
            size = max(-(-size // mmap.PAGESIZE), 1) * mmap.PAGESIZE
            if sys.platform == "win32":
                self._name = f"guanjian-{uuid.uuid4().hex}"
                self._memory = mmap.mmap(-1, size, tagname=self._name)
            else:
                os.ftruncate(self._handle, size)
                self._memory = mmap.mmap(self._handle, size)
        return self._memory


class Inbound:
    """The child's end. What it receives is read-only, and holds until it asks for the next message."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._memory: mmap.mmap | None = None

    def receive(self) -> Any:
        """The next message; None when the parent has closed the pipe."""
        line = self._pipe.readline()
        if not line:
            return None
        told = json.loads(line)
        head = self._pipe.read(told["head"])
        if self._memory is None or len(self._memory) != told["size"]:
            self._memory = _open(told["memory"], told["size"])
        view = memoryview(self._memory)
        return pickle.loads(head, buffers=[view[start : start + length] for start, length in told["places"]])


def _open(memory: int | str, size: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size, tagname=str(memory), access=mmap.ACCESS_READ)
    return mmap.mmap(int(memory), size, access=mmap.ACCESS_READ)
