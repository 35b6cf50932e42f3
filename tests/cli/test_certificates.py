"""Certificates at the command line: asked for, issued, fetched, renewed, revoked, printed, and verified by anybody."""

from __future__ import annotations

import itertools
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.program import Program

#: A home township of his county in Guangxi, and a township of Guangzhou where she lives; each test takes its own home.
RESIDENCE = "440106007"
_homes = itertools.count(450922102)


@pytest.fixture
def home(yipan: Program) -> str:
    """Give a home township that no other test of this file uses, on the system."""
    code = str(next(_homes))
    yipan.record("office.opened", code)
    return code


def asked(yipan: Program, home: str, **more: str) -> str:
    said = {"name": "陈丽华", "wish": "first", "asked_by": "herself", "identity": "shown"} | more
    return str(yipan.record("certificate.asked", home, **said)["thread"])


def issued(yipan: Program, home: str, thread: str, *options: str) -> Any:  # noqa: ANN401  # whatever the command prints
    return yipan.json("certificates", "issue", thread, "--name", "陈丽华", "--office", home, *options)


def owed(yipan: Program, office: str, *rules: str) -> dict[str, str]:
    found = yipan.json("duties", "--office", office)
    return {each["rule"]: each["clock"] for each in found if each["rule"].startswith(rules)}


def test_a_certificate_is_asked_for_issued_handed_over_and_verified_for_three_years(
    yipan: Program, home: str, tmp_path: Path
) -> None:
    thread = asked(yipan, home)
    made = issued(yipan, home, thread, "--way", "counter")
    day, last = date.fromisoformat(made["issued_on"]), date.fromisoformat(made["expires_on"])
    assert (last.year - day.year, last.month) == (3, day.month)
    assert owed(yipan, home, "home-cert") == {"home-cert-issue": "in-time", "home-cert-term-3y": "in-time"}
    said = yipan.json("certificates", "verify", made["number"].lower().replace("-", " "))
    del made["event"]
    assert said == {"state": "valid", **made}
    printed = yipan.json("certificates", "print", thread, "--to", str(tmp_path / "c.pdf"), "--office", home)
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF-")
    assert printed["number"] == made["number"]


def test_the_code_on_the_paper_is_verified_without_a_network_and_goes_on_so_after_the_key_was_changed(
    yipan: Program, home: str, tmp_path: Path
) -> None:
    thread = asked(yipan, home)
    made = issued(yipan, home, thread)
    here = {"YIPAN_ADDRESS": "https://yipan.example"}
    printed = ("certificates", "print", thread, "--to", str(tmp_path / "c.pdf"), "--office", home)
    code = yipan.json(*printed, **here)["code"]
    address, _, token = code.partition("#")
    assert address == f"https://yipan.example/verify/{made['number']}"
    before = len(yipan.json("certificates", "keys")["keys"])
    new = yipan.json("certificates", "rotate-key")
    assert int(new["key"]) == before + 1
    keys = tmp_path / "keys.json"
    keys.write_text(yipan.run("certificates", "keys", "--json").out, "utf-8")
    offline = yipan.json("certificates", "verify", code, "--keys", str(keys))
    assert (offline["state"], offline["name"], offline["number"]) == ("signed", "陈丽华", made["number"])
    assert yipan.json("certificates", "verify", made["number"])["state"] == "valid"
    after = issued(yipan, home, asked(yipan, home))
    assert yipan.json("certificates", "verify", after["number"])["state"] == "valid"
    changed = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    forged = yipan.run("certificates", "verify", changed, "--keys", str(keys))
    assert forged.code == 1
    private = sorted(each.name for each in (yipan.home / "keys").glob("certificate-*.key*"))
    assert private == [f"certificate-{new['key']}.key.sealed"]


def test_a_number_that_nobody_issued_is_unknown(yipan: Program) -> None:
    answer = yipan.run("certificates", "verify", "0000-0000-0000-0000", "--json")
    assert (answer.code, answer.value) == (1, {"state": "unknown"})


def test_a_renewal_gives_a_full_term_and_ends_the_certificate_before_it(yipan: Program, home: str) -> None:
    thread = asked(yipan, home)
    first = issued(yipan, home, thread, "--way", "counter")
    yipan.record("certificate.reissue-asked", home, "--thread", thread, wish="renewal", asked_by="herself")
    second = issued(yipan, home, thread, "--way", "letter")
    assert yipan.json("certificates", "verify", first["number"])["state"] == "ended"
    assert yipan.json("certificates", "verify", second["number"])["state"] == "valid"
    assert owed(yipan, home, "home-cert-renew") == {"home-cert-renew-free": "in-time"}


def test_a_certificate_that_is_revoked_says_so_at_once_and_one_whose_revocation_was_a_slip_is_valid_again(
    yipan: Program, home: str
) -> None:
    thread = asked(yipan, home, asked_by="proxy", proxy_name="陈大明", identity="promise")
    made = issued(yipan, home, thread, "--way", "proxy")
    slip = yipan.record(
        "certificate.revoked", home, "--thread", thread, ground="lost", reason="本人来电说遗失"
    )
    assert yipan.json("certificates", "verify", made["number"])["state"] == "ended"
    yipan.record("event.retracted", home, "--thread", thread, "--corrects", slip["event"])
    assert yipan.json("certificates", "verify", made["number"])["state"] == "valid"
    assert owed(yipan, home, "home-cert-by") == {"home-cert-by-proxy": "in-time"}


def test_the_office_of_residence_fetches_it_and_each_step_has_its_clock(
    yipan: Program, home: str, tmp_path: Path
) -> None:
    yipan.record("office.opened", RESIDENCE)
    said = {"name": "陈丽华", "home": home, "wish": "first", "asked_by": "herself"}
    thread = yipan.record("certificate.fetch-asked", RESIDENCE, **said)["thread"]
    inside = ("--thread", thread)
    yipan.record(
        "certificate.request-sent",
        RESIDENCE,
        *inside,
        channel="system",
        wish="first",
        name="陈丽华",
        home=home,
    )
    yipan.record("certificate.checked", home, *inside, result="confirmed")
    issued(yipan, home, thread)
    yipan.record("certificate.sent", home, *inside, channel="system", residence=RESIDENCE)
    to = str(tmp_path / "c.pdf")
    yipan.json("certificates", "print", thread, "--to", to, "--office", RESIDENCE)
    yipan.record("certificate.handed-over", RESIDENCE, *inside, way="counter")
    clocks = {
        each["rule"]: (each["clock"], each["owed_by"])
        for office in (home, RESIDENCE)
        for each in yipan.json("duties", "--office", office)
        if each["thread"] == thread
    }
    assert clocks == {
        "prd-tell-home-no-cert": ("in-time", RESIDENCE),
        "residence-late-cert-3m": ("in-time", RESIDENCE),
        "cert-check-15wd": ("in-time", home),
        "prd-reissue-7wd": ("in-time", home),
        "home-cert-term-3y": ("in-time", home),
        "cert-hand-over": ("in-time", RESIDENCE),
    }


def test_before_it_was_sent_the_office_of_residence_cannot_print_it(
    yipan: Program, home: str, tmp_path: Path
) -> None:
    yipan.record("office.opened", RESIDENCE)
    thread = asked(yipan, home)
    issued(yipan, home, thread)
    answer = yipan.run(
        "certificates", "print", thread, "--to", str(tmp_path / "c.pdf"), "--office", RESIDENCE, "--json"
    )
    assert (answer.code, answer.value["error"]) == (1, "no-certificate")
    assert not (tmp_path / "c.pdf").exists()


def test_the_register_adds_up(yipan: Program, home: str) -> None:
    issued(yipan, home, asked(yipan, home), "--way", "counter")
    refused = asked(yipan, home)
    yipan.record(
        "certificate.refused",
        home,
        "--thread",
        refused,
        ground="not-registered-here",
        reason="不在本镇登记",
        mend="请到邻镇办理",
    )
    yipan.record("certificate.withdrawn", home, "--thread", asked(yipan, home))
    asked(yipan, home)
    balance = yipan.json("certificates", "list", "--office", home)["balance"]
    assert balance == {"asked": 4, "issued": 1, "refused": 1, "withdrawn": 1, "open": 1}
    assert balance["asked"] == sum(value for name, value in balance.items() if name != "asked")


def test_a_refusal_needs_its_reasons_and_the_way_to_mend_it(yipan: Program, home: str) -> None:
    thread = asked(yipan, home)
    said = ("record", "certificate.refused", "--office", home, "--thread", thread, "--json")
    answer = yipan.run(*said, "--field", "ground=too-many")
    assert answer.code != 0
    assert {each["field"] for each in answer.value["faults"]} == {"ground", "reason", "mend"}


def test_written_reasons_and_service_notes_are_letters_of_their_own(
    yipan: Program, home: str, tmp_path: Path
) -> None:
    begun = yipan.record("service-note.asked", home, side="home", name="陈丽华")["thread"]
    note = yipan.record(
        "service-note.given",
        home,
        "--thread",
        begun,
        name="陈丽华",
        served_on="2026-03-02",
        content="已在本镇参加健康讲座。",
    )
    to = tmp_path / "note.pdf"
    yipan.json("papers", "letter", begun, note["event"], "--to", str(to), "--office", home)
    assert to.read_bytes().startswith(b"%PDF-")
    shown = yipan.record("certificate.shown", RESIDENCE, found="valid")["thread"]
    yipan.record("certificate.receipt-given", RESIDENCE, "--thread", shown)
    assert owed(yipan, RESIDENCE, "residence-cert-verify") == {"residence-cert-verify": "in-time"}
    assert owed(yipan, home, "home-cert-annotate") == {"home-cert-annotate-service": "in-time"}
