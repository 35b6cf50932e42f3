"""The story in the demo's world: one couple, four offices in three provinces, one silence, and how it ends.

Its steps are taken at their own moments while the year is played. Their events have ids derived from the day the story begins, so
that playing it twice records it once.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from yipan.cli.console import SHANGHAI
from yipan.cli.worlddesks import COUNTY, RESIDENCE
from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import case_of
from yipan.duties.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yipan.cli.worlddesks import Desks

    Told = tuple[datetime, Callable[[], object]]

_NAMESPACE: Final = UUID("3e0d3c1a-9f0b-5b45-8a55-0c4f1f6f2d11")
#: Where she is registered, and where he is; they live at RESIDENCE, and COUNTY is above his home.
HER_HOME: Final = "500101001"
HIS_HOME: Final = "450921100"
#: Another township of his county, which keeps silent to this day.
SILENT_HOME: Final = "450921102"
#: How many working days ago its silence began, so that it has just become one.
_REPLY: Final = 15
#: How many days ago the story begins.
_AGO: Final = timedelta(days=46)
_HER: Final = {"her_name": "李秀兰", "her_identity_number": "500101199203154526"}
_HIM: Final = {"his_name": "陈志强", "his_identity_number": "450921199011083217"}


class Story:
    """Tells the story so that its late answer falls a few days before `today`."""

    def __init__(self, today: date, desks: Desks) -> None:
        """Choose the days by the calendar."""
        self.calendar = lawbook().calendar_at(None)
        self.desks = desks
        self.begins = self.calendar.next_working_day(today - _AGO)
        self.today = today
        self.thread = case_of(self._id("asked"))
        #: The cases of the story, with which nobody else meddles.
        self.threads = {self.thread, *(case_of(self._id(case)) for case in ("second", "silent"))}

    def _id(self, step: str) -> UUID:
        return uuid5(_NAMESPACE, f"{self.begins}:{step}")

    def _at(self, working_days: int, hour: int) -> datetime:
        day = self.calendar.add_working_days(self.begins, working_days) if working_days else self.begins
        return datetime.combine(day, time(hour), tzinfo=SHANGHAI)

    def steps(self) -> Iterator[Told]:
        """Yield every step with its moment."""
        yield from self._ask()
        yield from self._verify()
        yield from self._silence_and_late_answer()
        yield from self._second_case()
        yield from self._silent_case()

    def _tell(  # noqa: PLR0913  # what a desk may say of an entry, each by its name
        self,
        step: str,
        moment: datetime,
        kind: str,
        said: Mapping[str, object],
        *,
        case: str = "asked",
        office: str = RESIDENCE,
        on_behalf_of: str = "",
        at: datetime | None = None,
        file: tuple[str, str] | None = None,
    ) -> Told:
        draft = Draft(
            kind=kind,
            id=self._id(step),
            thread=None if step == case else case_of(self._id(case)),
            at=at,
            on_behalf_of=on_behalf_of,
            fields=said,
        )
        shown = (file[0], file[1].encode()) if file else None
        return moment, partial(self.desks.record_with_file, office, moment, draft, shown)

    def _ask(self) -> Iterator[Told]:
        said = {
            **_HER, **_HIM, "her_home": HER_HOME, "his_home": HIS_HOME, "papers": "promise",
            "her_agrees_verify": True, "his_agrees_verify": True, "her_agrees_notice": True, "his_agrees_notice": False,
        }  # fmt: skip
        yield self._tell("asked", self._at(0, 10), "birth-registration.asked", said)
        number = {"form_number": f"穗洪桥〔{self.begins.year}〕17号"}
        yield self._tell("entered", self._at(0, 11), "birth-registration.entered", number)

    def _verify(self) -> Iterator[Told]:
        points = "请核实姓名和公民身份号码"
        said = {**_HER, "her_home": HER_HOME, "channel": "system", "her_points": points}
        yield self._tell("ask her", self._at(1, 9), "verification.asked", said)
        number = f"穗洪桥核〔{self.begins.year}〕9号"
        said = {
            **_HIM,
            "his_home": HIS_HOME,
            "channel": "letter",
            "document_number": number,
            "his_points": points,
        }
        yield self._tell("ask him", self._at(1, 10), "verification.asked", said)
        yield self._tell(
            "arrived", self._at(5, 15), "verification.arrived", {"his_home": HIS_HOME, "channel": "letter"},
            at=self._at(4, 15), file=("挂号信回执.txt", "挂号信回执：容州镇人民政府签收"),
        )  # fmt: skip
        confirmed = {"result": "confirmed"}
        yield self._tell("her answer", self._at(6, 14), "verification.answered", confirmed, office=HER_HOME)
        told = {"her_home": HER_HOME, "channel": "system"}
        yield self._tell("notice", self._at(7, 9), "birth-registration.home-notified", told)

    def _silence_and_late_answer(self) -> Iterator[Told]:
        yield self._at(20, 9), partial(sweep, self._at(20, 9))
        reminded = {"his_home": HIS_HOME, "measure": "reminded"}
        yield self._tell("reminded", self._at(21, 10), "silence.acted-on", reminded, office=COUNTY)
        yield self._tell(
            "late answer", self._at(24, 11), "verification.answered", {"his_home": HIS_HOME, "result": "confirmed"},
            on_behalf_of=HIS_HOME, at=self._at(23, 16), file=("容州镇复函.txt", "容州镇复函：情况属实。收件章"),
        )  # fmt: skip

    def _second_case(self) -> Iterator[Told]:
        """Leave something to do: a case of some days ago, asked of Chongqing, not yet of his home."""
        day = self.calendar.next_working_day(self.today - timedelta(days=6))
        moment = datetime.combine(day, time(9), tzinfo=SHANGHAI)
        homes = {"her_home": HER_HOME, "his_home": SILENT_HOME}
        yield from self._begin(
            "second", moment, {**homes, "her_name": "冉小燕", "his_name": "覃大明", "his_agrees_verify": True}
        )
        yield self._tell(
            "second verification.asked", moment + timedelta(hours=2), "verification.asked",
            {"her_home": HER_HOME, "channel": "system", "her_name": "冉小燕", "her_points": "请核实姓名"}, case="second",
        )  # fmt: skip

    def _silent_case(self) -> Iterator[Told]:
        """Leave a silence that has just run out: the county has it on its desk today."""
        opened_on = self.today - timedelta(days=1)
        while (
            self.calendar.rests(opened_on) or self.calendar.add_working_days(opened_on, _REPLY) >= self.today
        ):
            opened_on -= timedelta(days=1)
        moment = datetime.combine(opened_on, time(9), tzinfo=SHANGHAI)
        her = {"her_home": SILENT_HOME, "her_name": "黄月英", "her_agrees_notice": True}
        yield from self._begin("silent", moment, her)
        yield self._tell(
            "silent verification.asked", moment + timedelta(hours=1), "verification.asked",
            {"channel": "letter", "her_name": "黄月英", "her_points": "请核实姓名"}, case="silent",
        )  # fmt: skip
        yield self._tell(
            "silent verification.arrived", moment + timedelta(hours=8), "verification.arrived", {"channel": "letter"},
            case="silent", at=moment + timedelta(hours=6), file=("挂号信回执.txt", "挂号信回执：杨梅镇人民政府签收"),
        )  # fmt: skip

    def _begin(self, case: str, moment: datetime, said: Mapping[str, object]) -> Iterator[Told]:
        """Take in another couple and register them at once."""
        asked = {**said, "papers": "complete", "her_agrees_verify": True}
        yield self._tell(case, moment, "birth-registration.asked", asked, case=case)
        half_past = moment + timedelta(minutes=30)
        yield self._tell(f"{case} entered", half_past, "birth-registration.entered", {}, case=case)
