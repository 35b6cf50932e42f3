"""The red lines: what was declined is nowhere, in no pack, kind, field, table, page, command or form."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pytest
from django.apps import apps

from tests.law.lawbook import ROOT, RULEPACKS, real_packs, strange_packs
from yipan.cli.coverage import FOLDER
from yipan.cli.coverage import charted as read_map
from yipan.law.check import check_packs
from yipan.law.coverage import DECLINE
from yipan.law.kind import REFUSED_WORDS, stands_in
from yipan.law.pack import parse_yaml, read_bundle, read_pack
from yipan.law.reading import Faults
from yipan.law.roles import OWED_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from yipan.cli.coverage import Charted
    from yipan.law.definition import Definition
    from yipan.law.kind import Kind
    from yipan.law.pack import Pack
    from yipan.law.rule import Overlay, Rule

SOURCE: Final = ROOT / "src" / "yipan"
#: What may not be asked, stored, listed, counted or done, by what each group was declined for.
FORBIDDEN: Final[dict[str, tuple[str, ...]]] = {
    "bodies": (*REFUSED_WORDS, "一孩", "二孩", "再生育", "上环", "取环", "环检", "绝育", "birth control", "ultrasound"),
    "levies": ("征收", "追缴", "非诉", "强制执行", "levies", "court execution"),
    "income": ("收入", "可支配", "income"),
    "informing": ("有奖", "线人", "告密", "informer", "denounce", "reward"),
    "permits": ("生育证", "准生", "生育审批", "birth permit", "permit to give birth"),
    "remedies": ("补救措施", "引产", "劝返", "remedial", "abortion"),
    "promises of hers": ("不再生育", "不生育承诺", "保证书", "bond", "pledge not"),
    "hunting": ("巡查", "清查", "排查", "重点对象", "重点管理", "无证", "未持证", "漏管", "patrol", "key person", "without a certificate"),
    "enforcement": ("执法", "处罚", "批评教育", "enforce", "penalty", "punish"),
    "pressure": ("动员落实", "督促落实", "落实率", "持证率", "查验率", "婚育观", "uptake", "mobilis"),
    "inducement": ("受术者", "利益导向", "奖励金", "incentive"),
    "gates": ("先查验", "凭证办理", "一证管", "gate"),
}  # fmt: skip
#: The columns of the register of persons. Nothing on a certificate, a method, a check or a visit can be asked of it.
REGISTER: Final = frozenset((
    "thread", "subject", "organisation", "enrolled_on", "name", "pinyin", "initials", "number_digest", "phone_digest",
    "like_birth", "like_phone", "like_serial", "home", "residence", "intake", "came_from", "ended", "merged_into",
    "number_doubts",
))  # fmt: skip
#: The page on which a roster comes in names the columns that it never takes.
TELLS_OF_THEM: Final = "web/roster"


def forbidden_in(*texts: str) -> list[str]:
    """Return every forbidden word that stands in some text."""
    every = (word for words in FORBIDDEN.values() for word in words)
    return sorted({word for word in every if any(stands_in(word, text) for text in texts)})


@lru_cache(maxsize=1)
def charted() -> Charted:
    return read_map()


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    return {name: kind for pack in (*real_packs(), *strange_packs()) for name, kind in pack.kinds.items()}


def declined() -> list[str]:
    return [row.id for row in charted().coverage.rows if row.sort == DECLINE]


def words_of(kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield every word by which a kind asks for something, with where it stands."""
    yield kind.name, kind.name
    for said in (kind.title, kind.action):
        yield from ((kind.name, text) for text in said.values())
    for one in kind.fields.values():
        yield f"{kind.name}.{one.name}", one.name
        for said in (one.title, *one.choices.values()):
            yield from ((f"{kind.name}.{one.name}", text) for text in said.values())


def test_no_rule_of_any_pack_has_a_person_or_the_public_for_its_debtor() -> None:
    owing = {rule.id: rule.owed_by.base for pack in (*real_packs(), *strange_packs()) for rule in pack.rules.values()}  # fmt: skip
    assert owing
    assert {rule for rule, base in owing.items() if base in OWED_ONLY} == set()


def folders() -> list[Path]:
    return sorted(path.parent for path in RULEPACKS.glob("*/*/pack.yaml") if (path.parent / "rules").is_dir())


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_no_rule_can_make_a_person_owe_anything(folder: Path) -> None:
    """Write each rule of a pack anew with a person for its debtor, by every name a kind has for one."""
    subjects = sorted({name for kind in kinds().values() for name in kind.subjects})
    others = [pack for pack in real_packs() if pack.name != folder.name]
    bundle = dict(_one_rule_a_file(read_bundle(folder)))
    for name in ("person", "public", *subjects):
        wrong = {path: _owed_by(name, text) for path, text in bundle.items()}
        changed = {f"{folder.name}/{path}" for path, text in wrong.items() if text != bundle[path]}
        faults = [line for line in _faults_of(wrong, folder, others) if "owed_by" in line]
        # A fault that other rules meet is said by the rule's id, one of the rule alone by its file.
        named = {line.partition(":")[0] for line in faults}
        assert len(named) >= len(changed), (name, sorted(changed - named))


def _one_rule_a_file(bundle: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the texts of a pack, every rule in a file of its own: what is wrong with each is then said apart."""
    for path, text in bundle.items():
        if path.startswith("rules/"):
            yield from (
                (f"{path}-{number}", part)
                for number, part in enumerate(re.split(r"^---$", text, flags=re.MULTILINE))
            )
        else:
            yield path, text


def _owed_by(name: str, text: str) -> str:
    return re.sub(r"^owed_by: .*$", f"owed_by: {name}", text, flags=re.MULTILINE)


def _faults_of(bundle: dict[str, str], folder: Path, others: Sequence[Pack]) -> list[str]:
    faults = Faults()
    pack = read_pack(bundle, where=folder.name, faults=faults)
    check_packs([*others, pack], faults)
    return faults.lines


def test_no_field_of_any_kind_is_about_what_is_never_asked() -> None:
    found = {place: words for kind in kinds().values() for place, text in words_of(kind) if (words := forbidden_in(text))}  # fmt: skip
    assert found == {}


def test_no_rule_is_about_what_is_never_done() -> None:
    found = {
        rule.id: words
        for pack in (*real_packs(), *strange_packs())
        for rule in [*_rules_of(pack)]
        if (words := forbidden_in(rule.id, *rule.title.values()))
    }
    assert found == {}


def _rules_of(pack: Pack) -> Iterator[Rule | Overlay]:
    yield from pack.rules.values()
    yield from pack.overlays


def test_no_table_has_a_column_about_what_is_never_asked() -> None:
    found = {
        f"{model.__name__}.{field.name}": words
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("yipan.")
        for field in model._meta.get_fields()  # noqa: SLF001 (Django's documented door)
        if (words := forbidden_in(model.__name__, field.name))
    }
    assert found == {}


def test_the_register_of_persons_holds_a_closed_list_of_columns() -> None:
    from yipan.registry.person import Person  # noqa: PLC0415  # Django is set up by the tests' conftest

    columns = {field.name for field in Person._meta.get_fields() if not field.auto_created}  # noqa: SLF001 (Django's documented door)
    assert columns <= REGISTER, columns - REGISTER


def pages() -> list[str]:
    root = SOURCE / "web" / "templates"
    names = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.html"))]
    return [name for name in names if not name.startswith(TELLS_OF_THEM)]


@pytest.mark.parametrize("name", pages())
def test_no_page_asks_for_or_shows_what_is_never_asked(name: str) -> None:
    assert forbidden_in((SOURCE / "web" / "templates" / name).read_text("utf-8")) == []


def test_no_address_and_no_command_is_about_what_is_never_done() -> None:
    routes = re.findall(
        r'path\("([^"]*)"', "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("urls.py"))
    )
    commands = [path.stem for path in (SOURCE / "cli").glob("*.py")]
    assert forbidden_in(*routes, *commands) == []


def test_nothing_bears_the_id_of_what_was_declined() -> None:
    """Neither a rule nor a kind, a definition, a page, a command, nor any line of the program."""
    texts = [path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))]
    texts += [
        path.read_text("utf-8") for path in sorted(RULEPACKS.rglob("*.yaml")) if path.parent.name != FOLDER
    ]
    whole = "\n".join(texts)
    assert [each for each in declined() if re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", whole)] == []


def test_every_declined_rule_names_what_keeps_it_out() -> None:
    entries = charted().coverage.entries
    assert [each for each in declined() if each in entries and not entries[each].kept_out_by] == []


def test_no_indicator_counts_people_or_what_they_did() -> None:
    """Each counts offices, duties, requests or services offered; none how many came, enrolled, agreed or gave birth."""
    counted = [each for each in charted().definitions if each.sort in ("indicator", "report", "consistency")]
    found = {}
    for one in counted:
        texts = (
            *one.title.values(),
            *one.numerator.values(),
            *one.denominator.values(),
            *one.contents.values(),
            *_numbers_of(one),
        )
        words = [*forbidden_in(*texts), *(word for word in ("出生率", "birth rate", "enrolment rate") if any(word in text for text in texts))]  # fmt: skip
        if words:
            found[one.id] = words
    assert found == {}


def _numbers_of(one: Definition) -> Iterator[str]:
    """Yield the words for the numbers of a return, and of a check for those that it holds against each other."""
    if one.figure is not None:
        yield from (text for titles in one.figure.columns.values() for text in titles.values())
        yield from (*one.figure.left.values(), *one.figure.right.values())


def test_no_definition_is_about_what_is_never_done() -> None:
    """A breach is left out: it calls by its name what an office did wrong."""
    found = {
        one.id: words
        for one in charted().definitions
        if one.sort != "breach" and (words := forbidden_in(one.id, *one.title.values()))
    }
    assert found == {}


def test_no_case_begins_with_a_certificate_or_a_permit() -> None:
    """No kind that begins a case asks for one as a condition: a missing paper holds up nothing."""
    for kind in kinds().values():
        if kind.begins_case:
            needed = [one for one in kind.fields.values() if one.required and one.type in ("code", "text")]
            assert [one.name for one in needed if re.search(r"证|certificate|permit", "".join(one.title.values()))] == [], kind.name  # fmt: skip


def test_nobody_who_lets_a_room_or_gives_work_records_anything() -> None:
    """No part that records is a landlord's, an agent's or an employer's: they tell nothing of anybody."""
    for kind in kinds().values():
        roles = [
            kind.roles[role]
            for name in (*kind.recorded_by, *kind.on_behalf_of)
            for role in kind.in_group(name)
        ]
        titles = " ".join(text for role in roles for text in role.title.values())
        assert not re.search(r"房东|出租|中介|物业|用人单位|用工|andlord|mployer|agency", titles), kind.name


def test_no_column_of_a_sheet_that_is_kept_is_about_what_is_never_asked() -> None:
    headings = parse_yaml((SOURCE / "registry" / "data" / "headings.yaml").read_text("utf-8"))
    assert isinstance(headings, dict)
    kept = {name: " ".join(map(str, said.values())) for name, said in headings["fields"].items()}
    assert {name: words for name, text in kept.items() if (words := forbidden_in(name, text))} == {}


@pytest.mark.parametrize("word", REFUSED_WORDS)
def test_a_kind_about_a_refused_word_cannot_be_written(word: str) -> None:
    kind = f"kind: some.thing\ntitle: {{zh: 某, en: Some}}\nroles: {{office: {{title: {{zh: 甲, en: A}}}}}}\nfields:\n  one: {{type: text, title: {{zh: {word}, en: One}}}}\n"  # fmt: skip
    faults = Faults()
    bundle = {"pack.yaml": "pack: x\ntitle: {zh: x, en: x}\nauthority: x\nscope: ['00']\nfrom: 2020-01-01\n"}
    read_pack({**bundle, "events/x.yaml": kind}, where="x", faults=faults)
    assert any("refused" in line and word in line for line in faults.lines), faults.lines
