"""Models in a process of their own: one that hangs or ends its process takes nothing else with it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import numpy as np

from imaging.scan import Colour, Scan
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
from models.likeness import NoPhotographError, NoXrayError, Vector
from models.passage import Inbound, Outbound

if TYPE_CHECKING:
    from models.embedding import Embedder

LONGEST_LOAD_S = 60.0
LONGEST_FIND_S = 30.0
LONGEST_PAUSE_S = 60.0
"""After several failures in a row the next start waits, twice as long each time, up to this."""
FAILURES_BEFORE_PAUSE = 3
MOST_MEMORY = 8 * 2**30
LAST_LINES, LONGEST_LINE = 3, 400
LONGEST_WORDS_S = 1.0
"""How long a child that ended is waited for to have said all; one that it started itself may hold its pipe open."""
_ERRORS = {
    kind.key: kind
    for kind in (
        ModelMissingError, ModelAlteredError, ViewUnsuitedError, NoXrayError, NoPhotographError, ModelBrokenError,
        ModelRefusedError,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a child runs, by name and folder, and how; a name that is empty stands for no such model."""

    detector: str
    embedding: str
    detectors: str
    embeddings: str
    provider: str
    batch: int


class _LastWords:
    """The end of what a child prints beside its answers, for when it fails."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._lines: deque[bytes] = deque(maxlen=LAST_LINES)
        self._reader = threading.Thread(target=self._read, args=(pipe,), name="detector-words", daemon=True)
        self._reader.start()

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(LONGEST_LINE):
                self._lines.append(line)

    def all_said(self) -> str:
        """What was said last by a child that has ended; empty where it said nothing."""
        self._reader.join(LONGEST_WORDS_S)
        said = b"".join(self._lines.copy()).decode(errors="backslashreplace").split()
        return f" It said last: {' '.join(said)}" if said else ""


class _Apart:
    """A child that runs models, and is started again when it fails. One question is put at a time, from any thread.

    `folders` are where `detector` and `embedding` are; a name that is empty stands for no such model.
    """

    def __init__(
        self,
        detector: str,
        embedding: str,
        *,
        folders: tuple[Path, Path],
        provider: str = "cpu",
        batch: int = 1,
        longest_s: float = LONGEST_FIND_S,
    ) -> None:
        detectors, embeddings = (str(folder.resolve()) for folder in folders)
        self._wanted = _Wanted(detector, embedding, detectors, embeddings, provider, batch)
        self._longest_s = longest_s
        self._failures = 0
        self._next_start_s = 0.0
        self._is_closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._words: _LastWords | None = None
        self._name = detector or embedding
        self._scans = Outbound()
        self._asking = threading.Lock()
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        return self._name

    @property
    def child_pid(self) -> int | None:
        """The process that runs the model; None while there is none."""
        return self._child.pid if self._child else None

    def close(self) -> None:
        """End the child."""
        self._is_closed = True
        self._end()
        self._scans.close()

    def _put(self, *question: object) -> dict[str, Any]:
        """The child's answer and the `ms` it took; when it fails, the next question goes to a new one.

        Raises:
            ModelBrokenError: the model failed on it, ended its process, or did not answer in time.
        """
        with self._asking:
            if self._child is None:
                self._restart()
            started = time.perf_counter()
            answer = self._ask(question, self._longest_s)
            answer["ms"] = (time.perf_counter() - started) * 1000
            self._failures = 0
        if "error" in answer:
            raise _error(answer)
        return answer

    def _restart(self) -> None:
        if self._is_closed:
            raise ModelBrokenError(f"The model {self._name} was closed and is asked again.", name=self._name)
        wait_s = self._next_start_s - time.monotonic()
        if wait_s > 0:
            raise ModelBrokenError(
                f"The model {self._name} failed {self._failures} times in a row; it is tried again in {wait_s:.0f} s.",
                name=self._name,
            )
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "models.apart", json.dumps(asdict(self._wanted))]
        root = Path(__file__).resolve().parents[1]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root,
            pass_fds=self._scans.inherited,
        )  # fmt: skip
        assert self._child.stderr is not None
        self._words = _LastWords(self._child.stderr)
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
        started = time.monotonic()
        watch.start()
        try:
            if message is not None:
                self._scans.send(child.stdin, message)
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
        last_words = self._end()
        self._failures += 1
        if self._failures >= FAILURES_BEFORE_PAUSE:
            pause_s = min(2.0 ** (self._failures - FAILURES_BEFORE_PAUSE), LONGEST_PAUSE_S)
            self._next_start_s = time.monotonic() + pause_s
        what = "did not answer in time and was stopped" if is_late else f"ended with code {child.returncode}"
        raise ModelBrokenError(
            f"The process of the model {self._name} {what}; the next scan gets a new one.{last_words}", name=self._name
        )

    def _end(self) -> str:
        """End the child; what it said last."""
        child, self._child = self._child, None
        if child is None:
            return ""
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        return self._words.all_said() if self._words else ""


class ApartDetector(_Apart):
    """The detector of a card, as `models.onnx.load` gives it, and an embedding model for X-ray scans beside it.

    Raises (when made): what `models.onnx.load` raises. The embedding model is loaded when it is first asked for: one
    that cannot be used takes no detector away.
    """

    def __init__(
        self,
        path: Path | str,
        folder: Path = STORE,
        *,
        provider: str = "cpu",
        batch: int = 1,
        longest_s: float = LONGEST_FIND_S,
        embedding: tuple[str, Path] = ("", STORE),
    ) -> None:
        folders = (folder, embedding[1])
        super().__init__(str(path), embedding[0], folders=folders, provider=provider, batch=batch, longest_s=longest_s)

    def find(self, scan: Scan) -> Findings:
        """What the child finds.

        Raises:
            ModelBrokenError: the model failed on this scan, ended its process, or did not answer in time.
        """
        answer = self._put("find", scan.views, scan.generator)
        detections = tuple(
            Detection(each["label"], each["score"], Level(each["level"]), tuple(each["box"]), each["view"])
            for each in answer["detections"]
        )
        return Findings(self._name, answer["ms"], detections)

    def embed(self, scan: Scan) -> Vector:
        """The vector of a scan's first view.

        Raises:
            ModelError: there is no such model, it cannot look at this kind of picture, or it failed.
        """
        return np.array(self._put("embed", scan.views[:1], scan.generator)["vector"], np.float32)


class ApartEmbedder(_Apart):
    """An embedding model alone. Raises (when made): what `models.embedding.load` raises."""

    def __init__(self, name: str, folder: Path, *, provider: str = "cpu", longest_s: float = LONGEST_FIND_S) -> None:
        super().__init__("", name, folders=(folder, folder), provider=provider, longest_s=longest_s)

    def embed_photograph(self, picture: Colour) -> Vector:
        """The vector of a camera's picture, RGB.

        Raises:
            ModelError: it looks at X-ray scans, or failed.
        """
        return np.array(self._put("photograph", picture)["vector"], np.float32)


def _error(answer: dict[str, Any]) -> ModelError:
    return _ERRORS.get(answer["error"], ModelBrokenError)(answer["message"], **answer["details"])


# The child


def _serve(wanted: _Wanted) -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory()
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
        models = _Models(wanted)
    except ModelError as error:
        answers.write(_line(_told(error)))
        return
    answers.write(_line({"name": models.name}))
    requests = Inbound(os.fdopen(0, "rb", closefd=False))
    while (message := requests.receive()) is not None:
        answers.write(_line(models.answer(*message)))


class _Models:
    """What a child runs: a detector, loaded at once, and an embedding model, loaded when it is first needed.

    Raises (when made): what loading the first of them raises.
    """

    def __init__(self, wanted: _Wanted) -> None:
        from models import onnx

        self._wanted = wanted
        self._detector = (
            onnx.load(wanted.detector, Path(wanted.detectors), provider=wanted.provider, batch=wanted.batch)
            if wanted.detector
            else None
        )
        self._embedder: Embedder | None = None
        self.name = self._detector.name if self._detector else self._embed_with().name

    def answer(self, what: str, *given: Any) -> dict[str, Any]:
        try:
            return self._answer(what, *given)
        except ModelError as error:
            return _told(error)
        except Exception as error:  # a bug or no memory left; the parcel counts as unscreened and the next one is tried
            return _told(ModelBrokenError(f"The model {self.name} failed: {error!r}", name=self.name))

    def _answer(self, what: str, *given: Any) -> dict[str, Any]:
        if what == "photograph":
            return {"vector": self._embed_with().embed_photograph(*given).tolist()}
        scan = Scan(views=given[0], generator=given[1])
        if what == "embed":
            return {"vector": self._embed_with().embed(scan).tolist()}
        assert self._detector is not None
        return {"detections": [asdict(each) for each in self._detector.find(scan).detections]}

    def _embed_with(self) -> Embedder:
        from models import embedding

        wanted = self._wanted
        if not wanted.embedding:
            raise ModelMissingError("No embedding model is named in the settings.", name="")
        home = Path(wanted.embeddings)
        self._embedder = self._embedder or embedding.load(wanted.embedding, home, provider=wanted.provider)
        return self._embedder


def _told(error: ModelError) -> dict[str, Any]:
    details = {name: str(value) for name, value in error.details.items()}
    return {"error": error.key, "message": str(error), "details": details}


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def limit_memory() -> None:
    """Let this process have MOST_MEMORY, where the system can hold it to that: a model that wants more fails alone."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _leave_with_parent(parent: int) -> None:
    """A child whose model hangs would otherwise outlive a parent that was killed."""
    while os.getppid() == parent:
        time.sleep(2.0)
    os._exit(1)


if __name__ == "__main__":
    _serve(_Wanted(**json.loads(sys.argv[1])))
