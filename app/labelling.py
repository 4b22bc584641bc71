"""What a released parcel carries: its signed trace code, and the label on which it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.customs.parcel import Parcel
from app.customs.states import Action, State, find_move
from app.settings import Post, Work
from app.store import sealed
from app.store.decisions import TraceLabel
from app.texts import language
from app.trace.codes import Claims, digest_goods, fit_item_id, issue, read_code
from app.trace.formats import Format, encode_label
from app.trace.ids import TraceId, parse_trace_id
from app.trace.keyring import Keyring
from app.trace.labels import LabelData, draw_label
from app.trace.templates import load_template
from imaging.files.durable import make_folder


@dataclass(frozen=True, slots=True)
class Labelling:
    """Signs trace codes for the office whose keys these are, and draws labels into a folder of the store's."""

    keys: Keyring
    post: Post
    work: Work
    folder: Path

    def sign(
        self, parcel: Parcel, action: Action, last: str | None, now: datetime, *, inventory_no: str = ""
    ) -> TraceLabel:
        """A new trace code for a parcel that is let go by an action; `last` is the office's last trace id this year.

        Raises:
            NoSigningKeyError: no key may sign now.
        """
        status = find_move(parcel.state, action).after
        serial = parse_trace_id(last).serial + 1 if last else 1
        trace_id = TraceId(self.post.office, now.year, serial)
        claims = Claims(
            issuer=self.post.office,
            issued_at=now.replace(microsecond=0),
            trace_id=trace_id,
            item_id=fit_item_id(parcel.number),
            goods_digest=digest_goods(parcel.declaration.goods if parcel.declaration else ()),
            status=status or State.RELEASED,
            inventory_no=inventory_no,
        )
        return TraceLabel(str(trace_id), issue(claims, self.keys.signer(now)))

    def draw(self, parcel: Parcel, payload: str, *, kind: Format = Format.PNG, dpi: int, copy: int = 0) -> Path:
        """Write the label of a trace code and return its file, to be read as the store's; `copy` counts the reprints.

        Raises:
            LabelError: the template or its font cannot be used.
        """
        name = f"{read_code(payload).claims.trace_id}{f'-{copy}' if copy else ''}.{kind}"
        path = self.folder / name
        make_folder(path.parent)
        sealed.write_file(path, self.encode(parcel, payload, kind=kind, dpi=dpi, copy=copy), self.folder.parent)
        return path

    def encode(self, parcel: Parcel, payload: str, *, kind: Format, dpi: int, copy: int = 0) -> bytes:
        """The label of a trace code as a file's content or as what a printer is sent.

        Raises:
            LabelError: the template or its font cannot be used.
        """
        claims = read_code(payload).claims
        data = LabelData(
            code=payload,
            trace_id=claims.trace_id,
            item_id=parcel.number,
            office_name=self.post.name_zh if language() == "zh_CN" else self.post.name_en,
            status=claims.status,
            issued_at=claims.issued_at,
            inventory_no=claims.inventory_no,
            goods=parcel.declaration.summary if parcel.declaration else "",
            copy=copy,
        )
        label = draw_label(load_template(self.work.label_template), data, dpi=dpi, language=language())
        return encode_label(label, kind)
