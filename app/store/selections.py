"""Which rules selected a parcel, kept with the event that set its lane."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.customs.risk.lanes import split_reason
from app.store.database import Connection


def write(connection: Connection, parcel_id: int, lane: str, reasons: Sequence[str], seq: int) -> dict[str, object]:
    """Keep which rules selected a parcel, each once; returns what the assessing event says of the lane.

    A reason without a version is none of a rule's.
    """
    held = {
        (rule_id, version, is_drawn)
        for rule_id, version, is_drawn in connection.execute(
            "SELECT rule_id, version, is_drawn FROM selections WHERE parcel_id = ?", (parcel_id,)
        )
    }
    now_us, rows = time.time_ns() // 1000, list[list[object]]()
    for reason in reasons:
        rule_id, version, is_drawn = split_reason(reason)
        if version and (rule_id, version, is_drawn) not in held:
            values = (parcel_id, rule_id, version, int(is_drawn), lane, now_us)
            key = connection.execute(
                "INSERT INTO selections (parcel_id, rule_id, version, is_drawn, lane, selected_us, event_seq) "
                "VALUES (?,?,?,?,?,?,?)",
                (*values, seq),
            ).lastrowid
            rows.append([key, *values])
    said: dict[str, object] = {"lane": lane}
    return {**said, "selected": rows} if rows else said
