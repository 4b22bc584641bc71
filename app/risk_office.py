"""The station's part for risk: lanes by the rules in force, and the rules as officers write, try and switch them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone

from app.customs.errors import GreenDelayedError
from app.customs.filings import FilingFacts, KnowsFilings
from app.customs.parcel import Declaration, Finding, Kind, Lane, Parcel, Seen
from app.customs.risk.condition import Random
from app.customs.risk.errors import RuleSelfApprovedError, RuleUnchangedError, RuleUnknownError
from app.customs.risk.facts import Facts
from app.customs.risk.lanes import Assessment, RuleSet, split_reason
from app.customs.risk.rule import Rule
from app.customs.risk.table import to_json
from app.customs.risk.versions import RuleState, RuleVersion, Selected
from app.customs.risk.whatif import Judged, Trial, WhatIf
from app.customs.states import Action, Term
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.store import Store

FILE = "file"
"""Who wrote the rules that came with the station or from the post's file."""
MOST_TRIED = 200_000
"""Parcels that a trial goes through at most, the newest."""


@dataclass(frozen=True, slots=True)
class Redrawn:
    """The random control of a day, drawn again with the key that the log revealed.

    `missing` should have been selected by a rule and were not, `extra` were and should not.
    """

    day: date
    parcels: int
    drawn: int
    missing: tuple[tuple[str, str], ...]
    extra: tuple[tuple[str, str], ...]

    @property
    def is_ok(self) -> bool:
        return not self.missing and not self.extra


class RiskOffice:
    """Sets lanes, and keeps the rules. May be used from any thread."""

    def __init__(self, store: Store, post: Post, rights: Rights, rules: Sequence[Rule]) -> None:
        self.filings: KnowsFilings | None = None
        """Who says what is filed of who declared, where the post has filings."""
        self.titles: dict[str, Term] = {}
        """The newest name of every rule by its id, kept up to date in place."""
        self._store = store
        self._rights = rights
        self._zone = timezone(timedelta(hours=post.utc_offset_h))
        self._lock = threading.Lock()
        self._rules, self._seq = RuleSet(()), -1
        self._keys: dict[date, bytes] = {}
        self._seed(rules)
        self._refresh()
        self._store.rules.reveal_keys(self.today())

    # Lanes

    def assess(
        self,
        number: str,
        arrived_at: datetime,
        seen: Sequence[Seen],
        findings: Sequence[Finding],
        kind: Kind,
    ) -> Assessment:
        """The lane of a parcel by the rules in force."""
        return self.assess_declared(
            number, arrived_at, seen, findings, kind, declaration=self._store.find_declaration(number)
        )

    def assess_declared(
        self,
        number: str,
        arrived_at: datetime,
        seen: Sequence[Seen],
        findings: Sequence[Finding],
        kind: Kind,
        *,
        declaration: Declaration | None,
    ) -> Assessment:
        """The same where the declaration of the number is at hand."""
        self._refresh()
        day = self.day_of(arrived_at)
        facts = Facts(
            number,
            day,
            declaration,
            seen,
            findings,
            day_key=self._key(day),
            arrived_at=arrived_at,
            kind=kind,
            history=self._store.past,
            filing=self._filing(declaration, day),
        )
        return self._rules.assess(facts)

    def assess_again(self, parcel: Parcel, findings: Sequence[Finding]) -> Assessment:
        """The lane of a parcel whose findings have changed."""
        return self.assess(parcel.number, parcel.arrived_at, parcel.seen, findings, parcel.kind)

    def expect_delay_over(self, parcel: Parcel, action: Action, now: datetime) -> None:
        """
        Raises:
            GreenDelayedError: a rule delays the release of this green parcel (延时放行), and its time is not over.
        """
        if parcel.lane is not Lane.GREEN or action is not Action.RELEASE:
            return
        named = {split_reason(reason)[0] for reason in parcel.lane_reasons}
        delay_min = max((rule.delay_min for rule in self.in_force() if rule.id in named), default=0)
        until = parcel.arrived_at + timedelta(minutes=delay_min)
        if now < until:
            raise GreenDelayedError(
                f"A rule delays the release of this parcel until {until:%H:%M}.",
                minutes=-(-int((until - now).total_seconds()) // 60),
            )

    def in_force(self) -> RuleSet:
        self._refresh()
        return self._rules

    def day_of(self, moment: datetime) -> date:
        """The day at the post in which a moment lies."""
        return moment.astimezone(self._zone).date()

    def today(self) -> date:
        return self.day_of(datetime.now(UTC))

    # Rules

    def states(self) -> list[RuleState]:
        """Every rule with its newest version and the one in force."""
        return self._store.rules.states()

    def versions(self, rule_id: str) -> list[RuleVersion]:
        return self._store.rules.versions(rule_id)

    def selected(self, rule_id: str, *, limit: int, before: int | None = None) -> list[Selected]:
        """What a rule selected, the latest first, in pages."""
        return self._store.rules.selected(rule_id, before=before, limit=limit)

    def write(self, rule: Rule, *, officer: str) -> RuleVersion:
        """Keep a rule as a new version; it is in force only when it is switched on.

        Raises:
            OfficerError: the officer may not write rules. RuleUnchangedError: nothing is different.
        """
        self._rights.require(officer, Right.RULES_EDIT)
        versions = self._store.rules.versions(rule.id)
        if versions and to_json(versions[0].rule) == to_json(rule):
            raise RuleUnchangedError(f"Nothing is different from version {versions[0].rule.version}.", id=rule.id)
        made = self._store.rules.add([rule], author=officer, now=datetime.now(UTC))[0]
        self.titles[rule.id] = rule.title
        return made

    def switch_on(self, rule_id: str, version: int, *, officer: str, approver: str = "", pin: str = "") -> None:
        """Switch a version on, in place of the one in force; another than its author has to agree.

        `approver` stands beside the officer with his own PIN; without one the officer himself switches.

        Raises:
            OfficerError: the right is missing, or the secret is refused. RuleSelfApprovedError: he wrote it himself.
            RuleUnknownError: there is no such version.
        """
        by = self._approved(officer, approver, pin)
        found = next((each for each in self.versions(rule_id) if each.rule.version == version), None)
        if found is None:
            raise RuleUnknownError(f"There is no version {version} of a rule {rule_id}.", id=rule_id, version=version)
        if by == found.author:
            raise RuleSelfApprovedError(f"{by} wrote this version; another has to switch it on.", officer=by)
        self._switch({rule_id: version}, by)

    def switch_off(self, rule_id: str, *, officer: str, approver: str = "", pin: str = "") -> None:
        """Switch a rule off. Raises as `switch_on`."""
        self._switch({rule_id: 0}, self._approved(officer, approver, pin))

    def with_rule(self, rule: Rule) -> RuleSet:
        """The rules in force, with one in place of its other version."""
        return RuleSet([*(each for each in self.in_force() if each.id != rule.id), rule])

    def try_out(self, rules: RuleSet, days: int, progress: Callable[[int], bool] = lambda _: True) -> WhatIf:
        """What these rules would have done on the parcels of the last days, beside those in force.

        `progress` is told how many parcels are done, and ends the trial with False.
        """
        since = datetime.combine(self.today() - timedelta(days=days - 1), time(), self._zone)
        trial = Trial(self.in_force(), rules)
        for page in self._store.past.judged(since, MOST_TRIED):
            trial.add(self._completed(each) for each in page)
            if not progress(trial.found.parcels):
                break
        return trial.found

    def redraw(self, day: date) -> Redrawn | None:
        """Draw a day's random control again with the key that the log revealed; None while the key is secret.

        Only rules that are nothing but a draw follow from number and key alone, so these are held against the log.
        """
        key = self._store.rules.revealed_key(day)
        if key is None:
            return None
        first = datetime.combine(day, time(), self._zone)
        return self._redraw(day, key, first, first + timedelta(days=1))

    def has_drawn(self, day: date) -> bool:
        """Whether anything could be drawn on a day: only then is there a key of it."""
        return self._store.rules.find_day_key(day) is not None

    def _redraw(self, day: date, key: bytes, first: datetime, end: datetime) -> Redrawn:
        held = self._store.rules.selected_on(first, end)
        rules = [rule for rule in self.in_force() if isinstance(rule.condition, Random) and rule.is_in_force(day)]
        wanted: dict[str, set[str]] = {rule.id: set() for rule in rules}
        count = 0
        for page in self._store.past.judged(first, MOST_TRIED):
            for facts in (each.facts for each in page if each.facts.arrived_on == day):
                count += 1
                for rule in RuleSet(rules).fired(replace(facts, day_key=key)):
                    wanted[rule.id].add(facts.number)
        pairs = [(rule_id, wanted[rule_id], held.get(rule_id, set())) for rule_id in wanted]
        return Redrawn(
            day,
            count,
            sum(len(numbers) for numbers in wanted.values()),
            tuple((rule_id, number) for rule_id, new, old in pairs for number in sorted(new - old)),
            tuple((rule_id, number) for rule_id, new, old in pairs for number in sorted(old - new)),
        )

    def _completed(self, judged: Judged) -> Judged:
        """A parcel of the past with what the store's page does not know: history, filing, the key of its day."""
        facts, declaration = judged.facts, judged.facts.declaration
        filing = self._filing(declaration, facts.arrived_on)
        key = self._keys.get(facts.arrived_on) or self._store.rules.find_day_key(facts.arrived_on) or b""
        self._keys[facts.arrived_on] = key
        return replace(judged, facts=replace(facts, day_key=key, history=self._store.past, filing=filing))

    def _filing(self, declaration: Declaration | None, day: date) -> FilingFacts | None:
        return None if declaration is None or self.filings is None else self.filings.facts_of(declaration, day)

    def _approved(self, officer: str, approver: str, pin: str) -> str:
        if approver:
            self._rights.require(officer, Right.RULES_EDIT)
            return self._rights.approve(approver, pin, first=officer, right=Right.RULES_SWITCH_ON)
        self._rights.require(officer, Right.RULES_SWITCH_ON)
        return officer

    def _switch(self, versions: dict[str, int], officer: str) -> None:
        self._store.rules.switch(versions, officer=officer, now=datetime.now(UTC))
        self._refresh()

    def _key(self, day: date) -> bytes:
        """The key of a day; with the first of a new day those before are revealed."""
        key = self._keys.get(day)
        if not key:
            key = self._keys[day] = self._store.rules.day_key(day)
            self._store.rules.reveal_keys(self.today())
        return key

    def _refresh(self) -> None:
        """Take over what was switched, here or by another program."""
        seq = self._store.rules.newest_seq()
        if seq == self._seq:
            return
        with self._lock:
            states = self._store.rules.states()
            self.titles.update({state.newest.rule.id: state.newest.rule.title for state in states})
            self._rules, self._seq = RuleSet(state.in_force.rule for state in states if state.in_force), seq

    def _seed(self, rules: Sequence[Rule]) -> None:
        """Bring the rules of the file into the store: new ones, and those that the file has changed.

        They are switched on, except where an officer has put a version of his own in force or switched the rule off.
        """
        states = {state.newest.rule.id: state for state in self._store.rules.states()}
        fresh = [rule for rule in rules if _is_news(rule, self.versions(rule.id) if rule.id in states else [])]
        if not fresh:
            return
        now = datetime.now(UTC)
        made = self._store.rules.add(fresh, author=FILE, now=now)
        mine = {id for id, state in states.items() if state.in_force is None or state.in_force.author != FILE}
        on = {each.rule.id: each.rule.version for each in made if each.rule.id not in mine}
        self._store.rules.switch(on, officer=FILE, now=now)


def _is_news(rule: Rule, versions: Sequence[RuleVersion]) -> bool:
    """Whether a rule of the file differs from what the file said last."""
    last = next((each for each in versions if each.author == FILE), None)
    return last is None or to_json(last.rule) != to_json(rule)
