"""What a person says of labels in a print queue, left by another program for the station that prints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from imaging.files.durable import NO_SEAL, Seal, write_whole

log = structlog.get_logger()
_NAME = "{job_id}.wish.json"


class Said(StrEnum):
    """What became of a label, or shall become of it."""

    CAME_OUT = "came_out"
    AGAIN = "again"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Wish:
    job_id: str
    said: Said
    officer: str


_WISH = TypeAdapter(Wish)


def leave_wish(folder: Path, wish: Wish, seal: Seal = NO_SEAL) -> None:
    """Have the station that prints from this folder settle a job: within seconds, or when it starts."""
    write_whole(folder / _NAME.format(job_id=wish.job_id), seal.put_on(_WISH.dump_json(wish)))


def take_wishes(folder: Path, seal: Seal = NO_SEAL) -> list[Wish]:
    """What was left since; each is taken once, a damaged one is logged and gone."""
    wishes: list[Wish] = []
    for file in sorted(folder.glob(_NAME.format(job_id="*"))):
        try:
            content = file.read_bytes()
            file.unlink()
            wishes.append(_WISH.validate_json(seal.take_off(content)))
        except (OSError, ValidationError) as error:
            log.warning("wish for a label not taken", file=file.name, error=str(error))
    return wishes
