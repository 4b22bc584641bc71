"""Which models look at a scan: what those that are on find is one list, what the others find is kept apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog

from app.customs.model_trial import Mode
from app.customs.opacity import to_finding
from app.customs.parcel import Finding, FindingKind, Seen
from app.measured import Measured
from app.settings import DeviceEntry, ModelChoice
from app.store.shadows import ModelSwitch
from app.store.store import Store
from imaging.errors import KnownError
from imaging.marks import OPAQUE_SHARE, measure_opaque
from imaging.scan import Scan
from models.card import STORE
from models.detector import TOGETHER, Detector, Findings, Level, ModelBrokenError, ModelError
from models.merge import merge
from models.worth import Worth, read_worth

log = structlog.get_logger()

SHADOWS_WAITING = 4
"""Scans that may wait for the models on trial; what comes while they do is left out: the belt waits for no trial."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A model at its post: what the settings say of it, and what runs it, or why nothing does."""

    choice: ModelChoice
    detector: Detector | None = None
    error: KnownError | None = None
    title: str = ""
    """Name and version as its card says them, where it is looked at without being run."""

    @property
    def name(self) -> str:
        """Name and version; of a model that cannot be used the name in the settings."""
        return self.detector.name if self.detector else self.title or self.choice.model

    def looks_at(self, device: DeviceEntry) -> bool:
        """Whether it was made for what a device carries, and stands on its lane."""
        lanes = self.choice.lanes
        return device.carries in self.choice.looks_at and (not lanes or device.lane in lanes)


@dataclass(frozen=True, slots=True)
class Screened:
    """What the models said of a scan, or that there was none."""

    seen: tuple[Seen, ...] = ()
    model: str = ""
    ms: float | None = None
    findings: tuple[Finding, ...] = ()


class _Precedence:
    """Lets what is urgent go on at once, and the rest begin when nothing urgent is under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent = 0
        self._is_over = False

    @contextmanager
    def urgent(self) -> Iterator[None]:
        with self._changed:
            self._urgent += 1
        try:
            yield
        finally:
            with self._changed:
                self._urgent -= 1
                self._changed.notify_all()

    def wait(self) -> bool:
        """Wait until nothing urgent is under way; whether to begin then, which is not so when all is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or not self._urgent)
            return not self._is_over

    def end(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()


class Screening:
    """The models of a station. `screen` is called by the intake's workers; `try_out` never waits.

    A model on trial begins to look only while no scan is being screened.
    """

    def __init__(self, store: Store, measured: Measured, *, on_error: Callable[[KnownError], None]) -> None:
        self.posted: tuple[Posted, ...] = ()
        self._store = store
        self._measured = measured
        self._on_error = on_error
        self._room = threading.Semaphore(SHADOWS_WAITING)
        self._trials = ThreadPoolExecutor(1, "shadow")
        self._precedence = _Precedence()

    def modes(self) -> dict[str, Mode]:
        """What each model is now."""
        return modes_of(self.posted, self._store.shadows.switches())

    def in_use(self) -> tuple[str, KnownError | None]:
        """The names of the models that are on, and why the first of them that cannot be used cannot."""
        modes = self.modes()
        on = [each for each in self.posted if modes[each.name] is Mode.ON]
        error = next((each.error for each in on if each.error), None)
        return TOGETHER.join(each.name for each in on if each.detector), error

    def screen(self, scan: Scan, device: DeviceEntry) -> Screened:
        """What the models that are on find; where none looks, or one fails, the parcel counts as unscreened."""
        found: list[Findings] = []
        failed: list[Finding] = []
        looking = self._looking(device, Mode.ON)
        for posted in looking:
            try:
                with self._precedence.urgent():
                    found.append(_find(posted, scan))
            except ModelError as error:
                self._on_error(error)
                failed.append(Finding(FindingKind.UNSCREENED, str(error)))
        if not looking:
            return Screened(findings=(Finding(FindingKind.UNSCREENED),))
        if not found:
            names = TOGETHER.join(posted.name for posted in looking if posted.detector)
            return Screened(model=names, findings=tuple(failed))
        together = merge(found)
        self._measured.add_time("detection", together.ms)
        return Screened(seen_of(together), together.model, together.ms, tuple(failed))

    def worth_of(self, model: str, *, is_measured: bool) -> Worth:
        """What finds are worth by the cards of the models that `Screened.model` names; nothing is known of those gone.

        Of two models that know a class the first in the settings is asked.
        """
        worth: dict[str, Mapping[str, float]] = {}
        for posted in self.posted:
            if posted.name in model.split(TOGETHER):
                choice = posted.choice
                try:
                    worth = {**read_worth(choice.model, choice.folder or STORE, is_measured=is_measured), **worth}
                except ModelError as error:
                    self._on_error(error)
        return worth

    def try_out(self, scan: Scan, device: DeviceEntry) -> None:
        """Have the models on trial look at a scan whose picture is in the store, some time after this returns."""
        looking = self._looking(device, Mode.SHADOW)
        if not looking:
            return
        if not self._room.acquire(blocking=False):
            self._measured.count("shadow.left_out")
            return
        try:
            self._trials.submit(self._look, replace(scan, truth=()), device, looking)
        except RuntimeError:  # stopped meanwhile
            self._room.release()

    def wait_until_idle(self) -> None:
        """Wait until the models on trial have looked at what they were given."""
        self._trials.submit(lambda: None).result()

    def stop(self) -> None:
        """End the trials, then every model."""
        self._precedence.end()
        self._trials.shutdown(wait=True, cancel_futures=True)
        for posted in self.posted:
            if posted.detector:
                posted.detector.close()

    def _looking(self, device: DeviceEntry, mode: Mode) -> list[Posted]:
        fitting = [each for each in self.posted if each.looks_at(device)]
        if not fitting:
            return []
        modes = self.modes()
        return [each for each in fitting if modes[each.name] is mode]

    def _look(self, scan: Scan, device: DeviceEntry, looking: Sequence[Posted]) -> None:
        try:
            for posted in looking:
                if self._precedence.wait():
                    self._keep_trial(posted, scan, device)
        except KnownError as error:  # the store is full or gone: a trial is worth no alarm
            log.warning("a trial was not kept", error=str(error))
        finally:
            self._room.release()

    def _keep_trial(self, posted: Posted, scan: Scan, device: DeviceEntry) -> None:
        keep = self._store.shadows.add
        try:
            found = _find(posted, scan)
        except ModelError as error:
            log.warning("a model on trial failed", model=posted.name, error=str(error))
            keep(scan.id, model=posted.name, error=str(error), is_drill=device.is_drill)
            return
        self._measured.add_time("shadow", found.ms)
        keep(scan.id, model=posted.name, ms=found.ms, seen=seen_of(found), is_drill=device.is_drill)


def modes_of(posted: Sequence[Posted], switches: Mapping[str, ModelSwitch]) -> dict[str, Mode]:
    """What each model is: as it was switched last, or else as the settings say."""
    return {each.name: switches[each.name].mode if each.name in switches else each.choice.mode for each in posted}


def seen_of(found: Findings) -> tuple[Seen, ...]:
    """What is shown to the officer: everything that reaches a level."""
    return tuple(
        Seen(each.label, each.score, each.level, each.box, each.view)
        for each in found.detections
        if each.level != Level.BELOW
    )


def measure_opacity(scan: Scan) -> tuple[Finding, ...]:
    """A finding where part of the object could not be seen through, by any of the views."""
    found = [measure_opaque(view) for view in scan.views]
    part = max(part for part, _ in found)
    if part < OPAQUE_SHARE:
        return ()
    return (to_finding(part, [(number, *mark.box) for number, (_, marks) in enumerate(found) for mark in marks]),)


def _find(posted: Posted, scan: Scan) -> Findings:
    if posted.detector is None:
        raise posted.error if isinstance(posted.error, ModelError) else ModelError(f"{posted.name} is not loaded.")
    try:
        return posted.detector.find(scan)
    except ModelError:
        raise
    except Exception as error:  # a bug, or a process that cannot be started: the parcel still gets its row
        raise ModelBrokenError(f"{posted.name} failed: {error!r}", name=posted.name) from error
