"""The demo's story: one couple, four offices in three provinces, one silence, and how it ends.

Played through the same verb as everything else, with the clock moved to each step. Its events have ids
derived from the day the story begins, so that playing it twice records it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from yipan.cli.console import SHANGHAI
from yipan.documents.verbs import record_draft
from yipan.duties.draft import Draft
from yipan.duties.lawbook import lawbook
from yipan.duties.naming import case_of
from yipan.duties.sweep import sweep
from yipan.offices.officer import Officer, post_new_officer
from yipan.offices.permit import permit_for

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMESPACE: Final = UUID("3e0d3c1a-9f0b-5b45-8a55-0c4f1f6f2d11")
#: Where they live, where she is registered, where he is, and the office above his.
RESIDENCE: Final = "440104001"
HER_HOME: Final = "500101001"
HIS_HOME: Final = "450921100"
HIS_COUNTY: Final = "450921"
#: Another township of his county, which keeps silent to this day.
SILENT_HOME: Final = "450921102"
#: How many working days ago its silence began, so that it has just become one.
_REPLY: Final = 15


@dataclass(frozen=True, kw_only=True)
class Account:
    """One of the demo's accounts: who it is, and what to click first."""

    username: str
    name: str
    office: str
    role: str
    first: dict[str, str]


ACCOUNTS: Final = (
    Account(
        username="guangzhou", name="何静", office=RESIDENCE, role="clerk",
        first={"zh": "广州洪桥街道：在“最近办过的案件”里打开李秀兰、陈志强，看每个日期怎么数出来", "en": "Hongqiao, Guangzhou: open 李秀兰、陈志强 under the latest cases and see how each date was counted"},
    ),
    Account(
        username="rongxian", name="覃勇", office=HIS_COUNTY, role="supervisor",
        first={"zh": "容县卫生健康局：看“下级逾期”，处理杨梅镇的沉默", "en": "Rong county: see what is late below, act on Yangmei town's silence"},
    ),
    Account(
        username="wanzhou", name="冉芳", office=HER_HOME, role="clerk",
        first={"zh": "重庆万州：一项核实已按期答复，另一项等着答复", "en": "Wanzhou, Chongqing: one answered in time, one waiting for an answer"},
    ),
)  # fmt: skip


class Story:
    """Plays the story so that its late answer falls a few days before `today`."""

    def __init__(self, today: date, say: Callable[[str], None]) -> None:
        """Choose the days by the calendar: the story begins 30 working days ago."""
        self.calendar = lawbook().calendar_at(None)
        self.say = say
        self.begins = self._working_day(today - timedelta(days=46))
        self.today = today
        self.thread = case_of(self._id("asked"))

    def _working_day(self, day: date) -> date:
        return self.calendar.next_working_day(day)

    def _id(self, step: str) -> UUID:
        return uuid5(_NAMESPACE, f"{self.begins}:{step}")

    def _at(self, working_days: int, hour: int) -> datetime:
        day = self.calendar.add_working_days(self.begins, working_days) if working_days else self.begins
        return datetime.combine(day, time(hour), tzinfo=SHANGHAI)

    def _record(
        self, step: str, username: str, office: str, kind: str, moment: datetime, **said: object
    ) -> None:
        officer = Officer.objects.get(user__username=username)
        permit = permit_for(officer, office, "demo", moment)
        file = said.pop("file", None)
        draft = Draft(
            kind=kind,
            id=self._id(step),
            thread=None if kind == "office.opened" or step in ("asked", "second", "silent") else self.thread,
            at=said.pop("at", None),  # type: ignore[arg-type]  # a datetime where a step has one
            on_behalf_of=str(said.pop("on_behalf_of", "")),
            fields=said,
        )
        record_draft(permit, draft, file, None, moment)  # type: ignore[arg-type]  # a name and its bytes

    def play(self, now: datetime) -> UUID:
        """Record every step up to `now`, and return the case of the story."""
        self._open_offices()
        self._ask()
        self._verify()
        self._silence_and_late_answer()
        self._second_case()
        self._silent_case(now)
        return self.thread

    def _open_offices(self) -> None:
        for account in ACCOUNTS:
            # A village clerk may not open an office: its head does, and the demo's first act is hers.
            self._record(
                f"open {account.office}",
                f"head-{account.username}",
                account.office,
                "office.opened",
                self._at(0, 8),
            )
        self.say(f"{self.begins}  三个机构启用；容县容州镇尚未启用系统")

    def _ask(self) -> None:
        self._record(
            "asked", "guangzhou", RESIDENCE, "birth-registration.asked", self._at(0, 10),
            her_home=HER_HOME, his_home=HIS_HOME, her_name="李秀兰", his_name="陈志强",
            her_identity_number="500101199203154526", his_identity_number="450921199011083217", papers="promise",
            her_agrees_verify=True, his_agrees_verify=True, her_agrees_notice=True, his_agrees_notice=False,
        )  # fmt: skip
        self._record(
            "entered",
            "guangzhou",
            RESIDENCE,
            "birth-registration.entered",
            self._at(0, 11),
            form_number="穗洪桥〔2026〕17号",
        )
        self.say(f"{self.begins}  广州受理并当场办结（缺结婚证，以书面承诺代替）")

    def _verify(self) -> None:
        self._record(
            "ask her",
            "guangzhou",
            RESIDENCE,
            "verification.asked",
            self._at(1, 9),
            her_home=HER_HOME,
            channel="system",
            her_name="李秀兰",
            her_identity_number="500101199203154526",
            her_points="请核实姓名和公民身份号码",
        )
        self._record(
            "ask him",
            "guangzhou",
            RESIDENCE,
            "verification.asked",
            self._at(1, 10),
            his_home=HIS_HOME,
            channel="letter",
            document_number="穗洪桥核〔2026〕9号",
            his_name="陈志强",
            his_identity_number="450921199011083217",
            his_points="请核实姓名和公民身份号码",
        )
        self._record(
            "arrived", "guangzhou", RESIDENCE, "verification.arrived", self._at(5, 15), his_home=HIS_HOME, channel="letter",
            at=self._at(4, 15), file=("挂号信回执.txt", "挂号信回执：容州镇人民政府签收".encode()),
        )  # fmt: skip
        self._record(
            "her answer", "wanzhou", HER_HOME, "verification.answered", self._at(6, 14), result="confirmed"
        )
        self._record(
            "notice",
            "guangzhou",
            RESIDENCE,
            "birth-registration.home-notified",
            self._at(7, 9),
            her_home=HER_HOME,
            channel="system",
        )
        self.say(f"{self._at(6, 14):%Y-%m-%d}  重庆按期答复；容州镇收到挂号信后没有答复")

    def _silence_and_late_answer(self) -> None:
        swept = sweep(self._at(20, 9))
        self.say(
            f"{self._at(20, 9):%Y-%m-%d}  十五个工作日已过：写下逾期 {swept.lapsed} 项，容县卫生健康局的待办里出现一项"
        )
        self._record(
            "reminded",
            "rongxian",
            HIS_COUNTY,
            "silence.acted-on",
            self._at(21, 10),
            his_home=HIS_HOME,
            measure="reminded",
        )
        self._record(
            "late answer", "guangzhou", RESIDENCE, "verification.answered", self._at(24, 11), his_home=HIS_HOME,
            on_behalf_of=HIS_HOME, result="confirmed", at=self._at(23, 16),
            file=("容州镇复函.txt", "容州镇复函：情况属实。收件章".encode()),
        )  # fmt: skip
        self.say(f"{self._at(24, 11):%Y-%m-%d}  迟到的复函以挂号信到达，由广州代为登记，附到达凭证")

    def _second_case(self) -> None:
        """Leave something to do: a case of some days ago, asked of Chongqing, not yet of his home."""
        moment = datetime.combine(self._working_day(self.today - timedelta(days=6)), time(9), tzinfo=SHANGHAI)
        self._begin(
            "second", moment, her_home=HER_HOME, his_home=SILENT_HOME, her_name="冉小燕", his_name="覃大明",
            his_agrees_verify=True,
        )  # fmt: skip
        self._aside(
            "second", "verification.asked", moment + timedelta(hours=2), her_home=HER_HOME, channel="system",
            her_name="冉小燕", her_points="请核实姓名",
        )  # fmt: skip

    def _silent_case(self, now: datetime) -> None:
        """Leave a silence that has just run out: the county has it on its desk today."""
        opened_on = self.today - timedelta(days=1)
        while (
            self.calendar.rests(opened_on) or self.calendar.add_working_days(opened_on, _REPLY) >= self.today
        ):
            opened_on -= timedelta(days=1)
        moment = datetime.combine(opened_on, time(9), tzinfo=SHANGHAI)
        self._begin("silent", moment, her_home=SILENT_HOME, her_name="黄月英", her_agrees_notice=True)
        self._aside(
            "silent", "verification.asked", moment + timedelta(hours=1), channel="letter", her_name="黄月英",
            her_points="请核实姓名",
        )  # fmt: skip
        self._aside(
            "silent", "verification.arrived", moment + timedelta(hours=8), channel="letter",
            at=moment + timedelta(hours=6), file=("挂号信回执.txt", "挂号信回执：杨梅镇人民政府签收".encode()),
        )  # fmt: skip
        sweep(now)
        self.say(f"{now:%Y-%m-%d}  另有一件：容县杨梅镇收信后一直没有答复，今天在容县卫生健康局的待办里")

    def _begin(self, step: str, moment: datetime, **said: object) -> None:
        """Take in another couple and register them at once."""
        self._record(
            step, "guangzhou", RESIDENCE, "birth-registration.asked", moment, papers="complete",
            her_agrees_verify=True, **said,
        )  # fmt: skip
        self._aside(step, "birth-registration.entered", moment + timedelta(minutes=30))

    def _aside(self, case: str, kind: str, moment: datetime, **said: object) -> None:
        """Record a step of another case than the story's own."""
        first, self.thread = self.thread, case_of(self._id(case))
        self._record(f"{case} {kind}", "guangzhou", RESIDENCE, kind, moment, **said)
        self.thread = first


def make_accounts(password: str, begins: date) -> None:
    """Make the demo's accounts, each with the head of its office who opened it; give all the password of this run."""
    for account in ACCOUNTS:
        for username, name, role in (
            (account.username, account.name, account.role),
            (f"head-{account.username}", "负责人", "head"),
        ):
            known = Officer.objects.filter(user__username=username).select_related("user").first()
            if known:
                known.user.set_password(password)
                known.user.save()
            else:
                post_new_officer(username, name, password, account.office, role, begins)
