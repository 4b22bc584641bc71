"""Identity checks (身份核对): a camera's picture against registered references, by a model for visible light."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from app.customs.matters import Area, Entry, Matter
from app.customs.references import (
    REGISTERED,
    Deed,
    IdentityRefusedError,
    Picture,
    Reference,
    ReferenceKind,
    body_of,
    check_reference,
    reference_of,
)
from app.officers.rights import Right, Rights
from app.photographs import decode_photograph, read_photograph, suffix_of
from app.sameness import home_of
from app.settings import Settings
from app.store.store import Store
from imaging.errors import KnownError
from imaging.scan import Colour
from models.card import EmbeddingCard, EmbeddingInput, load_embedding_card
from models.likeness import Likeness, NoXrayError, Steps, Vector

MOST_REFERENCES = 10_000
SHOWN = 5


class VisibleModelMissingError(KnownError):
    """No model for visible light is named in the settings."""

    key = "visible_model_missing"


class EmbedsPhotographs(Protocol):
    """Makes the vectors of camera pictures."""

    def embed_photograph(self, picture: Colour) -> Vector: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Against:
    """A reference that a picture was held against: the score of its nearest picture."""

    reference: Reference
    picture: Picture
    score: float
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check said: the nearest references, the best first, and the model that said it."""

    picture: Picture
    nearest: tuple[Against, ...]
    model: str

    @property
    def best(self) -> Against:
        return self.nearest[0]


class IdentityDesk:
    """The register of references and the checks against it. May be used from any thread.

    The model is opened when the first picture is checked.
    """

    def __init__(self, store: Store, rights: Rights, settings: Settings) -> None:
        self._store = store
        self._rights = rights
        self._model = settings.sameness.visible
        self._folder = settings.detection.folder
        self._open_embedder: Callable[[str, Path], EmbedsPhotographs] | None = None
        self._embedder: EmbedsPhotographs | None = None
        self._starting = threading.Lock()

    def use(self, open_embedder: Callable[[str, Path], EmbedsPhotographs]) -> None:
        """Open the model of a name and folder with this."""
        self._open_embedder = open_embedder

    def stop(self) -> None:
        """End the model's process."""
        if self._embedder is not None:
            self._embedder.close()

    @property
    def model(self) -> str:
        """The model's name in the settings; empty: none is there, and nothing can be checked."""
        return self._model

    # The register

    def references(self, *, limit: int = 200, after: tuple[datetime, int] | None = None) -> list[Reference]:
        """Those that were not withdrawn, oldest first; `after` is time and id of the last one of the page before."""
        return [reference_of(each) for each in self._store.matters.page(Area.IDENTITY, limit=limit, after=after)]

    def place_of(self, reference: Reference) -> tuple[datetime, int]:
        """Where a reference stands in the register, for the page after it."""
        return self._store.matters.load(reference.id).since_at, reference.id

    def find(self, code: str) -> Reference | None:
        """The newest reference with this name, or this ear tag or number."""
        matter = self._store.matters.find(Area.IDENTITY, code.strip())
        return reference_of(matter) if matter else None

    def load(self, picture: Picture) -> bytes:
        """The file of a photograph. Raises FileTornError, FileAlteredError."""
        return self._store.identity_pictures.load(picture)

    def register(
        self, kind: ReferenceKind, name: str, paths: Sequence[Path], *, officer: str, code: str = "", note: str = ""
    ) -> Reference:
        """Register a reference with its photographs.

        Raises:
            IdentityRefusedError: something is missing. PhotographBrokenError: a file is no photograph. OfficerError.
        """
        self._rights.require(officer, Right.IDENTITY_EDIT)
        check_reference(name, paths)
        body = {"kind": kind.value, "note": note, "pictures": body_of(self._keep_all(paths))}
        matter = self._store.matters.open(
            Area.IDENTITY,
            name.strip(),
            Entry(Deed.REGISTERED, REGISTERED, body),
            actor=officer,
            at=datetime.now(UTC),
            other_key=code.strip(),
        )
        return reference_of(matter)

    def add_pictures(self, reference_id: int, paths: Sequence[Path], *, officer: str) -> Reference:
        """Add photographs to a reference. Raises as `register`."""
        self._rights.require(officer, Right.IDENTITY_EDIT)
        pictures = body_of(self._keep_all(paths))
        return self._lead(reference_id, Entry(Deed.ADDED, REGISTERED, {"pictures": pictures}), officer)

    def withdraw(self, reference_id: int, reason: str, *, officer: str) -> Reference:
        """Take a reference out of the register; it stays in the record.

        Raises:
            IdentityRefusedError: without a reason. OfficerError.
        """
        self._rights.require(officer, Right.IDENTITY_EDIT)
        if not reason.strip():
            raise IdentityRefusedError("Say why the reference is withdrawn.", "no_reason")
        return self._lead(reference_id, Entry(Deed.WITHDRAWN, "", {"reason": reason}), officer)

    # Checks

    def check(self, path: Path, *, officer: str, kind: ReferenceKind | None = None) -> Checked:
        """Hold the photograph of a file against the register; the check stands in the record of the best reference.

        Raises:
            VisibleModelMissingError: no model. NoXrayError: it looks at X-ray scans. ModelError.
            PhotographBrokenError: the file is no photograph.
            IdentityRefusedError: nothing is registered to compare with. OfficerError.
        """
        self._rights.require(officer, Right.IDENTITY)
        return self._check(read_photograph(path), path.name, kind, officer)

    def check_content(self, content: bytes, source: str, *, officer: str, kind: ReferenceKind | None = None) -> Checked:
        """The same for what a camera sees."""
        self._rights.require(officer, Right.IDENTITY)
        return self._check(content, source, kind, officer)

    def _check(self, content: bytes, source: str, kind: ReferenceKind | None, officer: str) -> Checked:
        card = self._read_card()
        suffix = suffix_of(content, source)
        known = [each for each in self._every() if kind in (None, each.kind)]
        if not known:
            raise IdentityRefusedError("No reference is registered that this could be compared with.", "none_known")
        vector = self._embed(content)
        vectors = self._vectors(card, known)
        steps = Steps(card.same_from, card.alike_from)
        scored = []
        for reference in known:
            scores = [float(vectors[picture.sha256] @ vector) for picture in reference.pictures]
            best = int(np.argmax(scores))
            scored.append(Against(reference, reference.pictures[best], scores[best], steps.of(scores[best])))
        scored.sort(key=lambda each: -each.score)
        picture = self._store.identity_pictures.keep(content, suffix=suffix, source=source, at=datetime.now(UTC))
        checked = Checked(picture, tuple(scored[:SHOWN]), card.title)
        return replace(
            checked, nearest=(replace(checked.best, reference=self._log(checked, officer)), *scored[1:SHOWN])
        )

    def _log(self, checked: Checked, officer: str) -> Reference:
        """Enter a check into the record of its best reference, which comes back as it stands then."""
        best = checked.best
        body = {
            "picture": asdict(checked.picture),
            "against": best.picture.sha256,
            "score": round(best.score, 4),
            "likeness": best.likeness.value,
            "model": checked.model,
        }
        return self._lead(best.reference.id, Entry(Deed.CHECKED, REGISTERED, body), officer)

    def _lead(self, reference_id: int, entry: Entry, officer: str) -> Reference:
        def make(matter: Matter) -> Entry:
            if not matter.stand:
                raise IdentityRefusedError("This reference was withdrawn.", "withdrawn")
            return entry

        return reference_of(self._store.matters.lead_on(reference_id, make, actor=officer, at=datetime.now(UTC)))

    def _every(self) -> list[Reference]:
        return self.references(limit=MOST_REFERENCES)

    def _vectors(self, card: EmbeddingCard, known: Sequence[Reference]) -> dict[str, Vector]:
        """The vectors of all their pictures by sha256; those that are missing are made and kept."""
        pictures = {picture.sha256: picture for reference in known for picture in reference.pictures}
        vectors = self._store.vectors.of_photographs(card.sha256, pictures)
        missing = [digest for digest in pictures if digest not in vectors]
        if missing:
            made = {digest: self._embed(self.load(pictures[digest])) for digest in missing}
            self._store.vectors.add_photographs(card.sha256, made.items())
            vectors |= made
        return vectors

    def _keep_all(self, paths: Sequence[Path]) -> list[Picture]:
        """All files are looked at before the first is kept."""
        contents = [(read_photograph(path), path) for path in paths]
        now, pictures = datetime.now(UTC), self._store.identity_pictures
        return [
            pictures.keep(content, suffix=suffix_of(content, path.name), source=path.name, at=now)
            for content, path in contents
        ]

    def _read_card(self) -> EmbeddingCard:
        if not self._model:
            raise VisibleModelMissingError(
                "No model for pictures in visible light is named in the settings (sameness.visible); none ships. "
                "Put one with its card into the folder of models."
            )
        card, _ = load_embedding_card(self._model, home_of(self._model, self._folder))
        if card.input is not EmbeddingInput.RGB:
            raise NoXrayError(
                f"{card.title} compares X-ray scans and knows nothing of pictures in visible light. Name an embedding "
                "model for RGB pictures in the settings (sameness.visible).",
                name=card.title,
            )
        return card

    def _embed(self, content: bytes) -> Vector:
        with self._starting:
            if self._embedder is None:
                assert self._open_embedder is not None
                self._embedder = self._open_embedder(self._model, home_of(self._model, self._folder))
        return self._embedder.embed_photograph(decode_photograph(content))
