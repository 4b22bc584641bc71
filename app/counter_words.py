"""What the counters found, in the officer's language, each with the rule that says so."""

from __future__ import annotations

from app.customs.lanes import VehicleFault
from app.customs.refund import FormFault
from app.customs.returns import ReturnFault
from app.customs.states import Term
from app.texts import language, text


def say_source(source: Term) -> str:
    """Where a rule stands."""
    return source.zh if language() == "zh_CN" else source.en


def say_return_fault(fault: ReturnFault) -> str:
    said = text(f"returns.fault.{fault.kind}", line=fault.line, found=fault.found, expected=fault.expected)
    return _with_source(said, fault.source)


def say_form_fault(fault: FormFault) -> str:
    said = text(f"counters.form_fault.{fault.kind}", line=fault.line, found=fault.found, expected=fault.expected)
    return _with_source(said, fault.source)


def say_vehicle_fault(fault: VehicleFault) -> str:
    said = text(f"counters.vehicle_fault.{fault.kind}", found=fault.found, expected=fault.expected)
    return _with_source(said, fault.source)


def _with_source(said: str, source: Term | None) -> str:
    return f"{said} ({say_source(source)})" if source else said
