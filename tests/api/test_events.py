"""Recording through the API: once for each id, all or none, every fault with its path, and what is new where one is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import connection

from tests.api.conftest import Clock, Knocker, program
from tests.database.disk import full_disk
from tests.duties.cast import at as moment
from tests.duties.cast import permit
from tests.registry.test_register import number
from yipan.duties.record import BATCH
from yipan.offices.office import Organisation

if TYPE_CHECKING:
    from tests.duties.cast import Cast


def asked(cast: Cast, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of any type
    """Return a registration as a program sends it."""
    fields = {
        "her_home": cast.her_home, "his_home": cast.his_home, "her_name": "李秀兰", "his_name": "陈志强",
        "papers": "complete", "her_agrees_verify": True, "his_agrees_verify": True, "her_agrees_notice": True,
    }  # fmt: skip
    return {"kind": "birth-registration.asked", "fields": fields | more}


def send(desk: Knocker, *events: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever is answered
    """Record events, and return the receipt."""
    answer = desk.post("events", {"events": list(events)})
    assert answer.status == 200, answer.value
    return answer.value


def begun(cast: Cast, desk: Knocker, **more: Any) -> str:  # noqa: ANN401  # fields of any type
    """Begin a case, and return its thread."""
    thread: str = send(desk, asked(cast, **more))["events"][0]["thread"]
    cast.touched.add(UUID(thread))
    return thread


def test_an_event_is_recorded_and_opens_what_the_rules_say(cast: Cast, desk: Knocker) -> None:
    thread = begun(cast, desk)
    shown = desk.get(f"cases/{thread}")
    assert shown.status == 200
    assert [each["kind"] for each in shown.value["story"]] == ["birth-registration.asked"]
    assert shown.value["story"][0]["officer"] == desk.officer
    told = {fact["title"]["en"] for said in shown.value["story"][0]["facts"] for fact in said["said"]}
    assert told
    listed = desk.get("duties", only="open").value["duties"]
    assert {each["thread"] for each in listed} == {thread}
    assert {each["rule"] for each in listed} <= {each["rule"] for each in shown.value["duties"]}
    assert shown.headers["Cache-Control"] == "no-store, private"


def test_the_same_id_twice_records_once(cast: Cast, desk: Knocker) -> None:
    event = asked(cast) | {"id": str(uuid4())}
    first, second = send(desk, event), send(desk, event)
    cast.touched.add(UUID(first["events"][0]["thread"]))
    assert first["events"][0]["already"] is False
    assert second["events"] == [first["events"][0] | {"already": True}]
    assert first["duties"]["opened"] > 0
    assert second["duties"] == {"opened": 0, "closed": 0, "recomputed": 0}
    other = desk.record("certificate.asked", id=event["id"], fields={"name": "李秀兰", "wish": "first"})
    assert (other.status, other.value["error"]) == (409, "event-id-taken")


def test_a_full_disk_is_said_and_what_was_sent_is_recorded_when_there_is_room(
    cast: Cast, desk: Knocker
) -> None:
    event = asked(cast) | {"id": str(uuid4())}
    with full_disk():
        answer = desk.post("events", {"events": [event]})
    assert (answer.status, answer.value["error"]) == (507, "disk-full")
    cast.touched.add(UUID(send(desk, event)["events"][0]["thread"]))


def test_many_are_recorded_together_and_answered_in_the_order_in_which_they_were_sent(
    cast: Cast, desk: Knocker
) -> None:
    ids = [str(uuid4()) for _ in range(50)]
    receipt = send(desk, *(asked(cast, her_name=f"李秀{at}") | {"id": own} for at, own in enumerate(ids)))
    cast.touched |= {UUID(each["thread"]) for each in receipt["events"]}
    assert [each["event"] for each in receipt["events"]] == ids
    assert len({each["thread"] for each in receipt["events"]}) == 50
    assert not any(each["already"] for each in receipt["events"])


def test_one_fault_keeps_all_out_and_all_faults_are_said_with_their_path(cast: Cast, desk: Knocker) -> None:
    good = asked(cast) | {"id": str(uuid4())}
    late = asked(cast) | {"evidence": "0" * 64, "at": "2026-03-01T09:00"}
    answer = desk.post(
        "events",
        {"events": [good, asked(cast, her_name="", papers="half"), asked(cast, colour="red"), late]},
    )
    assert (answer.status, answer.value["error"]) == (422, "draft-faults")
    assert [each["field"] for each in answer.value["faults"]] == ["events.3.evidence"]
    answer = desk.post(
        "events", {"events": [good, asked(cast, her_name="", papers="half"), asked(cast, colour="red")]}
    )
    paths = [each["field"] for each in answer.value["faults"]]
    assert sorted(paths) == ["events.1.fields.her_name", "events.1.fields.papers", "events.2.fields.colour"]
    assert all(set(each) == {"field", "zh", "en"} for each in answer.value["faults"])
    assert "3" in answer.value["sentence"]
    assert not desk.get("duties").value["duties"]


def test_a_place_that_is_none_and_other_faults_are_said_in_one_answer(desk: Knocker) -> None:
    said = {"name": "", "identity_number": "1", "home": "没有这个地方", "ground": "at-the-counter"}
    answer = desk.record("person.enrolled", fields=said)
    assert answer.status == 422
    paths = {each["field"] for each in answer.value["faults"]}
    assert paths == {f"events.0.fields.{name}" for name in ("name", "identity_number", "home")}


def test_what_is_written_wrong_is_said_with_its_path_and_never_said_back(desk: Knocker) -> None:
    sent = {
        "kind": "person.enrolled", "id": "李秀兰", "at": "yesterday", "colour": "red", "as_of": -1,
        "evidence": "calendar", "fields": {"name": {"a": "李秀兰"}},
    }  # fmt: skip
    answer = desk.post("events", {"events": [{}, sent], "more": 1})
    assert (answer.status, answer.value["error"]) == (422, "wrongly-asked")
    paths = {each["field"] for each in answer.value["faults"]}
    assert {"events.0.kind", "events.1.id", "events.1.at", "events.1.colour", "events.1.as_of"} <= paths
    assert {"events.1.evidence", "more"} <= paths
    assert any(each.startswith("events.1.fields.name") for each in paths)
    assert "李秀兰" not in answer.body.decode()
    bodies: tuple[object, ...] = ({"events": []}, {}, [], "x", None, {"events": "x"})
    for body in bodies:
        assert desk.post("events", body).status == 422, body


def test_more_than_a_batch_is_refused(desk: Knocker) -> None:
    answer = desk.post("events", {"events": [{"kind": "office.opened"}] * (BATCH + 1)})
    assert answer.status == 422
    assert answer.value["faults"][0]["field"] == "events"
    assert str(BATCH) in answer.value["faults"][0]["en"]


def test_a_body_that_is_no_json_or_too_large_is_refused_in_the_same_shape(desk: Knocker) -> None:
    for body in (
        b"{",
        b"\xff",
        b'"\\ud800"',
        b'{"events": [{"kind": "a\\u0000b"}]}',
        b'{"a\\u001b": 1}',
        b"[" * 5000,
        b"",
    ):
        answer = desk.post("events", body=body)
        assert answer.status in (400, 422), body
        assert set(answer.value) == {"error", "sentence", "next_step", "faults"}
    large = desk.post("events", body=b'{"events": "' + b"x" * 3_000_000 + b'"}')
    assert (large.status, large.value["error"]) == (413, "too-large")
    claimed = desk.post("evidence", body=b"x", CONTENT_LENGTH=str(10**12))
    assert claimed.status == 413


def test_hostile_words_are_faults_and_nothing_breaks(cast: Cast, desk: Knocker) -> None:
    hostile = (
        "'; DROP TABLE duties_event; --",
        "\u202e反",
        "😀" * 50,
        "=1+1",
        "../../etc",
        "x" * 10_000,
        "\u200b",
    )
    for text in hostile:
        for name in ("her_name", "her_home", "papers", "her_agrees_verify", "her_identity_number"):
            answer = desk.post("events", {"events": [asked(cast, **{name: text})]})
            assert answer.status in (200, 422), (name, answer.value)
            if answer.status == 200:
                cast.touched.add(UUID(answer.value["events"][0]["thread"]))
    for value in (0, -1, 2**62, True, [], ["x", "y"], None, ["500101001"] * 300):
        for name in (
            "her_name",
            "her_home",
            "papers",
            "her_agrees_verify",
            "her_identity_number",
            "his_home",
        ):
            answer = desk.post("events", {"events": [asked(cast, **{name: value})]})
            assert answer.status in (200, 422), (name, value, answer.value)
            if answer.status == 200:
                cast.touched.add(UUID(answer.value["events"][0]["thread"]))
    for at in ("0001-01-01", "9999-12-31T23:59:59+14:00", "2026-02-30", "-1", "1e9"):
        assert desk.record("office.opened", at=at).status == 422


def test_an_unknown_kind_and_one_that_no_desk_says_are_refused(desk: Knocker) -> None:
    answer = desk.post("events", {"events": [{"kind": "office.opened"}, {"kind": "no.such"}]})
    assert answer.status == 422
    assert [each["field"] for each in answer.value["faults"]] == ["events.1.kind"]
    homes = {"her_home": "999999", "his_home": "45092"}
    nowhere = desk.record("birth-registration.asked", fields=homes)
    paths = sorted(each["field"] for each in nowhere.value["faults"])
    assert (nowhere.status, paths) == (422, ["events.0.fields.her_home", "events.0.fields.his_home"])
    assert desk.record("duty.lapsed").value["error"] == "not-at-a-desk"
    behalf = desk.record("office.opened", on_behalf_of="99")
    assert [each["field"] for each in behalf.value["faults"]] == ["events.0.on_behalf_of"]


def test_who_looked_before_others_wrote_is_told_what_is_new_and_nothing_is_written(
    cast: Cast, desk: Knocker, clock: Clock
) -> None:
    thread = begun(cast, desk)
    seen = desk.get(f"cases/{thread}").value["entries"]
    colleague = program(cast.residence, clock)
    step = {"thread": thread, "kind": "verification.asked"}
    hers = {"her_home": cast.her_home, "channel": "letter", "her_points": "住址"}
    send(colleague, step | {"fields": hers, "as_of": seen})
    his = {"his_home": cast.his_home, "channel": "letter", "his_points": "住址"}
    answer = desk.post("events", {"events": [step | {"fields": his, "as_of": seen}]})
    assert (answer.status, answer.value["error"]) == (409, "stale-case")
    [changed] = answer.value["changed"]
    assert (changed["thread"], changed["entries"]) == (thread, seen + 1)
    assert [each["kind"] for each in changed["new"]] == ["verification.asked"]
    assert changed["new"][0]["officer"] == colleague.officer
    assert [each["facts"] for each in changed["new"]] == [[]]
    send(desk, step | {"fields": his, "as_of": changed["entries"]})


def test_evidence_is_kept_first_and_an_event_names_it(cast: Cast, desk: Knocker, clock: Clock) -> None:
    thread = begun(cast, desk)
    said = {"his_home": cast.his_home, "channel": "letter", "his_points": "住址"}
    send(desk, {"thread": thread, "kind": "verification.asked", "fields": said})
    clock.now = clock.now.replace(day=6)
    slip = desk.post(
        "evidence", body=b"%PDF-1.4 slip", HTTP_CONTENT_DISPOSITION="attachment; filename=slip.pdf"
    )
    assert slip.status == 200
    arrived = {
        "thread": thread, "kind": "verification.arrived", "at": "2026-03-05T15:00",
        "fields": {"his_home": cast.his_home, "channel": "letter"},
    }  # fmt: skip
    other = program(cast.her_home, clock)
    elsewhere = other.post("evidence", body=b"%PDF-1.4 other")
    answer = desk.post("events", {"events": [arrived | elsewhere.value]})
    assert [each["field"] for each in answer.value["faults"]] == ["events.0.evidence"]
    send(desk, arrived | slip.value)
    assert desk.post("evidence", body=b"").value["error"] == "empty-evidence"


def test_another_offices_case_is_not_there(cast: Cast, desk: Knocker, clock: Clock) -> None:
    thread = begun(cast, desk)
    elsewhere = str(
        Organisation.objects.filter(level="township", kind="health", id__gte="6301").order_by("id").first()
    )
    foreign = program(elsewhere, clock)
    for answer in (
        foreign.get(f"cases/{thread}"),
        foreign.get(f"cases/{thread}/certificate.pdf"),
        foreign.get(f"cases/{thread}/form-her.pdf"),
        foreign.get(f"cases/{thread}/letters/{uuid4()}.pdf"),
        foreign.get(f"people/{thread}"),
        foreign.record("verification.asked", thread=thread, fields={"her_home": cast.her_home}),
        foreign.get("duties", office=cast.residence),
    ):
        assert answer.status == 404, answer.value
        assert "李秀兰" not in answer.body.decode()
    assert foreign.get("duties", office=elsewhere).status == 200


def test_a_case_of_somebody_enrolled_here_shares_her_key_and_never_that_of_somebody_else(
    cast: Cast, desk: Knocker
) -> None:
    fields = {"ground": "at-the-counter", "name": "覃月娥", "identity_number": number()}
    person = send(desk, {"kind": "person.enrolled", "fields": fields})["events"][0]["thread"]
    wish = {"kind": "help.asked", "fields": {"name": "覃月娥", "matter": "屋子漏雨", "about": "livelihood"}}
    case = send(desk, wish | {"about": {"person": person}})["events"][0]["thread"]
    apart = send(desk, wish)["events"][0]["thread"]
    cast.touched |= {UUID(person), UUID(case), UUID(apart)}
    keys = [
        set(rows_of(desk, "SELECT subject_id FROM duties_threadsubject WHERE thread_id = %s AND name = 'person'", each))
        for each in (person, case, apart)
    ]  # fmt: skip
    assert keys[0] == keys[1]
    assert not keys[0] & keys[2]
    other = wish | {"fields": wish["fields"] | {"name": "别的人"}, "about": {"person": person}}  # type: ignore[operator]  # a dict of fields
    for event, status in (
        (other, 422),
        (wish | {"about": {"her": person}}, 422),
        (wish | {"about": {"person": str(uuid4())}}, 404),
    ):
        assert desk.post("events", {"events": [event]}).status == status


def rows_of(desk: Knocker, query: str, thread: str) -> list[tuple[Any, ...]]:
    """Return what the office of a program sees by a query."""
    with permit(desk.office, moment("2026-03-02T12:00")).in_force(), connection.cursor() as cursor:
        cursor.execute(query, [thread])
        return list(cursor.fetchall())
