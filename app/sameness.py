"""Same or not (同一性): the earlier scans that are most like one, and whether two scans show the same content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from app.customs.parcel import Kind, Parcel, QueueRow
from app.nearest import Index, Wanted, best_of
from app.officers.rights import Right, Rights
from app.settings import Settings
from app.store.store import Store
from app.store.times import to_us
from app.store.vectors import Among, Unmade
from app.vector_filler import Filler, SamenessOffError
from imaging.content import Content, measure_content
from imaging.errors import KnownError
from imaging.scan import Scan
from models.card import STORE, EmbeddingCard, load_embedding_card
from models.likeness import Embeds, Likeness, Steps, Vector

MASS_TOLERANCE, MASS_LEAST_G = 0.15, 60.0
"""Two machines may weigh the same parcel so differently; less than the least is no difference worth a word."""


@dataclass(frozen=True, slots=True)
class Near:
    """An earlier parcel and how like its picture is."""

    row: QueueRow
    score: float
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Remark:
    """What two pictures differ in that can be measured: `key` below `same.remark.` in the texts, and what fills it."""

    key: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """How alike two scans are, and what speaks against their being the same."""

    score: float
    likeness: Likeness
    remarks: tuple[Remark, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Search:
    """How far a search goes: `among` narrows the parcels down before any picture is compared.

    Without it the newest vectors are looked through, as many as the settings keep in memory. `days` back from the
    picture's own time, the settings' where None.
    """

    among: Among = field(default_factory=Among)
    days: int | None = None
    most: int = 10


class Sameness:
    """The station's memory of what pictures look like. May be used from any thread.

    Once it was started, pictures without a vector are worked off in the background while `is_idle` says that nothing
    is under way.
    """

    def __init__(
        self,
        store: Store,
        rights: Rights,
        settings: Settings,
        *,
        is_idle: Callable[[], bool] = lambda: True,
        on_error: Callable[[KnownError], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._rights = rights
        self._settings = settings.sameness
        self._folder = settings.detection.folder
        self._embedder: Embeds | None = None
        self._filler = Filler(store.vectors, self._read_card, self._fill, is_idle=is_idle, on_error=on_error)

    def use(self, embedder: Embeds) -> None:
        """Make vectors with this; who gave it closes it."""
        self._embedder = embedder

    def start(self) -> None:
        """Begin to work off pictures without a vector, where a model runs."""
        if self._settings.model and self._embedder is not None:
            self._filler.start()

    def stop(self) -> None:
        self._filler.stop()

    def wake(self) -> None:
        """A picture has come."""
        self._filler.wake()

    @cached_property
    def card(self) -> EmbeddingCard:
        """
        Raises:
            SamenessOffError: no model is named. ModelError: its card cannot be used.
        """
        if not self._settings.model:
            raise SamenessOffError("No embedding model is named in the settings (sameness.model).")
        return load_embedding_card(self._settings.model, home_of(self._settings.model, self._folder))[0]

    def nearest(self, parcel_id: int, search: Search | None = None, *, officer: str) -> list[Near]:
        """The earlier parcels whose pictures are most like a parcel's, the best first.

        Raises:
            RightMissingError: the officer may not look into the archive. SamenessOffError, ModelError, FileError.
        """
        self._rights.require(officer, Right.ARCHIVE)
        parcel = self._store.parcel(parcel_id)
        vector = self._vector(parcel)
        if vector is None:
            return []
        return self._nearest(vector, search or Search(), parcel.kind, parcel.arrived_at, parcel_id)

    def nearest_to(
        self, vector: Vector, kind: Kind, at: datetime, search: Search | None = None, *, officer: str
    ) -> list[Near]:
        """The same for a picture that is not in the store."""
        self._rights.require(officer, Right.ARCHIVE)
        return self._nearest(vector, search or Search(), kind, at)

    def compare(self, one_id: int, other_id: int) -> Compared | None:
        """Hold the newest pictures of two parcels against each other; None where one has none.

        Raises:
            SamenessOffError, ModelError, FileError.
        """
        one, other = self._store.parcel(one_id), self._store.parcel(other_id)
        vectors = self._vector(one), self._vector(other)
        if vectors[0] is None or vectors[1] is None:
            return None
        first, second = (self._store.load(each.captures[-1]) for each in (one, other))
        return compare_scans((vectors[0], first), (vectors[1], second), self.card)

    @cached_property
    def _index(self) -> Index:
        return Index(self._store.vectors, self.card.sha256, self.card.dimensions, self._settings.most)

    def _read_card(self) -> EmbeddingCard:
        return self.card

    def _fill(self, unmade: Unmade) -> Vector:
        return self._embed(self._store.load(unmade.capture))

    def _embed(self, scan: Scan) -> Vector:
        if self._embedder is None:
            raise SamenessOffError("No model runs here that could compare pictures: detection is off, or has failed.")
        return self._embedder.embed(scan)

    def _vector(self, parcel: Parcel) -> Vector | None:
        """From the store, or made now where the filler has not come to it."""
        kept = self._store.vectors.of_parcels(self.card.sha256, [parcel.id])
        if parcel.id in kept:
            return kept[parcel.id]
        return self._embed(self._store.load(parcel.captures[-1])) if parcel.captures else None

    def _nearest(self, vector: Vector, search: Search, kind: Kind, at: datetime, not_parcel: int = 0) -> list[Near]:
        card = self.card
        since = at - timedelta(days=self._settings.days if search.days is None else search.days)
        wanted = Wanted(kind, to_us(since), to_us(at), not_parcel)
        if search.among:
            block = self._store.vectors.read_among(card.sha256, search.among, card.dimensions)
            found = best_of([block], vector, wanted, search.most)
        else:
            found = self._index.nearest(vector, wanted, search.most)
        there = self._store.vectors.of_parcels(card.sha256, [key for key, _ in found])
        steps = Steps(card.same_from, card.alike_from)
        rows = ((self._store.row(key), score) for key, score in found if key in there)
        return [Near(row, score, steps.of(score)) for row, score in rows if row is not None]


def compare_scans(one: tuple[Vector, Scan], other: tuple[Vector, Scan], card: EmbeddingCard) -> Compared:
    """Likeness by two vectors, and what can be measured in both pictures; what differs there is never the same."""
    score = float(one[0] @ other[0])
    likeness = Steps(card.same_from, card.alike_from).of(score)
    contents = [measure_content(scan.views[0], scan.generator) for _, scan in (one, other)]
    remarks = differences(*contents)
    if remarks and likeness is Likeness.SAME:
        likeness = Likeness.UNSURE
    return Compared(score, likeness, remarks, card.title)


def differences(one: Content | None, other: Content | None) -> tuple[Remark, ...]:
    """What the second of two contents has more or less of; nothing where one of them cannot be weighed."""
    if one is None or other is None:
        return ()
    remarks = []
    for name, before, after in (
        ("mass", one.mass_g, other.mass_g),
        ("metal", one.metal_g, other.metal_g),
        ("organic", one.organic_g, other.organic_g),
    ):
        change = after - before
        if abs(change) > max(MASS_TOLERANCE * max(one.mass_g, other.mass_g), MASS_LEAST_G):
            kind = f"{name}_{'more' if change > 0 else 'less'}"
            remarks.append(Remark(kind, {"change": f"{abs(change) / 1000:.1f}", "before": f"{before / 1000:.1f}"}))
    return tuple(remarks)


def home_of(model: str, folder: Path | None) -> Path:
    """The folder of a model by its name: the post's own where it is there, else that of the models that ship."""
    return folder if folder is not None and (folder / f"{model}.json").is_file() else STORE
