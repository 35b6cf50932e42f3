"""What holds of the judge whatever two records say, and of the batch whatever the pair."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.people import Maker
from yipan.registry.blocking import MOST_PER_KEY, candidates, judge_pairs
from yipan.registry.matching import FIELDS, Record, check_digit, compare, judge, weights

#: What a record has, and the field in which it is compared.
ATTRIBUTES: Final = {
    "name": "name",
    "identity_number": "number",
    "birth_on": "birth",
    "sex": "sex",
    "phone": "phone",
}
ORDER: Final = ("different", "likely", "same")

#: Few of each, so that two records often agree or nearly agree.
NAMES: Final = [
    "\0王伟",
    "王伟\0",
    "陈玉兰",
    "陳玉蘭",
    "陈 玉兰",
    "陈玉南",
    "陈玉梅",
    "王伟",
    "王玮",
    "王",
    "尉迟恭",
    "阿不都·热合曼",
    "阿布都热合曼",
    "li ming",
    "Li",
    "万俟㚻",
    "",
    "玉\0兰陈",
    "𠮷田明",
]
BODIES: Final = [
    "45092119800512002",
    "45092119800512003",
    "45092119801205002",
    "45091219800512002",
    "11010119991231001",
    "45092119800231002",
]
DATES: Final = [date(1980, 5, 12), date(1980, 12, 5), date(1980, 5, 13), date(1999, 12, 31), date(1, 1, 1)]
PHONES: Final = [
    "13877512345",
    "+86 13877512346",
    "13877512354",
    "07755552222",
    "0775-5552223",
    "12345",
    "8613877512345",
    "７７７１２３４",
    "1+3877512345",
]


def whole(body: str) -> str:
    return body + check_digit(body)


numbers = st.one_of(
    st.sampled_from(BODIES).map(whole),
    st.sampled_from(BODIES).map(lambda body: body[:6] + body[8:]),
    st.sampled_from(BODIES).flatmap(lambda body: st.sampled_from("0123456789Xx").map(body.__add__)),
    st.sampled_from(
        [
            "",
            "无",
            "４５０９２１１９８００５１２００２５",
            " 450921 19800512 0023",
            "450921198005120٣25",
            "450921800512002\0",
        ]
    ),
    st.text("0123456789Xx", max_size=19),
)
records = st.builds(
    Record,
    name=st.one_of(st.sampled_from(NAMES), st.text(max_size=5)),
    identity_number=st.one_of(st.none(), numbers),
    birth_on=st.one_of(st.none(), st.sampled_from(DATES), st.dates()),
    sex=st.sampled_from([None, "0", "1", "2", "9"]),
    phone=st.one_of(st.none(), st.sampled_from(PHONES), st.text("0123456789+- ", max_size=14)),
)


@given(records, records)
def test_it_does_not_matter_which_comes_first(one: Record, other: Record) -> None:
    assert judge(one, other) == judge(other, one)


@given(records)
def test_a_record_with_a_name_and_a_number_is_the_same_as_itself(record: Record) -> None:
    known = replace(record, name="陈玉兰", identity_number=whole(BODIES[0]))
    assert judge(known, known).same == "same"


@given(records, records)
def test_the_weights_of_the_reasons_sum_to_the_score(one: Record, other: Record) -> None:
    verdict = judge(one, other)
    assert sum(reason.weight for reason in verdict.reasons) == verdict.score
    assert all(reason.zh and reason.en for reason in verdict.reasons)


@given(records, records, st.sampled_from(sorted(ATTRIBUTES)))
def test_more_agreement_never_lowers_score_or_verdict(one: Record, other: Record, attribute: str) -> None:
    # What the other lacks, or the judge cannot read, is no agreement.
    if getattr(compare(other, other), ATTRIBUTES[attribute]) != "same":
        return
    before = judge(one, other)
    after = judge(replace(one, **{attribute: getattr(other, attribute)}), other)
    assert after.score >= before.score
    assert ORDER.index(after.same) >= ORDER.index(before.same)


def test_in_the_weights_better_agreement_never_weighs_less() -> None:
    for field in FIELDS:
        found = [reason.weight for reason in weights().reasons[field].values()]
        assert found == sorted(found, reverse=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(records, min_size=1, max_size=8), st.lists(records, min_size=1, max_size=8))
def test_the_batch_judges_every_pair_as_the_judge_does(ones: list[Record], others: list[Record]) -> None:
    pairs = [(one, other) for one in range(len(ones)) for other in range(len(others))]
    assert judge_pairs(ones, others, pairs) == [judge(ones[one], others[other]) for one, other in pairs]


def test_the_batch_judges_people_with_mistakes_as_the_judge_does() -> None:
    made = Maker(7).labelled(600, 900)
    pairs = [(one, place) for one, place in enumerate(made.truth) if place is not None]
    pairs += [(one, (one * 7 + step) % 900) for one in range(600) for step in range(5)]
    assert judge_pairs(made.records, made.against, pairs) == [
        judge(made.records[one], made.against[other]) for one, other in pairs
    ]


def test_looking_by_keys_finds_nearly_all_that_looking_at_every_pair_finds() -> None:
    made = Maker(11).labelled(300, 500)
    every = [(one, other) for one in range(300) for other in range(500)]
    verdicts = zip(every, judge_pairs(made.records, made.against, every), strict=True)
    wanted = {pair: verdict for pair, verdict in verdicts if verdict.same != "different"}
    found = {(pair.one, pair.other): pair.verdict for pair in candidates(made.records, made.against)}
    assert found.items() <= wanted.items()
    assert len(found) >= len(wanted) * 0.99
    same = {pair for pair, verdict in wanted.items() if verdict.same == "same"}
    assert same <= found.keys()


def test_every_slip_of_one_digit_is_found_by_the_number_alone() -> None:
    number = whole(BODIES[0])
    slips = [number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :] for place in range(17)]
    slips += [number[:place] + number[place + 1] + number[place] + number[place + 2 :] for place in range(16)]
    others = [Record(name="陈玉兰", identity_number=slip) for slip in slips]
    found = {pair.one for pair in candidates(others, [Record(name="陈玉兰", identity_number=number)])}
    assert found == set(range(len(slips)))
    assert len(candidates([Record(name="陈玉兰", identity_number=number)], others)) == len(slips)


def test_a_phone_that_half_the_register_shares_finds_nobody() -> None:
    agency = [Record(name="陈玉兰", phone="13800000000")] * (MOST_PER_KEY + 1)
    asked = [Record(name="陈玉兰", phone="13800000000", identity_number=whole(BODIES[0]))]
    assert candidates(asked, agency[:-1]) == []  # name and phone weigh too little by themselves
    born = [replace(one, birth_on=date(1980, 5, 12)) for one in agency]
    assert len(candidates(asked, born[:-1])) == MOST_PER_KEY
    assert candidates(asked, born) == []


def test_nobody_among_nobody_is_nobody() -> None:
    assert candidates([], []) == []
    assert candidates([Record(name="陈玉兰")], []) == []
    assert candidates([], [Record(name="陈玉兰")]) == []


def test_people_are_made_anew_from_the_same_seed_with_numbers_of_their_own() -> None:
    people = Maker(3).people(2_000)
    assert people == Maker(3).people(2_000)
    numbers_of = [person.identity_number or "" for person in people]
    assert len(set(numbers_of)) == len(numbers_of)
    assert all(number[17] == check_digit(number[:17]) for number in numbers_of)
