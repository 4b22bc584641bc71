"""In which parcels officers found something (查获), and when first: kept with the decision, for rules ask at once."""

from __future__ import annotations

from app.customs.risk.whatif import HITS
from app.store.database import Connection

_HITS = ", ".join(f"'{action.value}'" for action in sorted(HITS))
_FOUND = (
    f"SELECT parcel_id, min(decided_us) FROM decisions d WHERE action IN ({_HITS}) "
    "AND NOT EXISTS (SELECT 1 FROM undos u WHERE u.decision_id = d.id)"
)


def follow(connection: Connection, parcel_id: int) -> None:
    """Set anew when something was first found in a parcel, by the decisions on it that stand."""
    connection.execute("DELETE FROM finds WHERE parcel_id = ?", (parcel_id,))
    connection.execute(f"INSERT INTO finds {_FOUND} AND parcel_id = ? GROUP BY parcel_id", (parcel_id,))


def rebuild(connection: Connection) -> None:
    """Set it anew for all parcels."""
    connection.execute("DELETE FROM finds")
    connection.execute(f"INSERT INTO finds {_FOUND} GROUP BY parcel_id")
