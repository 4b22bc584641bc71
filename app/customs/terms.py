"""What each state and action is called (名称), and which code of other systems a state stands for."""

from __future__ import annotations

from dataclasses import dataclass

from app.customs.states import Action, State, Term


@dataclass(frozen=True, slots=True)
class StateCodes:
    """A state's name and its codes: CEB 622 receipt statuses, EDIFACT 7365, EPCIS business step and disposition."""

    term: Term
    ceb: tuple[str, ...] = ()
    edifact: str = ""
    biz_steps: tuple[str, ...] = ()
    disposition: str = ""


_S, _A = State, Action

# Source: CEB 622 and EDIFACT 7365 code lists, GS1 CBV 2.0; the mapping of states to them is Guanjian's own.
STATES: dict[State, StateCodes] = {
    _S.PRE_ADVISED: StateCodes(Term("pre-advised", "预报"), ("2", "3", "120"), "9"),
    _S.ARRIVED: StateCodes(Term("arrived, awaiting imaging", "运抵待检"), ("120",), "", ("arriving",), "in_progress"),
    _S.IMAGED: StateCodes(Term("imaged, awaiting review", "已机检待审图"), (), "", ("inspecting",), "in_progress"),
    _S.DOC_REVIEW: StateCodes(Term("document review", "人工审单"), ("300",), "6", ("inspecting",), "in_progress"),
    _S.REFERRED: StateCodes(Term("referred to opening", "转开箱查验"), ("500",), "5", ("holding",), "in_progress"),
    _S.EXAMINING: StateCodes(
        Term("under examination", "查验中"), ("500",), "5", ("unpacking", "inspecting"), "container_open"
    ),
    _S.EXAM_ABNORMAL: StateCodes(
        Term("discrepancy, awaiting disposal", "查验异常待处置"), ("500",), "5", ("inspecting",), "non_conformant"
    ),
    _S.AWAITING_PARTY: StateCodes(
        Term("waiting for the addressee", "待当事人办理"), ("300", "600"), "6", ("holding",), "unavailable"
    ),
    _S.AWAITING_LAB: StateCodes(
        Term("waiting for the laboratory", "待检测鉴定"), ("500",), "6", ("sampling",), "unavailable"
    ),
    _S.HELD: StateCodes(Term("on hold", "暂存"), ("600",), "5", ("holding",), "unavailable"),
    _S.DETAINED: StateCodes(
        Term("detained", "扣留"), ("501", "502", "503", "599"), "7", ("holding",), "non_conformant"
    ),
    _S.COND_RELEASED: StateCodes(Term("conditionally released", "附条件提离"), (), "8", ("departing",), "in_transit"),
    _S.RELEASED: StateCodes(Term("released", "放行"), ("800",), "4", ("departing",), "conformant"),
    _S.CLOSED: StateCodes(Term("left the site, closed", "结关离场"), ("899",), "", ("departing",), "in_transit"),
    _S.RETURNED: StateCodes(Term("returned", "退运"), ("700",), "2", ("shipping",), "returned"),
    _S.TRANSFERRED: StateCodes(
        Term("handed over", "移交"), ("501", "502", "503", "505"), "7", ("other",), "non_sellable_other"
    ),
    _S.CONFISCATED: StateCodes(Term("confiscated", "收缴"), (), "7", ("other",), "disposed"),
    _S.DESTROYED: StateCodes(Term("destroyed", "销毁"), (), "7", ("destroying",), "destroyed"),
    _S.ABANDONED: StateCodes(Term("abandoned", "放弃"), (), "7", ("other",), "disposed"),
    _S.REJECTED: StateCodes(Term("declaration rejected", "退单"), ("100",), "2"),
}

ACTIONS: dict[Action, Term] = {
    _A.REGISTER_ARRIVAL: Term("Register arrival", "运抵登记"),
    _A.CAPTURE_IMAGE: Term("Capture image", "机检"),
    _A.RELEASE: Term("Release", "放行"),
    _A.DOC_REVIEW: Term("Review documents", "转人工审单"),
    _A.REFER: Term("Refer to opening", "转查验"),
    _A.OPEN: Term("Open and examine", "开箱查验"),
    _A.EXAM_NORMAL: Term("Examination normal", "查验正常"),
    _A.EXAM_ABNORMAL: Term("Examination abnormal", "查验异常"),
    _A.REQUIRE_PARTY: Term("Ask the addressee", "通知当事人办理"),
    _A.PARTY_DONE: Term("Addressee has answered", "当事人已办理"),
    _A.SAMPLE: Term("Sample for the laboratory", "取样送检"),
    _A.LAB_NORMAL: Term("Laboratory: normal", "鉴定正常"),
    _A.LAB_ABNORMAL: Term("Laboratory: abnormal", "鉴定异常"),
    _A.HOLD: Term("Hold", "暂存"),
    _A.LIFT_HOLD: Term("Lift hold", "解除暂存"),
    _A.DETAIN: Term("Detain", "扣留"),
    _A.LIFT_DETENTION: Term("Lift detention", "解除扣留"),
    _A.CONDITIONAL_RELEASE: Term("Release conditionally", "附条件提离"),
    _A.DESTINATION_NORMAL: Term("Destination check normal", "目的地查验正常"),
    _A.DESTINATION_ABNORMAL: Term("Destination check abnormal", "目的地查验异常"),
    _A.CLOSE: Term("Close, has left", "离场结关"),
    _A.RETURN: Term("Return to sender", "退运"),
    _A.TRANSFER: Term("Hand over", "移交"),
    _A.CONFISCATE: Term("Confiscate", "收缴"),
    _A.DESTROY: Term("Destroy", "销毁"),
    _A.ABANDON: Term("Abandoned by owner", "放弃"),
    _A.REJECT: Term("Reject declaration", "退单"),
}

# The reasons that an officer may choose from; an id is kept with the decision and named in the texts.
REASONS: dict[Action, tuple[str, ...]] = {
    _A.RELEASE: ("no_suspicion", "false_alarm", "as_declared", "finding_cleared", "documents_settled"),
    _A.DOC_REVIEW: ("value_doubt", "classification_doubt", "documents_missing", "over_limit"),
    _A.REFER: (
        "suspected_weapon", "suspected_drugs", "suspected_prohibited", "suspected_concealment", "differs_from_declared",
        "live_or_plant", "battery_or_dangerous", "image_unclear", "control_order", "random_check",
    ),
    _A.EXAM_NORMAL: ("as_declared", "false_alarm"),
    _A.EXAM_ABNORMAL: (
        "prohibited_goods", "not_declared", "name_differs", "classification_differs", "quantity_differs",
        "value_differs", "infringement", "quarantine",
    ),
    _A.REQUIRE_PARTY: ("supplement_declaration", "tax_payment", "tax_review", "documents", "return_request"),
    _A.SAMPLE: ("identify_substance", "authenticity", "quarantine"),
    _A.LAB_ABNORMAL: ("prohibited_goods", "classification_differs", "infringement", "quarantine"),
    _A.HOLD: ("awaiting_information", "awaiting_second_officer", "image_unclear", "device_fault", "intelligence"),
    _A.LIFT_HOLD: ("information_received", "doubt_settled", "held_by_mistake"),
    _A.DETAIN: ("prohibited_goods", "suspected_smuggling", "infringement", "quarantine"),
    _A.LIFT_DETENTION: ("doubt_settled", "order_revoked"),
    _A.CONDITIONAL_RELEASE: ("destination_check", "result_pending", "urgent_goods"),
    _A.DESTINATION_ABNORMAL: ("name_differs", "quantity_differs", "prohibited_goods", "quarantine"),
    _A.RETURN: ("over_limit", "addressee_request", "documents_missing", "prohibited_goods"),
    _A.TRANSFER: ("anti_smuggling", "legal_department", "clearance_department", "other_agency"),
    _A.CONFISCATE: ("prohibited_goods", "infringement", "overdue"),
    _A.DESTROY: ("quarantine", "prohibited_goods", "infringement"),
    _A.ABANDON: ("addressee_request", "overdue"),
    _A.REJECT: ("declaration_wrong", "documents_missing", "duplicate_declaration"),
}  # fmt: skip
