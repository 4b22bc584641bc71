"""A parcel as one text, for officers who look at it elsewhere."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from app.customs.parcel import Parcel
from app.hub.errors import HubError

_PARCEL = TypeAdapter(Parcel)


def dump_parcel(parcel: Parcel) -> str:
    return _PARCEL.dump_json(parcel).decode()


def load_parcel(text: str) -> Parcel:
    """
    Raises:
        HubError: the text does not describe a parcel of this version.
    """
    try:
        return _PARCEL.validate_json(text)
    except ValidationError as error:
        detail = f"The parcel's record cannot be read ({error.error_count()} faults); update Guanjian at both places."
        raise HubError(detail, detail=detail) from error
