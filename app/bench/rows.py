"""A measured figure, beside what is to be reached and what a peer reached in the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `ok` says whether `reach` was reached, None where nothing is to be reached."""

    name: str
    value: float
    unit: str
    reach: float | None = None
    ok: bool | None = None
    peer: str | None = None
    peer_value: float | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self)
