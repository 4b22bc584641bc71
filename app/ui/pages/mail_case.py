"""A mail item's case in words: what it waits for, its tax with every rule, what was paid, what happened."""

from __future__ import annotations

from collections.abc import Iterable

from app.counter_words import say_source
from app.customs.tax import yuan
from app.mail_office import MailView
from app.texts import text
from app.ui import words
from app.ui.pages.counter import grid, heading, lines


def case_parts(view: MailView) -> Iterable[str]:
    """A case for the detail of the page."""
    waits = "  ".join(words.waiting_name(wait) for wait in sorted(view.case.waits))
    yield heading(f"{view.parcel.number}  {words.state_name(view.parcel.state)}")
    yield lines(waits, tone="accent")
    yield lines(view.case.said and text("mail.said", words=view.case.said))
    yield from _estimate_parts(view)
    yield from _money_parts(view)
    yield grid(
        (words.clock(step.at), step.actor, text(f"mail.deed.{step.kind}"), str(step.body.get("reason", "")))
        for step in view.steps
    )


def _estimate_parts(view: MailView) -> Iterable[str]:
    """The tax as it is estimated, with every rule and its source; or why it cannot be."""
    if view.why_not is not None:
        yield lines(words.error_words(view.why_not), tone="warn")
    made = view.estimate
    if made is None:
        return
    yield lines(text("mail.estimate", day=made.arrived_on.isoformat()))
    yield grid(
        (
            (
                f"{number}. {line.name}",
                text(f"mail.category.{line.category}") + (f" {text('mail.one')}" if article.is_indivisible else ""),
                yuan(line.value_fen),
                f"{line.rate_percent} %",
                yuan(line.tax_fen),
            )
            for number, (line, article) in enumerate(zip(made.lines, view.articles, strict=True), 1)
        ),
        [text(f"mail.head.{each}") for each in ("article", "category", "value", "rate", "tax")],
    )
    yield lines(
        text(
            "mail.sum",
            value=yuan(made.value_fen),
            limit=yuan(made.limit_fen),
            tax=yuan(made.tax_fen),
            due=yuan(made.due_fen),
        )
    )
    yield lines(text(f"mail.standing.{made.standing}"), tone="good" if made.is_article else "bad")
    if made.is_exempt:
        yield lines(text("mail.exempt"), tone="good")
    yield grid(
        ((rule.id, say_source(rule.source)) for rule in made.rules), [text("mail.head.rule"), text("mail.head.source")]
    )


def _money_parts(view: MailView) -> Iterable[str]:
    case = view.case
    if case.estimate is not None:
        yield lines(
            text(
                "mail.money",
                due=yuan(case.due_fen),
                paid=yuan(case.paid_fen),
                refunded=yuan(case.refunded_fen),
                owed=yuan(case.owed_fen),
            )
        )
    if case.receipts:
        yield lines(text("mail.receipts", receipts="、".join(case.receipts)))
