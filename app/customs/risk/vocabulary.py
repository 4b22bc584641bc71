"""The words of the rules in English and Chinese: fields, what stands in them, units, and the words between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.customs.filings import Book, Credit
from app.customs.parcel import FindingKind, GoodsLine
from app.customs.risk.facts import UNIT, Facts
from app.customs.states import Term


class Kind(StrEnum):
    """What a field or an expression is."""

    NUMBER = "number"
    TEXT = "text"
    YES_NO = "yes_no"
    SET = "set"


class Measure(StrEnum):
    """What a number measures; two that differ are not compared."""

    PLAIN = "plain"
    MASS = "mass"
    MONEY = "money"
    DAYS = "days"


class Scope(StrEnum):
    """Of what a field is: the parcel, a line of its goods, or something that the detector marked."""

    PARCEL = "parcel"
    GOODS = "goods"
    DETECTION = "detection"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field: its names, what it holds and how it is read from the facts, a line of goods or a detection.

    `choices` are the words that it may hold; where it `is_open`, others too. `is_ordered`: the choices grow.
    """

    id: str
    term: Term
    scope: Scope
    kind: Kind
    read: Callable[[Any], Any] = field(repr=False)
    measure: Measure = Measure.PLAIN
    choices: Mapping[str, Term] = field(default_factory=dict, repr=False)
    is_open: bool = True
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    term: Term
    measure: Measure
    factor: float


UNITS: Mapping[str, Unit] = {
    "kg": Unit(Term("kg", "公斤"), Measure.MASS, 1),
    "g": Unit(Term("g", "克"), Measure.MASS, 0.001),
    "cny": Unit(Term("CNY", "元"), Measure.MONEY, 1),
    "days": Unit(Term("days", "天"), Measure.DAYS, 1),
    "percent": Unit(Term("%", "%"), Measure.PLAIN, 0.01),
}
MORE_UNITS = {"day": "days", "千克": "kg", "yuan": "cny", "日": "days"}

CLASSES: Mapping[str, Term] = {
    "firearm": Term("firearm", "枪支"),
    "blade": Term("blade", "刀具"),
    "battery": Term("battery", "电池"),
    "liquid": Term("liquid", "液体"),
    "dense_block": Term("dense_block", "高密度块"),
    "powder_bag": Term("powder_bag", "粉末"),
    "cigarettes": Term("cigarettes", "卷烟"),
    "ivory": Term("ivory", "象牙"),
    "false_wall": Term("false_wall", "假壁夹层"),
    "novel": Term("novel", "异常物"),
    "opaque": Term("opaque", "无法穿透"),
}
LEVELS: Mapping[str, Term] = {
    "below": Term("below", "参考"),
    "hint": Term("hint", "低置信"),
    "likely": Term("likely", "中置信"),
    "sure": Term("sure", "高置信"),
}
_FINDINGS = {
    FindingKind.NO_CODE: "无码",
    FindingKind.NO_SCAN: "无图像",
    FindingKind.SEVERAL_CODES: "一件多码",
    FindingKind.NO_DECLARATION: "无申报",
    FindingKind.BAD_CHECK_DIGIT: "校验错误",
    FindingKind.DOUBTFUL_CODE: "条码存疑",
    FindingKind.UNSCREENED: "未智检",
    FindingKind.PARTIAL_SCAN: "图像不全",
    FindingKind.DETECTION: "智审提示",
    FindingKind.REPEATED_NUMBER: "单号重复",
    FindingKind.RECALLED: "召回",
    FindingKind.INTERCEPTED: "拦截",
    FindingKind.CONTROLLED: "布控",
    FindingKind.WITHDRAWN: "申报撤销",
    FindingKind.ALREADY_RELEASED: "已放行",
    FindingKind.DOUBTED_LABEL: "追溯码存疑",
    FindingKind.NOT_AS_DECLARED: "图货不符",
    FindingKind.OPAQUE: "无法穿透",
}
FINDINGS: Mapping[str, Term] = {kind.value: Term(kind.value, _FINDINGS.get(kind, kind.value)) for kind in FindingKind}
CHANNELS: Mapping[str, Term] = {
    "mail": Term("mail", "邮件"),
    "express": Term("express", "快件"),
    "cbec": Term("cbec", "跨境电商"),
    "cargo": Term("cargo", "货运"),
}
KINDS: Mapping[str, Term] = {"parcel": Term("parcel", "包裹"), "container": Term("container", "集装箱")}
CREDITS: Mapping[str, Term] = {
    Credit.DISHONEST.value: Term("dishonest", "失信企业"),
    Credit.ORDINARY.value: Term("ordinary", "普通企业"),
    Credit.ADVANCED.value: Term("advanced", "高级认证"),
}


def _declared(read: Callable[[Any], Any]) -> Callable[[Facts], Any]:
    """A field of the declaration; text that is not stated is not known."""

    def read_declared(facts: Facts) -> Any:
        found = None if facts.declaration is None else read(facts.declaration)
        return None if found == "" else found

    return read_declared


def _filed(read: Callable[[Any], Any]) -> Callable[[Facts], Any]:
    return lambda facts: None if facts.filing is None else read(facts.filing)


def _quantity(line: GoodsLine) -> float | None:
    try:
        return float(line.quantity)
    except ValueError:
        return None


def _kg(grams: int | None) -> float | None:
    return None if grams is None else grams / 1000


def _yuan(units: int | None) -> float | None:
    return None if units is None else units / UNIT


def _names(facts: Facts) -> str | None:
    return facts.declaration.summary if facts.declaration else None


_P, _G, _D = Scope.PARCEL, Scope.GOODS, Scope.DETECTION
_N, _T, _B, _S = Kind.NUMBER, Kind.TEXT, Kind.YES_NO, Kind.SET

FIELDS: tuple[Field, ...] = (
    Field("number", Term("number", "单号"), _P, _T, lambda facts: facts.number or None),
    Field(
        "kind", Term("kind", "类型"), _P, _T, lambda facts: facts.kind.value, choices=KINDS, is_open=False
    ),
    Field("declared", Term("declared", "已申报"), _P, _B, lambda facts: facts.declaration is not None),
    Field("channel", Term("channel", "渠道"), _P, _T, _declared(lambda found: found.channel), choices=CHANNELS),
    Field("outbound", Term("outbound", "出境"), _P, _B, lambda facts: facts.is_outbound),
    Field("consignor", Term("consignor", "寄件人"), _P, _T, _declared(lambda found: found.sender)),
    Field("consignee", Term("consignee", "收件人"), _P, _T, _declared(lambda found: found.consignee)),
    Field("origin", Term("origin", "启运国"), _P, _T, _declared(lambda found: found.origin)),
    Field("value", Term("value", "申报价值"), _P, _N, lambda facts: facts.value, Measure.MONEY),
    Field("currency", Term("currency", "币制"), _P, _T, _declared(lambda found: found.currency)),
    Field("weight", Term("weight", "毛重"), _P, _N, _declared(lambda found: _kg(found.gross_weight_g)), Measure.MASS),
    Field("goods_names", Term("goods_names", "全部品名"), _P, _T, _names),
    Field(
        "findings", Term("findings", "异常"), _P, _S,
        lambda facts: {finding.kind.value for finding in facts.findings}, choices=FINDINGS, is_open=False,
    ),
    Field(
        "credit", Term("credit", "信用等级"), _P, _T, _filed(lambda found: found.credit), choices=CREDITS,
        is_open=False, is_ordered=True,
    ),
    Field("filed", Term("filed", "已备案"), _P, _B, _filed(lambda found: found.standing is not None)),
    Field("blacklisted", Term("blacklisted", "黑名单"), _P, _B, _filed(lambda found: Book.BLACKLIST in found.lists)),
    Field("whitelisted", Term("whitelisted", "白名单"), _P, _B, _filed(lambda found: Book.WHITELIST in found.lists)),
    Field("forbidden", Term("forbidden", "负面清单"), _P, _B, _filed(lambda found: bool(found.negative_lines))),
    Field("unlisted", Term("unlisted", "正面清单外"), _P, _B, _filed(lambda found: bool(found.unlisted_lines))),
    Field("underpriced", Term("underpriced", "低于参考价"), _P, _B, _filed(lambda found: bool(found.underpriced))),
    Field("mismatch", Term("mismatch", "图货不符度"), _P, _N, lambda facts: facts.mismatch),
    Field("opaque", Term("opaque", "无法穿透占比"), _P, _N, lambda facts: facts.opaque),
    Field("name", Term("name", "品名"), _G, _T, lambda line: line.name or None),
    Field("hs", Term("hs", "税号"), _G, _T, lambda line: line.hs_code or None),
    Field("quantity", Term("quantity", "数量"), _G, _N, _quantity),
    Field("unit", Term("unit", "单位"), _G, _T, lambda line: line.unit or None),
    Field("line_value", Term("line_value", "单项价值"), _G, _N, lambda line: _yuan(line.value), Measure.MONEY),
    Field("line_weight", Term("line_weight", "单项重量"), _G, _N, lambda line: _kg(line.weight_g), Measure.MASS),
    Field("made_in", Term("made_in", "原产国"), _G, _T, lambda line: line.origin or None),
    Field("class", Term("class", "类别"), _D, _T, lambda seen: seen.label, choices=CLASSES),
    Field(
        "level", Term("level", "置信"), _D, _T, lambda seen: seen.level, choices=LEVELS, is_open=False, is_ordered=True
    ),
    Field("score", Term("score", "分值"), _D, _N, lambda seen: seen.score),
)  # fmt: skip

COLLECTIONS: Mapping[Scope, tuple[Term, Callable[[Facts], Any]]] = {
    Scope.GOODS: (Term("goods", "商品"), lambda facts: facts.goods),
    Scope.DETECTION: (Term("detection", "目标"), lambda facts: facts.seen),
}

WORDS: Mapping[str, Term] = {
    "and": Term("and", "且"),
    "or": Term("or", "或"),
    "not": Term("not", "非"),
    "in": Term("in", "属于"),
    "not_in": Term("not_in", "不属于"),
    "starts": Term("starts_with", "开头为"),
    "contains": Term("contains", "包含"),
    "known": Term("is_known", "已知"),
    "unknown": Term("is_unknown", "未知"),
    "any": Term("any", "任一"),
    "every": Term("every", "每项"),
    "count": Term("count", "计数"),
    "random": Term("random", "随机"),
    "arrivals": Term("arrivals", "到件数"),
    "hits": Term("hits", "查获数"),
    "consignor": Term("consignor", "寄件人"),
    "consignee": Term("consignee", "收件人"),
}
MORE_WORDS = {
    "known": "known", "unknown": "unknown", "starts": "starts", "并且": "and", "而且": "and", "或者": "or",
    "不是": "not", "开头是": "starts", "不明": "unknown", "存在": "any", "全部": "every", "数目": "count",
    "抽取": "random",
}  # fmt: skip
MORE_FIELDS = {
    "detections": "detection", "发件人": "consignor", "货物": "goods", "启运地": "origin", "总价值": "value",
    "价值": "value", "重量": "weight", "置信度": "level", "sender": "consignor",
}  # fmt: skip
