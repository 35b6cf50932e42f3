"""Everything is free: a pack cannot write another price, nobody can say one, and the database would not keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from tests.law.test_packs import KIND, faults_of
from yipan.law.definition import read_definitions
from yipan.law.reading import Faults
from yipan.offices.permit import set_acting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.duties.cast import Cast

FREE = '  price: {type: choice, title: {zh: 价格, en: Price}, clock: true, choices: {"0": {zh: 0 元, en: 0 yuan}}}\n'
SERVICE = """
service: some
title: {zh: 某项服务, en: Some}
price: 0
given_by: [facility]
cite: {set_by: model}
"""


def with_field(field: str) -> str:
    return KIND.replace("fields:\n", f"fields:\n{field}", 1)


def test_a_kind_may_say_that_something_was_free() -> None:
    assert faults_of(events=with_field(FREE)) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ("{zh: 0 元, en: 0 yuan}}", '{zh: 0 元, en: 0 yuan}, "5": {zh: 5 元, en: 5 yuan}}'),
        ('"0": {zh: 0 元', '"10": {zh: 10 元'),
        ("clock: true, ", ""),
        ('choice, title: {zh: 价格, en: Price}, clock: true, choices: {"0": {zh: 0 元, en: 0 yuan}}', "number, title: {zh: 价格, en: Price}, clock: true"),
    ],
)  # fmt: skip
def test_no_kind_can_ask_for_another_price(wrong: tuple[str, str]) -> None:
    assert 'a price is a clock field whose one choice is "0"' in faults_of(
        events=with_field(FREE.replace(*wrong))
    )


@pytest.mark.parametrize("price", ["5", "", "nothing"])
def test_no_service_of_the_catalogue_can_have_another_price(tmp_path: Path, price: str) -> None:
    folder = tmp_path / "some" / "pack" / "services"
    folder.mkdir(parents=True)
    (folder / "some.yaml").write_text(SERVICE.replace("price: 0", f"price: {price}"), "utf-8")
    faults = Faults()
    read_definitions(tmp_path, faults)
    assert any("the price is 0" in line for line in faults.lines)


def test_the_database_refuses_any_price_but_none(cast: Cast) -> None:
    """Whoever writes past the verb, the law and the forms is refused by the table itself."""
    cast.ask()
    copied = (
        "INSERT INTO duties_event SELECT (jsonb_populate_record(e, jsonb_build_object("
        "'id', gen_random_uuid(), 'seq', e.seq + 1000, 'clock', %s::jsonb))).*"
        " FROM duties_event e WHERE e.thread_id = %s LIMIT 1"
    )
    for price in ('"10"', "10", "null", '""'):
        with pytest.raises(IntegrityError, match="everything_is_free"):
            write(cast, copied, f'{{"price": {price}}}')


def write(cast: Cast, statement: str, clock: str) -> None:
    assert cast.thread
    with transaction.atomic(), connection.cursor() as cursor:
        set_acting(cast.residence, "test", [cast.thread])
        cursor.execute(statement, [clock, cast.thread])
