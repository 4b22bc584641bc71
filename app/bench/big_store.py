"""A store of millions of parcels, made in bulk: rows, events, counts, checkpoints as a station writes them.

Parcels are fictitious. What is written verifies; there are no pictures, only their rows.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from app.store import search
from app.store.audit import BOOT, canonical, event_hash, keep_boot
from app.store.checkpoints import EVERY_EVENTS, Signer, origin_of
from app.store.database import Connection, connect
from app.store.merkle import Tree
from app.store.notes import Note, key_id
from app.store.store import FILE, Store

DAYS = 250
"""Over how many days until now the parcels came."""
STEP: Final = 20_000
_HOUR_US = 3_600_000_000
_WAITING = 2_000
"""The last parcels are not decided yet."""
_KINDS = (
    "棉质",
    "真皮",
    "儿童",
    "便携",
    "不锈钢",
    "陶瓷",
    "手工",
    "进口",
    "有机",
    "防水",
    "无线",
    "折叠",
    "限量",
    "复古",
    "夏季",
    "加厚",
)
_GOODS = (
    "口红", "手表", "连衣裙", "运动鞋", "面膜", "奶粉", "耳机", "充电器", "书籍", "玩具", "巧克力", "咖啡豆", "茶叶",
    "香水", "毛衣", "背包", "太阳镜", "维生素", "保湿面霜", "剃须刀", "键盘", "鱼油", "围巾", "餐具", "拼图", "手机壳",
    "电动牙刷", "乐器配件", "渔具", "文具套装",
)  # fmt: skip
_BRANDS = ("demo", "sample", "muster", "ejemplo", "prova")
_INSERTS = {
    "declarations": 14, "goods": 9, "parcels": 20, "codes": 4, "captures": 8, "screenings": 5, "detections": 11,
    "decisions": 13, "labels": 4, "search": 0, "events": 10, "hours": 3, "states": 2, "checkpoints": 4, "tiles": 3,
}  # fmt: skip


def make_big_store(folder: Path, parcels: int, signer: Signer, *, say: Callable[[int], None] = lambda _: None) -> None:
    """Make a store with so many parcels in an empty folder; `say` is told how many there are so far.

    Without indexes and without waiting for the disk, which is right only because a half-made store is thrown away.
    """
    if folder.exists():
        shutil.rmtree(folder)
    Store.open(folder, station="bench", ballast_bytes=1 << 16).close()
    with closing(connect(folder / FILE)) as connection:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {setting}").fetchone()
        indexes = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
        dropped = indexes.fetchall()
        for name, _ in dropped:
            connection.execute(f"DROP INDEX {name}")
        _Bulk(connection, parcels, signer).fill(say)
        for _, sql in dropped:
            connection.execute(sql)
        connection.execute("PRAGMA journal_mode=WAL").fetchone()


class _Bulk:
    """Everything that is written, gathered by table and put in step by step."""

    def __init__(self, connection: Connection, parcels: int, signer: Signer) -> None:
        self._connection = connection
        self._parcels = parcels
        self._signer = signer
        self._origin = origin_of(connection)
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _INSERTS}
        self._boot = keep_boot(connection)
        seq, self._previous, self._hlc = connection.execute(
            "SELECT seq, hash, hlc FROM log ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        self._seq = seq + 1
        self._tree = Tree()
        self._unsigned = [hashed for (hashed,) in connection.execute("SELECT hash FROM events ORDER BY seq")]
        self._hours: Counter[tuple[int, str]] = Counter()
        self._states: Counter[str] = Counter()
        self._decision = self._detection = 0
        self._words = {text: search.words(text) for text in _all_goods()}

    def fill(self, say: Callable[[int], None]) -> None:
        goods = _all_goods()
        end_us = time.time_ns() // 1000
        apart_us = DAYS * 24 * _HOUR_US // self._parcels
        for first in range(1, self._parcels + 1, STEP):
            last = min(first + STEP - 1, self._parcels)
            for start in range(first, last + 1, 200):
                keys = range(start, min(start + 199, last) + 1)
                at = [end_us - (self._parcels - key + 1) * apart_us for key in keys]
                named = [goods[(key * 2_654_435_761 >> 7) % len(goods)] for key in keys]
                self._declare(keys, at[0], named)
                for key, arrived_us, name in zip(keys, at, named, strict=True):
                    self._pass(key, arrived_us, name)
            self._flush()
            say(last)
        self._sign()
        self._rows["hours"] += [(hour, what, n) for (hour, what), n in self._hours.items()]
        self._rows["states"] += self._states.items()
        self._flush()
        # The statistics begin with what comes next: summing these parcels would take longer than making them.
        self._connection.execute("UPDATE figures_state SET value = ? WHERE name = 'seq'", (self._seq - 1,))

    def _declare(self, keys: range, at_us: int, named: list[str]) -> None:
        added = []
        for key, name in zip(keys, named, strict=True):
            values = [number_of(key), "mail", f"Sender {key % 50_000}", f"收件人{key % 90_000}", "FR", 480 + key % 900,
                      19_900_000 + key % 1000, "CNY", at_us, "bench"]  # fmt: skip
            line = [name, "3304100090", "1", "011", 480 + key % 900, 19_900_000 + key % 1000, "FR"]
            said = _digest([values, [line]])[:16]
            self._rows["declarations"].append((key, *values, at_us, said, self._seq))
            self._rows["goods"].append((key, 0, *line))
            added.append([key, said.hex()])
        self._event("declared", None, at_us, canonical({"declarations": added}))
        self._hours[at_us // _HOUR_US, "declared"] += len(added)

    def _pass(self, key: int, arrived_us: int, name: str) -> None:
        """One parcel: it arrives, is scanned, and is decided on unless it is one of the last."""
        number = number_of(key)
        row: list[object] = [
            key, "parcel", number, arrived_us, "arrived", None, "green", "[]", "[]", key, name, "", 0.0, 0, 0, "",
            None, 1, 1, self._seq,
        ]  # fmt: skip
        body = f'{{"codes":["{number}"],"kind":"parcel","number":"{number}","row":""}}'
        self._rows["codes"].append((key, key, number, self._seq))
        self._rows["search"].append((key, f"{number.lower()} {self._words[name]}"))
        self._event("registered", key, arrived_us, body, _digest(row))
        self._hours[arrived_us // _HOUR_US, "registered"] += 1
        self._scan(key, arrived_us, row)
        if key <= self._parcels - _WAITING:
            self._decide(key, arrived_us + 20_000_000, row)
        self._rows["parcels"].append(tuple(row))
        self._states[str(row[4])] += 1

    def _scan(self, key: int, at_us: int, row: list[object]) -> None:
        has_alarm = key % 25 == 0
        row[4], row[18], row[19] = "imaged", 2, self._seq
        if has_alarm:
            row[6], row[7], row[11], row[12], row[13] = "blue", '["detection"]', "knife", 0.875, 1
        scan = f"{at_us:x}-{key:08x}"
        path, sha256 = f"2026/01/01/{scan}.tif", hashlib.sha256(scan.encode()).hexdigest()
        seen = "[]"
        if has_alarm:
            self._detection += 1
            box = ("knife", 0.875, "sure", 100, 120, 260, 300, 0)
            self._rows["detections"].append((self._detection, key, *box, self._seq))
            seen = canonical([box])
        body = (
            f'{{"capture":["{scan}","{path}","{sha256}","belt",{at_us}],"row":"",'
            f'"screening":[{key},{key},"parcel-3",22.5],"seen":{seen}}}'
        )
        self._rows["captures"].append((key, scan, key, path, sha256, "belt", at_us, self._seq))
        self._rows["screenings"].append((key, key, "parcel-3", 22.5, self._seq))
        self._event("scanned", key, at_us, body, _digest(row))
        self._hours[at_us // _HOUR_US, "scans"] += 1

    def _decide(self, key: int, at_us: int, row: list[object]) -> None:
        is_held = key % 400 == 0
        action, after = ("hold", "held") if is_held else ("release", "released")
        trace_id = None if is_held else f"T99992026{key:09d}0"
        self._decision += 1
        row[4], row[5], row[16], row[17], row[18], row[19] = (
            after,
            "imaged" if is_held else None,
            trace_id,
            0,
            3,
            self._seq,
        )
        reason = "content_doubt" if is_held else "no_suspicion"
        row[14] = int(not is_held)
        values = [key, action, "imaged", after, row[5], f"officer-{key % 40}", "", reason, "", at_us, trace_id]
        self._rows["decisions"].append((self._decision, *values, self._seq))
        label = ""
        if trace_id:
            payload = _payload(trace_id)
            said = hashlib.sha256(payload.encode()).hexdigest()
            label = f'"label":["{trace_id}",{self._decision},"{said}"],'
            self._rows["labels"].append((trace_id, self._decision, payload, self._seq))
            self._hours[at_us // _HOUR_US, "labels"] += 1
        body = f'{{"decision":{canonical([self._decision, *values])},{label}"row":""}}'
        self._event("decided", key, at_us, body, _digest(row))
        self._hours[at_us // _HOUR_US, action] += 1

    def _event(self, kind: str, parcel_id: int | None, at_us: int, body: str, row: bytes | None = None) -> None:
        seq, hlc = self._seq, max(self._hlc + 1, at_us)
        told = body if row is None else body.replace('"row":""', f'"row":"{row.hex()}"')
        hashed = event_hash(self._previous, (seq, at_us, at_us, BOOT, hlc, kind, parcel_id, told))
        self._rows["events"].append((seq, at_us, at_us, self._boot, hlc - at_us, kind, parcel_id, body, row, hashed))
        self._hlc = hlc
        self._unsigned.append(hashed)
        self._previous = hashed
        if self._seq % EVERY_EVENTS == 0:
            self._sign()
        self._seq += 1

    def _sign(self) -> None:
        self._tree.extend(self._unsigned)
        self._unsigned.clear()
        unsigned = Note(self._origin, self._tree.size, self._tree.root(), ())
        public, signature = self._signer.sign(unsigned.text.encode())
        note = Note(self._origin, unsigned.size, unsigned.root, ((key_id(self._origin, public), signature),))
        self._rows["checkpoints"].append((note.size, note.root, self._hlc, str(note)))

    def _flush(self) -> None:
        self._rows["tiles"] += [(*place, hashed) for place, hashed in self._tree.tiles.items()]
        self._tree.tiles.clear()
        self._connection.execute("BEGIN")
        for table, columns in _INSERTS.items():
            marks = ", ".join("?" * columns)
            sql = f"INSERT OR IGNORE INTO {table} VALUES ({marks})" if columns else _SEARCH
            self._connection.executemany(sql, self._rows[table])
            self._rows[table].clear()
        self._connection.execute("COMMIT")


_SEARCH = "INSERT INTO search (rowid, words) VALUES (?, ?)"


def number_of(key: int) -> str:
    """The number of a parcel; neighbours in time are far apart in number."""
    return f"CP{key * 387_420_489 % 1_000_000_000:09d}FR"


def _digest(row: list[object]) -> bytes:
    """As `audit.digest`, quicker: of the numbers here both write the same."""
    return hashlib.sha256(to_json(row)).digest()


def _all_goods() -> list[str]:
    return [f"{kind}{goods} {brand}" for kind in _KINDS for goods in _GOODS for brand in _BRANDS]


def _payload(trace_id: str) -> str:
    """As long as a real one, and as different from the next."""
    return f"GJ1:{trace_id}{hashlib.shake_128(trace_id.encode()).hexdigest(80)}".upper()
