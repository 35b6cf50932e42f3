"""The two-way assessment: of each office by what the other ends hold, in figures that open down to their duties.

Scores come from indicators alone. A breach of rights outranks any score; whoever has too few cases to tell is shown with
what can be told, and not ranked; a figure that its office contests is marked until the contest is answered.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from django.db import connection

from yipan.offices.office import names_of
from yipan.statistics.checks import counted
from yipan.statistics.content import asked_of
from yipan.statistics.engine import filled
from yipan.statistics.gaming import seen
from yipan.statistics.measures import figure_named, figures, values_of
from yipan.statistics.periods import Span
from yipan.statistics.scoring import scoring, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from yipan.law.definition import Definition
    from yipan.offices.permit import Permit
    from yipan.statistics.engine import Engine
    from yipan.statistics.gaming import Seen
    from yipan.statistics.measures import Value
    from yipan.statistics.scoring import Edition

#: Standard deviations to each side that hold 95 of 100.
_SIDE: Final = Decimal("1.959963984540054")
_HUNDREDTH: Final = Decimal("0.01")
_DIGITS: Final = 50
CONTESTED, ANSWERED, WITHDRAWN = "figure.contested", "contest.answered", "contest.withdrawn"
_MEASURED_BELOW: Final = (
    "SELECT line.organisation_id FROM offices_line line JOIN duties_openedoffice opened"
    " ON opened.organisation = line.organisation_id JOIN offices_organisation office ON office.id = line.organisation_id"
    " WHERE line.superior_id = %s AND line.depth <= 1 AND office.kind = 'health' ORDER BY line.depth, 1"
)
_CONTESTS: Final = """
SELECT asked.thread_id, asked.clock, asked.parties, asked.counts_at, answered.clock
  FROM duties_event asked
  LEFT JOIN duties_event answered ON answered.thread_id = asked.thread_id AND answered.kind IN (%s, %s)
 WHERE asked.kind = %s ORDER BY asked.counts_at
"""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One indicator of one office: so many of so many, against its target, with the weight it has."""

    definition: Definition
    top: int
    bottom: int
    value: Fraction
    target: Fraction
    weight: int
    contested: bool = False

    @property
    def share(self) -> Fraction:
        """How much of the target was reached, at most all of it."""
        return min(Fraction(1), self.value / self.target) if self.target else Fraction(1)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What one office owed another and sent it, by what the other end holds."""

    debtor: str
    creditor: str
    due: int
    kept: int
    late: int
    overdue: int
    #: Of the duties closed, those that the other end recorded itself.
    attested: int
    sent: int
    arrived: int
    #: Said to have arrived before they were sent.
    early: int

    @property
    def unarrived(self) -> int:
        """How much was sent of which the other end knows nothing."""
        return self.sent - self.arrived


@dataclass(frozen=True, kw_only=True)
class Card:
    """What an assessment says of one office."""

    office: str
    name: str
    figures: tuple[Scored, ...]
    base: Decimal | None
    bonus: Decimal
    score: Decimal | None
    #: Breaches of rights: seen first, whatever the score.
    red: int
    #: Of all that fell due, how much was kept; and between which shares that lets the true one lie.
    due: int
    kept: int
    low: Decimal | None
    high: Decimal | None
    pairs: tuple[Pair, ...]
    rank: int | None = None
    #: Whether the one ranked before it may as well stand behind: their intervals overlap.
    even_with_one_before: bool = False


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """Of an office and those right below it, over a stretch of days."""

    office: str
    first_on: date
    after_on: date
    cards: tuple[Card, ...]
    pairs: tuple[Pair, ...]
    fewest: int
    names: Mapping[str, str] = field(default_factory=dict)
    #: What may be a way to look better, of each office: beside the scores, and no part of them.
    tricks: tuple[Seen, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Contest:
    """A contested figure: whose, of which period, and what was answered (empty: nothing yet)."""

    thread: UUID
    office: str
    assessor: str
    figure: str
    period: str
    at: datetime
    result: str


def assess(
    permit: Permit, span: Span, now: datetime, *, fresh: bool = True, engine: Engine | None = None
) -> Assessment:
    """Assess the permit's organisation and those right below it.

    `fresh`: bring the folder of figures up to date first. `engine`: where the period is counted already.

    Raises:
        NotPermittedError: the post does not include reading duties.
        NoScoringError: nothing says how to score there then.
    """
    permit.require("read-duties", now)
    offices = _offices(permit.organisation)
    contested = {(each.office, each.figure) for each in contests(permit, now) if not each.result}
    with nullcontext(engine) if engine else counted(span, now, fresh=fresh) as told:
        values = values_of(told, offices, with_below=False)
        worked = {
            row[0]: (int(row[1]), int(row[2]))
            for row in told.rows("SELECT office, SUM(due), SUM(kept) FROM worked GROUP BY office")
            if row[0] in offices
        }
        pairs = pairs_of(told, span, now, offices)
        tricks = seen(told, asked_of(span, now), offices)
    others = {each for pair in pairs for each in (pair.debtor, pair.creditor)}
    names = names_of({*offices, *others, *(each.partner for each in tricks if each.partner)})
    day = span.first_on
    edition = scoring().edition(day.year, permit.organisation)
    cards = [
        card_of(
            office,
            names.get(office, office),
            [values[key] for key in values if key[1] == office],
            worked.get(office, (0, 0)),
            [pair for pair in pairs if office in (pair.debtor, pair.creditor)],
            day=day,
            contested={figure for own, figure in contested if own == office},
        )
        for office in offices
    ]
    return Assessment(
        office=permit.organisation,
        first_on=span.first_on,
        after_on=span.after_on,
        cards=tuple(ranked(cards, edition)),
        pairs=tuple(pairs),
        fewest=edition.fewest,
        names=names,
        tricks=tuple(tricks),
    )


def _offices(office: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_MEASURED_BELOW, [office])
        found = [row[0] for row in cursor.fetchall()]
    return found or [office]


def card_of(  # noqa: PLR0913  # each is a part of the card
    office: str,
    name: str,
    values: Sequence[Value],
    worked: tuple[int, int],
    pairs: Sequence[Pair],
    *,
    day: date,
    contested: set[str],
) -> Card:
    """Return the card of an office: pure arithmetic over what was counted, in whole fractions to the end."""
    edition = scoring().edition(day.year, office)
    scored, bonus, red = [], Fraction(0), 0
    for value in values:
        one = figure_named(value.figure)
        if one is None:
            continue
        number = value.of(one)
        if value.figure == edition.bonus_figure:
            most = Fraction(edition.bonus_most)
            bonus = max(-most, min(most, Fraction(value.top) * edition.bonus_each))
        elif value.figure == edition.veto:
            red = value.top
        elif number is not None and edition.weight_of(one):
            target, _ = target_of(one, office, day, edition.target)
            scored.append(
                Scored(
                    definition=one, top=value.top, bottom=value.bottom, value=number, target=target,
                    weight=edition.weight_of(one), contested=value.figure in contested,
                )
            )  # fmt: skip
    base = base_of(scored)
    due, kept = worked
    low, high = interval(kept, due)
    return Card(
        office=office,
        name=name,
        figures=tuple(scored),
        base=None if base is None else rounded(base),
        bonus=rounded(bonus),
        score=None if base is None else rounded(base + bonus),
        red=red,
        due=due,
        kept=kept,
        low=low,
        high=high,
        pairs=tuple(pairs),
    )


def base_of(scored: Sequence[Scored]) -> Fraction | None:
    """Return the weighted mean of how much of each target was reached, of a hundred; None where nothing was counted."""
    weights = sum(each.weight for each in scored)
    if not weights:
        return None
    return 100 * sum((each.weight * each.share for each in scored), Fraction(0)) / weights


def rounded(number: Fraction) -> Decimal:
    """Return a number to two places, the half upwards; rounded once, at the very end."""
    with localcontext() as context:
        context.prec = _DIGITS
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        return exact.quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)


def interval(kept: int, due: int) -> tuple[Decimal | None, Decimal | None]:
    """Return between which shares, in per cent, the true one lies in 95 of 100 cases (Wilson's score interval)."""
    if not due:
        return None, None
    with localcontext() as context:
        context.prec = _DIGITS
        n, share, z = Decimal(due), Decimal(kept) / Decimal(due), _SIDE
        middle = share + z * z / (2 * n)
        side = z * (share * (1 - share) / n + z * z / (4 * n * n)).sqrt()
        whole = 1 + z * z / n
        low, high = (100 * (middle - side) / whole), (100 * (middle + side) / whole)
        return (
            max(Decimal(0), low).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP),
            min(Decimal(100), high).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP),
        )


def ranked(cards: Sequence[Card], edition: Edition) -> list[Card]:
    """Return the cards: red ones first and unranked, then the ranked by score, then those with too few cases to tell."""
    red = [each for each in cards if each.red]
    told = [each for each in cards if not each.red and each.score is not None and each.due >= edition.fewest]
    told.sort(key=lambda each: (-(each.score or 0), each.office))
    few = [each for each in cards if each not in red and each not in told]
    placed: list[Card] = []
    for number, each in enumerate(told, start=1):
        before = placed[-1] if placed else None
        same = before is not None and before.score == each.score
        overlaps = (
            before is not None
            and each.high is not None
            and before.low is not None
            and each.high >= before.low
        )
        placed.append(
            replace(each, rank=before.rank if same and before else number, even_with_one_before=overlaps)
        )
    return [*red, *placed, *few]


def pairs_of(engine: Engine, span: Span, now: datetime, offices: Sequence[str]) -> list[Pair]:
    """Return both directions between some offices and whomever they deal with, by what each end holds of the other.

    The period is counted in the engine (`checks.count()`).
    """
    query = (
        f"SELECT * FROM ({filled('pairs', asked_of(span, now))}) WHERE creditor IN (SELECT office FROM offices)"  # noqa: S608  # our own text
        " AND (debtor IN (SELECT unnest($1::VARCHAR[])) OR creditor IN (SELECT unnest($1::VARCHAR[]))) ORDER BY ALL"
    )
    rows = engine.dicts(query, [list(offices)])
    numbers = [name for name in Pair.__dataclass_fields__ if name not in ("debtor", "creditor")]
    return [
        Pair(debtor=row["debtor"], creditor=row["creditor"], **{name: int(row[name]) for name in numbers})
        for row in rows
    ]


def contests(permit: Permit, now: datetime) -> list[Contest]:
    """Return the contested figures that the permit's organisation is a party to."""
    permit.require("read-duties", now)
    with permit.in_force(), connection.cursor() as cursor:
        cursor.execute(_CONTESTS, [ANSWERED, WITHDRAWN, CONTESTED])
        rows = cursor.fetchall()
    found = []
    for thread, clock, parties, at, answer in rows:
        said, held = (json.loads(each) if isinstance(each, str) else each for each in (clock, parties))
        answered = json.loads(answer) if isinstance(answer, str) else answer
        result = "" if answered is None else str(answered.get("result", "withdrawn"))
        office, assessor = (held.get(role, [""])[0] for role in ("office", "assessor"))
        found.append(
            Contest(
                thread=thread, office=office, assessor=assessor, figure=str(said.get("figure", "")),
                period=str(said.get("period", "")), at=at, result=result,
            )
        )  # fmt: skip
    return found


def stretch(first_on: date, after_on: date) -> Span:
    """Return a stretch of days that need be no period of the calendar."""
    return Span(first_on=first_on, after_on=max(after_on, first_on + timedelta(days=1)))


def indicators_scored() -> list[Definition]:
    """Return the indicators that an assessment weighs."""
    return [each for each in figures("indicator") if each.figure and each.figure.weight]
