"""Services, supplies, papers, telling, referrals, stubs and ledgers at the command line."""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from yipan.law.deadline import SHANGHAI
from yipan.offices.divisions import read_divisions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.program import Program

HOME = "450922103"
#: Every test takes a township that no other test of this file uses: the journal is never emptied.
_townships = itertools.count(0)
WORDS = "您要的材料已经办好，请带身份证来取。"
PHONE = "13800138000"


@pytest.fixture
def office(yipan: Program) -> str:
    """Give a township of its own, on the system."""
    found = [each.code for each in read_divisions() if each.code.startswith("440111") and len(each.code) == 9]
    code = found[next(_townships)]
    yipan.record("office.opened", code)
    return code


def begin(yipan: Program, kind: str, office: str, **fields: str) -> str:
    return str(yipan.record(kind, office, **fields)["thread"])


def states(yipan: Program, office: str, thread: str) -> dict[str, str]:
    found = yipan.json("duties", "--office", office)
    return {each["rule"]: each["state"] for each in found if each["thread"] == thread}


def tell(yipan: Program, office: str, **more: str) -> str:
    said = {"channel": "message", "about": "ready", "name": "陈丽华", "phone": PHONE, "words": WORDS} | more
    return begin(yipan, "telling.sent", office, **said)


# ------------------------------------------------------------------------------------- services and papers


def test_the_free_catalogue_lists_everything_for_everybody_at_no_price(bare: Program) -> None:
    found = {each["service"]: each for each in bare.json("services")}
    assert {each["price"] for each in found.values()} == {0}
    assert {
        "free-supplies", "bookable-checks", "device-fitting", "device-removal", "surgery-at-her-request", "permanent-method",
        "complications", "common-disease-screening", "home-visit", "own-health-file", "reproductive-care", "premarital",
        "before-and-after-birth", "advice", "healthy-birth-advice", "knowledge", "facilities-and-culture", "service-pack",
        "certificate", "staff-screening",
    } == set(found)  # fmt: skip
    assert "不得询问" in found["surgery-at-her-request"]["text"]["zh"]


def test_whoever_books_a_free_service_is_offered_a_time_and_the_service_costs_nothing(
    yipan: Program, office: str
) -> None:
    thread = begin(yipan, "booking.asked", office, contact=PHONE)
    assert states(yipan, office, thread) == {"residence-free-basic-services": "open"}
    offer = {"when_and_where": "周五上午，二楼"}
    case = ("--thread", thread)
    paid = yipan.run("record", "booking.offered", "--office", office, *case, "--field", "when_and_where=周五", "--field", "price=10", "--json")  # fmt: skip
    assert paid.code != 0
    assert "price" in paid.out + paid.err
    yipan.record("booking.offered", office, *case, price="0", **offer)
    yipan.record("service.given", office, *case, price="0")
    assert states(yipan, office, thread) == {"residence-free-basic-services": "discharged"}
    shown = yipan.json("ledgers", "show", "services-given", "--office", office)
    assert [line["said"][0]["value"]["zh"] for line in shown["lines"]] == ["0 元"]
    assert PHONE not in json.dumps(shown)


# -------------------------------------------------------------------------------------- supplies, requests


def test_supplies_are_handed_out_to_whoever_comes_and_only_the_stock_is_known(
    yipan: Program, office: str
) -> None:
    thread = begin(yipan, "supply-point.opened", office, name="汽车站自助机", address="汽车站出口", hours="全天", sort="machine")  # fmt: skip
    case = ("--thread", thread)
    yipan.record("supplies.received", office, *case, received="200")
    yipan.record("supplies.handed-out", office, *case, handed_out="30", price="0")
    yipan.record("supplies.handed-out", office, *case, handed_out="12", price="0")
    [point] = yipan.json("ledgers", "supply-points", "--office", office)
    assert (point["on_hand"], point["open"], point["name"]) == (158, True, "汽车站自助机")
    sums = yipan.json("ledgers", "show", "supplies", "--office", office)["sums"]
    assert {each["title"]["zh"]: each["sum"] for each in sums} == {"到货（份）": 200, "发出（份）": 42}
    yipan.record("supply-point.closed", office, *case, instead="服务中心窗口")
    assert states(yipan, office, thread) == {"residence-supply-points": "released"}


# ------------------------------------------------------------------------- telling, stubs, how others are reached


@dataclass(kw_only=True)
class Gateway:
    """A message gateway: what it answers, and what it was asked to send."""

    address: str = ""
    answer: int = 200
    taken: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Serve a gateway on this machine."""
    made = Gateway()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(made.answer)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    made.address = f"http://127.0.0.1:{server.server_port}/messages"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def record_with(yipan: Program, gateway: Gateway, office: str, **more: str) -> str:
    said = {"channel": "message", "about": "ready", "name": "陈丽华", "phone": PHONE, "words": WORDS} | more
    options = [part for name, value in said.items() for part in ("--field", f"{name}={value}")]
    made = yipan.json(
        "record", "telling.sent", "--office", office, *options, YIPAN_MESSAGE_GATEWAY=gateway.address
    )
    return str(made["thread"])


def sweep(yipan: Program, gateway: Gateway, *options: str) -> dict[str, int]:
    word = {"YIPAN_MESSAGE_TOKEN": "一个口令"}
    swept = yipan.json("sweep", *options, YIPAN_MESSAGE_GATEWAY=gateway.address, **word)
    found: dict[str, int] = swept["messages"]
    return found


def test_a_message_goes_by_the_gateway_once_and_that_it_was_taken_is_the_proof(
    yipan: Program, office: str, gateway: Gateway
) -> None:
    thread = record_with(yipan, gateway, office)
    assert sweep(yipan, gateway) == {"accepted": 1, "bounced": 0, "waiting": 0}
    assert sweep(yipan, gateway) == {"accepted": 0, "bounced": 0, "waiting": 0}
    [sent] = gateway.taken
    assert (sent["to"], sent["text"]) == (PHONE, WORDS)
    assert states(yipan, office, thread) == {"telling-proof": "discharged"}


def test_a_message_that_the_gateway_refuses_bounces_and_she_is_told_another_way(
    yipan: Program, office: str, gateway: Gateway
) -> None:
    gateway.answer = 422
    thread = record_with(yipan, gateway, office)
    assert sweep(yipan, gateway)["bounced"] == 1
    assert states(yipan, office, thread) == {"telling-proof": "discharged", "telling-again": "open"}
    again = {"channel": "letter", "name": "陈丽华", "address": "天河区某路1号", "words": WORDS}
    yipan.record("telling.again", office, "--thread", thread, **again)
    yipan.record("telling.proven", office, "--thread", thread, proof="signed-for")
    assert states(yipan, office, thread)["telling-again"] == "discharged"


def test_a_gateway_that_does_not_answer_is_tried_again_and_at_last_the_message_bounces(
    yipan: Program, office: str, gateway: Gateway
) -> None:
    gateway.answer = 503
    thread = record_with(yipan, gateway, office)
    assert sweep(yipan, gateway) == {"accepted": 0, "bounced": 0, "waiting": 1}
    # Not before its time: the gateway is not hammered.
    assert sweep(yipan, gateway) == {"accepted": 0, "bounced": 0, "waiting": 0}
    # Each pause is twice as long as the one before.
    later = datetime.now(SHANGHAI) + timedelta(minutes=1)
    ends = []
    for number in range(8):
        later += timedelta(minutes=5 * 2**number)
        ends.append(sweep(yipan, gateway, "--now", later.isoformat(timespec="seconds")))
    assert [each["waiting"] for each in ends] == [1] * 7 + [0]
    assert ends[-1]["bounced"] == 1
    assert states(yipan, office, thread)["telling-again"] == "open"


def test_without_a_gateway_nothing_is_sent_and_one_in_the_clear_is_refused(
    yipan: Program, office: str
) -> None:
    thread = tell(yipan, office)
    assert yipan.json("sweep")["messages"] == {"accepted": 0, "bounced": 0, "waiting": 0}
    assert states(yipan, office, thread) == {"telling-proof": "open"}
    answer = yipan.run("sweep", "--json", YIPAN_MESSAGE_GATEWAY="http://gateway.example/send")
    assert answer.code == 2
    assert "gateway-in-the-clear" in answer.out


def test_stubs_are_numbered_through_by_office_and_year_without_a_gap(yipan: Program, office: str) -> None:
    for _ in range(3):
        tell(yipan, office, channel="letter", address="某路1号")
    # What is refused takes no number.
    assert yipan.run("record", "telling.sent", "--office", office, "--field", "channel=letter").code != 0
    begin(yipan, "pledge.given", office, with_pack="no", promised="三个工作日内答复", complaints="020-12345")
    stubs = yipan.json("ledgers", "stubs", "--office", office)
    assert [each["number"] for each in stubs] == [4, 3, 2, 1]
    assert {each["printed"] for each in stubs if each["number"] == 4} == {f"存〔{stubs[0]['year']}〕4号"}
    year = stubs[0]["year"]
    assert len(yipan.json("ledgers", "stubs", "--office", office, "--year", str(year))) == 4
    assert yipan.json("ledgers", "stubs", "--office", office, "--year", str(year - 1)) == []


def test_how_a_counterpart_is_reached_is_noted_and_the_last_word_holds(yipan: Program, office: str) -> None:
    thread = begin(
        yipan, "counterpart.noted", office, counterpart=HOME, way="letter", address="某县某镇人民政府，537500"
    )
    yipan.record(
        "counterpart.changed", office, "--thread", thread, counterpart=HOME, way="fax", fax="0775-1234567"
    )
    [found] = yipan.json("ledgers", "counterparts", "--office", office)
    assert found["office"] == HOME
    assert [each["value"] for each in found["said"]] == [{"zh": "传真", "en": "Fax"}, "0775-1234567"]


def test_a_ledger_that_nobody_keeps_is_refused_with_the_way_to_the_list(yipan: Program, office: str) -> None:
    answer = yipan.run("ledgers", "show", "levy-register", "--office", office, "--json")
    assert answer.code == 2
    assert "no-ledger" in answer.out
    assert {
        "money-per-head",
        "staff",
        "equipment",
        "stock",
        "training",
        "publicity",
        "agreements",
        "supplies",
    } <= {each["ledger"] for each in yipan.json("ledgers", "list")}


def test_what_is_missing_of_a_telling_is_said_field_by_field(yipan: Program, office: str) -> None:
    answer = yipan.run("record", "telling.sent", "--office", office, "--field", "phone=打不通", "--json")
    assert answer.code != 0
    said = answer.out + answer.err
    assert all(name in said for name in ("channel", "about", "name", "phone", "words"))
