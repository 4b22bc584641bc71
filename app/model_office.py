"""The station's part for models: which are on, how one on trial compares, and switching it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.customs.model_trial import Mode, Trial, compare
from app.officers.rights import Right, Rights
from app.screening import Posted, modes_of
from app.settings import ModelChoice
from app.store.shadows import ModelSwitch
from app.store.store import Store
from imaging.errors import KnownError
from models.detector import ModelMissingError


@dataclass(frozen=True, slots=True)
class PostedModel:
    """A model as the page of models shows it; `switch` is the last one, None where the settings alone speak."""

    name: str
    mode: Mode
    choice: ModelChoice
    tried: int
    switch: ModelSwitch | None
    error: KnownError | None


class ModelOffice:
    """Looks at models and switches them; `posted` tells which there are. May be used from any thread."""

    def __init__(
        self,
        store: Store,
        posted: Callable[[], Sequence[Posted]],
        rights: Rights,
        *,
        on_switched: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._posted = posted
        self._rights = rights
        self._on_switched = on_switched

    def models(self) -> list[PostedModel]:
        """Every model of the settings, in their order."""
        posted, switches = self._posted(), self._store.shadows.switches()
        modes = modes_of(posted, switches)
        tried = self._store.shadows.tried()
        return [
            PostedModel(
                each.name, modes[each.name], each.choice, tried.get(each.name, 0), switches.get(each.name), each.error
            )
            for each in posted
        ]

    def compare(self, model: str, days: int, *, officer: str, is_drill: bool = False) -> Trial:
        """A model on trial beside what officers were shown, on the pictures of the last days.

        Raises:
            OfficerError: the officer may not see statistics.
        """
        self._rights.require(officer, Right.STATISTICS)
        return compare_model(self._store, model, days, is_drill=is_drill)

    def switch(self, model: str, mode: Mode, *, officer: str, instead: bool = False) -> None:
        """Put a model on, into the shadow or off; `instead` puts those that are on into the shadow at the same time.

        Raises:
            OfficerError: the officer may not. ModelMissingError: the settings name no such model.
        """
        self._rights.require(officer, Right.MODELS_SWITCH)
        modes = modes_of(self._posted(), self._store.shadows.switches())
        if model not in modes:
            known = ", ".join(modes) or "none"
            raise ModelMissingError(f"The settings name no model {model}; there are: {known}.", name=model)
        others = {name: Mode.SHADOW for name, now in modes.items() if instead and now is Mode.ON and name != model}
        self._store.shadows.switch({**others, model: mode}, officer=officer, now=datetime.now(UTC))
        self._on_switched()


def compare_model(store: Store, model: str, days: int, *, is_drill: bool = False) -> Trial:
    """As `ModelOffice.compare`, for whoever has the machine itself."""
    since = datetime.now(UTC) - timedelta(days=days)
    return compare(store.shadows.pairs(model, since, is_drill=is_drill))
