"""The vehicle lane (H986): vehicles announced by manifest, their turn, what was seen of them, passed or referred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from app.customs.dated import DatedRules, local_day
from app.customs.lanes import (
    OPEN_CHECKS,
    Manifest,
    Passage,
    VehicleFault,
    VehicleRefusedError,
    Weight,
    check_vehicle,
    normalise_plate,
    weigh,
)
from app.customs.matters import Area, Entry, Matter
from app.customs.parcel import Declaration, Kind, Parcel
from app.customs.states import LETS_GO, TERMINAL, Action, State
from app.officers.rights import Right, Rights
from app.store.errors import MatterUnknownError
from app.store.store import Store
from app.tables import Tables
from app.views import Decide

_REFERABLE = frozenset({State.ARRIVED, State.IMAGED, State.DOC_REVIEW})
_GONE = LETS_GO | TERMINAL
_RELEASABLE = frozenset({State.IMAGED, State.DOC_REVIEW})


class Stand(StrEnum):
    """Where a vehicle stands."""

    EXPECTED = "expected"
    AT_LANE = "at_lane"


class Deed(StrEnum):
    """What happens to a vehicle."""

    ANNOUNCED = "announced"
    ARRIVED = "arrived"
    WEIGHED = "weighed"
    SEAL_SEEN = "seal_seen"
    PASSED = "passed"
    REFERRED = "referred"


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle as the lane looks at it: manifest and goods, what was seen of it, what does not fit, its container."""

    matter: Matter
    manifest: Manifest
    passage: Passage
    weight: Weight | None
    faults: tuple[VehicleFault, ...]
    declaration: Declaration | None = None
    parcel: Parcel | None = None

    @property
    def wrong(self) -> tuple[VehicleFault, ...]:
        """What does not fit, without what is still to be looked at."""
        return tuple(fault for fault in self.faults if fault.kind not in OPEN_CHECKS)

    @property
    def outcome(self) -> str:
        """How it ended; empty while it is here or expected."""
        last = self.matter.steps[-1].kind
        return last if last in (Deed.PASSED, Deed.REFERRED) else ""


class VehicleLane:
    """The vehicle lane of a station. `decide` is the station's own; containers move by it, with all its guards."""

    def __init__(self, store: Store, rights: Rights, tables: Tables, decide: Decide) -> None:
        self._store = store
        self._rights = rights
        self._rules: DatedRules = tables.vehicles
        self._decide = decide

    # What is there

    def queue(
        self, stands: Sequence[Stand] = (), *, limit: int = 200, after: tuple[datetime, int] | None = None
    ) -> list[VehicleView]:
        """Vehicles, those first that wait longest; `after` is time and id of the last one of the page before."""
        found = self._store.matters.page(Area.VEHICLE, [each.value for each in stands], limit=limit, after=after)
        return [self._look(matter) for matter in found]

    def counts(self) -> dict[str, int]:
        return self._store.matters.counts(Area.VEHICLE)

    def find(self, code: str) -> VehicleView:
        """The vehicle with a plate or container number, the newest. Raises MatterUnknownError."""
        code = code.strip().upper()
        matter = self._store.matters.find(Area.VEHICLE, code) or self._store.matters.find(
            Area.VEHICLE, normalise_plate(code)
        )
        if matter is None:
            raise MatterUnknownError(f"No vehicle is announced by {code}.", id=code)
        return self._look(matter)

    def view(self, matter_id: int) -> VehicleView:
        return self._look(self._store.matters.load(matter_id))

    # What happens

    def announce(self, reference: str, manifest: Manifest, goods: Declaration, *, officer: str) -> Matter:
        """Take a manifest that came by file; its goods become the container's declaration.

        Raises:
            AlreadyKeptError: it was taken before.
        """
        self._rights.require(officer, Right.COUNTERS)
        matter = self._store.matters.open(
            Area.VEHICLE,
            manifest.container,
            Entry(Deed.ANNOUNCED, Stand.EXPECTED, manifest.to_json()),
            actor=officer,
            at=datetime.now(UTC),
            other_key=manifest.plate,
            reference=f"manifest/{reference}",
        )
        self._store.add_declarations([goods])
        return matter

    def arrive(self, matter_id: int, plate: str, *, officer: str) -> VehicleView:
        """A vehicle stands at the lane with this plate; its turn begins."""
        return self._lead(matter_id, Deed.ARRIVED, {"plate": normalise_plate(plate)}, officer)

    def weigh(self, matter_id: int, weight_g: int, *, officer: str) -> VehicleView:
        """What the weighbridge says, of the whole vehicle."""
        if not 0 < weight_g < 1_000_000_000:
            raise VehicleRefusedError("A weight is more than nothing and less than 1000 t.", "weight")
        return self._lead(matter_id, Deed.WEIGHED, {"weight_g": weight_g}, officer)

    def see_seal(self, matter_id: int, seal_no: str, *, is_whole: bool, officer: str) -> VehicleView:
        """Which seal is on the container, and whether it is whole."""
        return self._lead(matter_id, Deed.SEAL_SEEN, {"seal_no": seal_no.strip(), "is_whole": is_whole}, officer)

    def pass_on(self, matter_id: int, *, officer: str, reason: str = "no_suspicion") -> VehicleView:
        """Release a vehicle that fits its manifest, was weighed and imaged.

        Raises:
            VehicleRefusedError: something does not fit, or was not looked at. GuardError: it may not be released.
        """
        seen = self._standing(matter_id)
        if seen.faults:
            raise VehicleRefusedError("This vehicle does not fit its manifest, or was not looked at yet.", "faults")
        assert seen.parcel is not None
        if seen.parcel.state in _RELEASABLE:
            self._decide(seen.parcel.id, Action.RELEASE, officer=officer, reason=reason)
        return self._lead(matter_id, Deed.PASSED, {"parcel": seen.parcel.id}, officer, is_end=True)

    def refer(self, matter_id: int, *, officer: str, reason: str, note: str = "") -> VehicleView:
        """Refer a vehicle to opening; `reason` as for a parcel (`reason.refer`). What does not fit is kept with it.

        Raises:
            VehicleRefusedError: it is not at the lane. GuardError: its container may not be referred now.
        """
        seen = self._standing(matter_id)
        parcel = seen.parcel or self._register(seen)
        if parcel.state in _REFERABLE:
            self._decide(parcel.id, Action.REFER, officer=officer, reason=reason, note=note)
        faults = [[fault.kind, fault.found, fault.expected] for fault in seen.wrong]
        body = {"parcel": parcel.id, "reason": reason, "note": note, "faults": faults}
        return self._lead(matter_id, Deed.REFERRED, body, officer, is_end=True)

    def _lead(
        self, matter_id: int, deed: Deed, body: dict[str, object], officer: str, *, is_end: bool = False
    ) -> VehicleView:
        self._rights.require(officer, Right.COUNTERS)

        def make(matter: Matter) -> Entry:
            _check_standing(matter)
            return Entry(deed, "" if is_end else Stand.AT_LANE, body)

        self._store.matters.lead_on(matter_id, make, actor=officer, at=datetime.now(UTC))
        return self.view(matter_id)

    def _standing(self, matter_id: int) -> VehicleView:
        seen = self.view(matter_id)
        _check_standing(seen.matter)
        return seen

    def _register(self, seen: VehicleView) -> Parcel:
        """A container that nobody has scanned is registered, so that it can be referred."""
        return self._store.register(seen.manifest.container, Kind.CONTAINER, arrived_at=datetime.now(UTC))

    def _look(self, matter: Matter) -> VehicleView:
        manifest = Manifest(**matter.steps[0].body)
        parcel = self._container(matter, manifest)
        passage = replace(_passage(matter), is_imaged=parcel is not None and bool(parcel.captures))
        day = local_day(matter.opened_at)
        return VehicleView(
            matter,
            manifest,
            passage,
            weigh(manifest, passage, day, self._rules),
            check_vehicle(manifest, passage, day, self._rules),
            self._store.find_declaration(manifest.container),
            parcel,
        )

    def _container(self, matter: Matter, manifest: Manifest) -> Parcel | None:
        """The container's parcel: that of the decision, else the newest that does not belong to an earlier journey."""
        decided = matter.steps[-1].body.get("parcel")
        if decided is not None:
            return self._store.parcel(decided)
        parcel = self._store.find_number(manifest.container)
        if parcel is None or (parcel.arrived_at < matter.opened_at and parcel.state in _GONE):
            return None
        return parcel


def _check_standing(matter: Matter) -> None:
    if not matter.stand:
        raise VehicleRefusedError("This vehicle is done with.", "settled")


def _passage(matter: Matter) -> Passage:
    passage = Passage()
    for step in matter.steps:
        match step.kind:
            case Deed.ARRIVED:
                passage = replace(passage, plate=step.body["plate"])
            case Deed.WEIGHED:
                passage = replace(passage, weight_g=step.body["weight_g"])
            case Deed.SEAL_SEEN:
                passage = replace(passage, seal_no=step.body["seal_no"], is_seal_whole=step.body["is_whole"])
            case _:
                pass
    return passage
