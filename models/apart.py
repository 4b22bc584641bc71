"""A detector in a process of its own: a model that hangs or ends its process takes nothing else with it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, NoReturn

from imaging.scan import Scan, View
from models.card import STORE
from models.detector import (
    Detection,
    Findings,
    Level,
    ModelAlteredError,
    ModelBrokenError,
    ModelError,
    ModelMissingError,
    ModelRefusedError,
    ViewUnsuitedError,
)

LONGEST_LOAD_S = 60.0
LONGEST_FIND_S = 30.0
LONGEST_PAUSE_S = 60.0
"""After several failures in a row the next start waits, twice as long each time, up to this."""
FAILURES_BEFORE_PAUSE = 3
MOST_MEMORY = 8 * 2**30
PIPE_BYTES = 2**20
_ERRORS = {
    kind.key: kind
    for kind in (ModelMissingError, ModelAlteredError, ViewUnsuitedError, ModelBrokenError, ModelRefusedError)
}


class ApartDetector:
    """The detector of a card, as `models.onnx.load` gives it, run by a child that is started again when it fails.

    Raises (when made): what `models.onnx.load` raises.
    """

    def __init__(
        self, path: Path | str, folder: Path = STORE, *, provider: str = "cpu", longest_s: float = LONGEST_FIND_S
    ) -> None:
        self._arguments = (str(path), str(folder.resolve()), provider)
        self._longest_s = longest_s
        self._failures = 0
        self._next_start_s = 0.0
        self._is_closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._name = str(path)
        self._start()

    @property
    def name(self) -> str:
        return self._name

    @property
    def child_pid(self) -> int | None:
        """The process that runs the model; None while there is none."""
        return self._child.pid if self._child else None

    def find(self, scan: Scan) -> Findings:
        """What the child finds; when it fails, the next scan gets a new one.

        Raises:
            ModelBrokenError: the model failed on this scan, ended its process, or did not answer in time.
        """
        started = time.perf_counter()
        if self._child is None:
            self._restart()
        answer = self._ask((scan.views, scan.generator), self._longest_s)
        self._failures = 0
        if "error" in answer:
            raise _error(answer)
        detections = tuple(
            Detection(each["label"], each["score"], Level(each["level"]), tuple(each["box"]), each["view"])
            for each in answer["detections"]
        )
        return Findings(self._name, (time.perf_counter() - started) * 1000, detections)

    def close(self) -> None:
        """End the child."""
        self._is_closed = True
        self._end()

    def _restart(self) -> None:
        wait_s = self._next_start_s - time.monotonic()
        if self._is_closed or wait_s > 0:
            raise ModelBrokenError(
                f"The model {self._name} failed {self._failures} times in a row; it is tried again in {wait_s:.0f} s.",
                name=self._name,
            )
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "models.apart", *self._arguments]
        root = Path(__file__).resolve().parents[1]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, bufsize=0
        )
        assert self._child.stdin is not None
        _widen(self._child.stdin)
        answer = self._ask(None, LONGEST_LOAD_S)
        if "error" in answer:
            self._end()
            raise _error(answer)
        self._name = answer["name"]

    def _ask(self, message: object, longest_s: float) -> dict[str, Any]:
        """One message to the child and its answer; the child is killed when it takes too long."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        watch = threading.Timer(longest_s, child.kill)
        watch.name = "detector-watch"
        watch.start()
        started = time.monotonic()
        try:
            if message is not None:
                _write(child.stdin, message)
            line = child.stdout.readline()
        except OSError:  # the child is gone
            line = b""
        finally:
            watch.cancel()
            watch.join()
        if not line.endswith(b"\n"):
            self._fail(child, is_late=time.monotonic() - started >= longest_s)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _fail(self, child: subprocess.Popen[bytes], *, is_late: bool) -> NoReturn:
        self._end()
        self._failures += 1
        if self._failures >= FAILURES_BEFORE_PAUSE:
            pause_s = min(2.0 ** (self._failures - FAILURES_BEFORE_PAUSE), LONGEST_PAUSE_S)
            self._next_start_s = time.monotonic() + pause_s
        what = "did not answer in time and was stopped" if is_late else f"ended with code {child.returncode}"
        raise ModelBrokenError(
            f"The process of the model {self._name} {what}; the next scan gets a new one.", name=self._name
        )

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


def _error(answer: dict[str, Any]) -> ModelError:
    return _ERRORS.get(answer["error"], ModelBrokenError)(answer["message"], **answer["details"])


def _write(pipe: IO[bytes], message: object) -> None:
    """A pickle whose arrays follow it as they lie in memory; only the child reads it, and it trusts its parent."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    parts = [buffer.raw() for buffer in buffers]
    sizes = [len(head), *(part.nbytes for part in parts)]
    for part in (memoryview(json.dumps(sizes).encode() + b"\n" + head), *parts):
        _write_all(pipe, part)


def _write_all(pipe: IO[bytes], part: memoryview) -> None:
    done = 0
    while done < part.nbytes:
        done += pipe.write(part[done:])


def _read(pipe: IO[bytes]) -> Any:
    """What `_write` wrote; None at the end."""
    line = pipe.readline()
    if not line:
        return None
    head, *buffers = (_read_exactly(pipe, size) for size in json.loads(line))
    return pickle.loads(head, buffers=buffers)  # it comes from the parent


def _read_exactly(pipe: IO[bytes], size: int) -> bytearray:
    taken = bytearray(size)
    view, done = memoryview(taken), 0
    while done < size:
        count = pipe.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError("the parent is gone")
        done += count
    return taken


def _widen(pipe: IO[bytes]) -> None:
    """Let a whole view into the pipe at once, where the system can."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


# The child


def _serve(path: str, folder: str, provider: str) -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    from models import onnx

    try:
        detector = onnx.load(path, Path(folder), provider=provider)
    except ModelError as error:
        answers.write(_line(_told(error)))
        return
    answers.write(_line({"name": detector.name}))
    requests = os.fdopen(0, "rb", closefd=False)
    while (message := _read(requests)) is not None:
        views, generator = message
        answers.write(_line(_answer(detector, views, generator)))


def _answer(detector: Any, views: tuple[View, ...], generator: Any) -> dict[str, Any]:
    try:
        found = detector.find(Scan(views=views, generator=generator))
    except ModelError as error:
        return _told(error)
    except Exception as error:  # a bug or no memory left; the parcel counts as unscreened and the next one is tried
        return _told(ModelBrokenError(f"The model {detector.name} failed: {error!r}", name=detector.name))
    return {"detections": [asdict(each) for each in found.detections]}


def _told(error: ModelError) -> dict[str, Any]:
    details = {name: str(value) for name, value in error.details.items()}
    return {"error": error.key, "message": str(error), "details": details}


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _leave_with_parent(parent: int) -> None:
    """A child whose model hangs would otherwise outlive a parent that was killed."""
    while os.getppid() == parent:
        time.sleep(2.0)
    os._exit(1)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
