"""Who sits at the desks of the demo's world: an officer for each office, a permit for each day, the three accounts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from django.contrib.auth import get_user_model
from django.db import transaction

from yipan.documents import evidence
from yipan.documents.verbs import record_draft
from yipan.duties.record import BATCH, record
from yipan.offices.office import organisation
from yipan.offices.officer import Officer, Posting
from yipan.offices.permit import Permit, permit_for
from yipan.registry.names import read_name
from yipan.registry.person import Person
from yipan.registry.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from yipan.cli.worldpeople import Maker
    from yipan.duties.draft import Draft

#: A permit is asked for anew each day.
_HOLDS_FOR: Final = timedelta(hours=12)
#: What the file is called that shows when the day's letters, faxes and calls arrived.
_PROOF: Final = "凭证.txt"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One of the accounts that are printed: who it is, and what to click first."""

    username: str
    name: str
    office: str
    role: str
    first: dict[str, str]


#: Where the story's couple lives, and the offices above his home.
RESIDENCE, COUNTY, PROVINCE = "440104001", "450921", "45"
ACCOUNTS: Final = (
    Account(
        username="guangzhou", name="何静", office=RESIDENCE, role="clerk",
        first={
            "zh": "广州市越秀区洪桥街道的办事员：“今日应办”里有逾期的、临期的、等对方的；点开李秀兰、陈志强一案，看每个日期怎么数出来",
            "en": "a clerk of Hongqiao in Guangzhou: what is overdue, due soon and awaited today; open the case of 李秀兰、陈志强 and see how each date was counted",
        },
    ),
    Account(
        username="rongxian", name="覃勇", office=COUNTY, role="supervisor",
        first={
            "zh": "容县卫生健康局的负责人：先看“逾期”里的“县级部门处理乡镇逾期不答复”，再看“下级逾期”里哪个镇一直沉默",
            "en": "a supervisor of Rong county: act on a township's silence, then see below which townships are late",
        },
    ),
    Account(
        username="guangxi", name="陆敏", office=PROVINCE, role="supervisor",
        first={
            "zh": "广西壮族自治区卫生健康委员会：“下级逾期”列出全区各县、各乡镇欠着的事，只列机构，不列个人",
            "en": "the health commission of Guangxi: everything that is late below it, by office, naming nobody",
        },
    ),
)  # fmt: skip


@dataclass(kw_only=True)
class Desks:
    """The officers of the world and their permits."""

    officers: dict[str, Officer] = field(default_factory=dict)
    permits: dict[str, Permit] = field(default_factory=dict)

    def staff(self, offices: Iterable[str], from_on: date, maker: Maker) -> None:
        """Post an officer in each office who may open it and record for it; nobody signs in with these accounts."""
        taken: set[str] = set()
        for office in offices:
            name = maker.person().name
            sound = [each for each in read_name(name).sound if each.isascii()]
            username = ".".join(filter(None, (sound[0], "".join(sound[1:]))))
            number = sum(each.partition("-")[0] == username for each in taken)
            username = f"{username}-{number + 1}" if number else username
            taken.add(username)
            self.officers[office] = _posted(username, name, office, "head", from_on)
        for account in ACCOUNTS:
            officer = _posted(account.username, account.name, account.office, account.role, from_on)
            if account.role == "clerk":
                self.officers[f"clerk of {account.office}"] = officer

    def permit(self, office: str, moment: datetime, *, opening: bool = False) -> Permit:
        """Return the permit of an office's officer for a day. Who opens an office is its head, who records there its clerk."""
        wanted = f"clerk of {office}"
        key = office if opening or wanted not in self.officers else wanted
        if key not in self.permits:
            self.permits[key] = permit_for(self.officers[key], office, "demo", moment)
        return replace(self.permits[key], until_at=moment + _HOLDS_FOR)

    def subjects(self, office: str, moment: datetime, threads: Iterable[UUID]) -> dict[UUID, UUID]:
        """Return whom enrolments of an office mean, as far as they still stand in its register."""
        with self.permit(office, moment).in_force():
            rows = Person.objects.filter(thread__in=list(threads)).values_list("thread", "subject")
            return dict(rows)

    def open(self, office: str, moment: datetime, draft: Draft) -> None:
        """Open an office."""
        record([draft], permit=self.permit(office, moment, opening=True), clock=lambda: moment)

    def record_with_file(
        self, office: str, moment: datetime, draft: Draft, file: tuple[str, bytes] | None
    ) -> None:
        """Record one draft as a clerk does at her desk, with the file that shows when it arrived."""
        record_draft(self.permit(office, moment), draft, file, None, moment)


def written(permit: Permit, moment: datetime, drafts: Sequence[Draft], shown: str = "") -> tuple[int, int]:
    """Record drafts of one office at a moment, the register kept in step; return how many events and duties that made.

    What is too much for one call is recorded a minute later. `shown`: the words of the file that proves the earlier moments.
    """
    proof = ""
    if shown:
        with permit.in_force():
            proof = evidence.keep(_PROOF, shown.encode(), permit.organisation, moment)
    events = duties = 0
    for start in range(0, len(drafts), BATCH):
        at = moment + timedelta(minutes=start // BATCH)
        part = [replace(each, evidence=proof if each.at else "") for each in drafts[start : start + BATCH]]
        receipt = record(part, permit=permit, clock=partial(_same, at), also=Projection(permit))
        events += len(receipt.events) + len(receipt.already)
        duties += receipt.opened
    return events, duties


def _same(moment: datetime) -> datetime:
    return moment


def _posted(username: str, name: str, office: str, role: str, from_on: date) -> Officer:
    """Return an officer with a post; a password comes later, or never."""
    known = Officer.objects.filter(user__username=username).first()
    if known:
        return known
    with transaction.atomic():
        user = get_user_model().objects.create_user(username)
        officer = Officer.objects.create(user=user, name=name)
        Posting.objects.create(officer=officer, organisation=organisation(office), role=role, from_on=from_on)
    return officer


def give_passwords(password: str) -> None:
    """Give the accounts that are printed the password of this run."""
    for account in ACCOUNTS:
        user = Officer.objects.select_related("user").get(user__username=account.username).user
        user.set_password(password)
        user.save()
