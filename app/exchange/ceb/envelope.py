"""Opens the envelope in which messages travel: DxpMsg (终端节点报文), also inside of DxpMsgSv (传输节点报文)."""

from __future__ import annotations

import base64
import binascii

from lxml import etree

from app.exchange.ceb.message import Envelope
from app.exchange.errors import MessageBrokenError
from app.exchange.xml import parse_xml

_DXP = "{http://www.chinaport.gov.cn/dxp}"


def open_envelope(root: etree._Element) -> tuple[etree._Element, Envelope | None]:
    """The message inside of an envelope, and the envelope; anything else comes back as it is.

    Raises:
        MessageBrokenError: the envelope is empty or its content is damaged.
    """
    outer = root.find(f"{_DXP}DxpMsg") if root.tag == f"{_DXP}DxpMsgSv" else root
    if outer is None or outer.tag != f"{_DXP}DxpMsg":
        return root, None
    text = "".join((outer.findtext(f"{_DXP}Data") or "").split())
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MessageBrokenError(f"The envelope's content is damaged: {error}.", detail=str(error)) from error
    if not content:
        raise MessageBrokenError("The envelope is empty.", detail="DxpMsg/Data")
    return parse_xml(content), _read(outer)


def _read(outer: etree._Element) -> Envelope:
    def said(path: str) -> str:
        return (outer.findtext(path, namespaces={"d": _DXP.strip("{}")}) or "").strip()

    receivers = outer.iterfind(f"{_DXP}TransInfo/{_DXP}ReceiverIds/{_DXP}ReceiverId")
    return Envelope(
        message_id=said("d:TransInfo/d:CopMsgId"),
        sender=said("d:TransInfo/d:SenderId"),
        receivers=tuple((each.text or "").strip() for each in receivers),
        message_type=said("d:TransInfo/d:MsgType"),
        created=said("d:TransInfo/d:CreatTime"),
    )
