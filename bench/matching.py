"""The same person? Our judge against Splink, on the same records in the same run.

    python bench/matching.py [--small] [--ours-only]

100,000 records are looked up among 1,000,000 (10,000 among 100,000 with `--small`): generated Chinese people with
realistic mistakes, twins, shared phones and renewed numbers (`people.py`). Both sides answer with scored pairs; recall
is compared at equal precision: at each of our two words, the best recall Splink reaches at no less than our precision.
Splink reads columns that were tidied for it beforehand, with our own readings of names and numbers; that time is
told apart and not counted against it. Our seconds hold everything from records to verdicts.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import logging
import sys
import time
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Started as a script, Python looks for modules beside it and not in the folder above.
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.people import Labelled, Maker
from yipan.registry.blocking import candidates
from yipan.registry.matching import Record, read_number, read_phone
from yipan.registry.names import read_name

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL, SMALL = (100_000, 1_000_000), (10_000, 100_000)
#: Splink answers with pairs down to this probability, so that its recall can be read at any precision.
FROM_PROBABILITY = 0.001
PAIRS_FOR_U = 1_000_000

Scored = list[tuple[float, int, int]]


def ours(labelled: Labelled) -> tuple[float, Scored, Scored]:
    """Return our seconds, the pairs said to be the same, and those said to be the same or likely."""
    start = time.perf_counter()
    pairs = candidates(labelled.records, labelled.against)
    seconds = time.perf_counter() - start
    said = [(float(pair.verdict.score), pair.one, pair.other, pair.verdict.same) for pair in pairs]
    return seconds, [one[:3] for one in said if one[3] == "same"], [one[:3] for one in said]


def rates(found: Iterable[tuple[float, int, int]], labelled: Labelled) -> tuple[float, float]:
    """Return precision and recall of pairs."""
    pairs = [(one, other) for _, one, other in found]
    right = sum(labelled.truth[one] == other for one, other in pairs)
    there = sum(place is not None for place in labelled.truth)
    return right / max(len(pairs), 1), right / there


def best_recall(found: Scored, labelled: Labelled, precision: float) -> float:
    """Return the best recall of any threshold whose precision is no less than this."""
    there = sum(place is not None for place in labelled.truth)
    right, best = 0, 0.0
    ranked = sorted(found, reverse=True)
    for count, (score, one, other) in enumerate(ranked, start=1):
        right += labelled.truth[one] == other
        last = count == len(ranked) or ranked[count][0] != score
        if last and right / count >= precision:
            best = right / there
    return best


def tidy(records: list[Record]) -> dict[str, list[Any]]:
    """Return the columns that Splink reads: what we know of names and numbers, done for it."""
    read = lru_cache(maxsize=None)(read_name)
    names = [read(record.name) for record in records]
    numbers = [read_number(record.identity_number) for record in records]
    born = [
        record.birth_on or (number.birth_on if number else None)
        for record, number in zip(records, numbers, strict=True)
    ]
    return {
        "unique_id": list(range(len(records))),
        "name": [name.folded for name in names],
        "surname": [name.folded[:1] for name in names],
        "sound": [" ".join(name.sound) for name in names],
        "near_sound": [" ".join(name.near_sound) for name in names],
        "number": [number.body if number else None for number in numbers],
        "birth": [record.birth_on.isoformat() if record.birth_on else None for record in records],
        # The number's date stands in for blocking alone: compared, it would weigh twice.
        "born": [day.isoformat() if day else None for day in born],
        "year": [day.year if day else None for day in born],
        "phone": [read_phone(record.phone) or None for record in records],
        "sex": [record.sex for record in records],
    }


def settings() -> Any:  # noqa: ANN401  # Splink's own types are there only where it is installed
    """Return a model for Splink with levels like ours and the same kinds of blocking."""
    splink = importlib.import_module("splink")
    levels = importlib.import_module("splink.comparison_level_library")
    compare = importlib.import_module("splink.comparison_library")
    name = compare.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            levels.NullLevel("name"),
            levels.ExactMatchLevel("name"),
            levels.ExactMatchLevel("sound"),
            levels.ExactMatchLevel("near_sound"),
            levels.LevenshteinLevel("name", 1),
            levels.ElseLevel(),
        ],
    )
    return splink.SettingsCreator(
        link_type="link_only",
        probability_two_random_records_match=1e-6,
        comparisons=[
            name,
            compare.DamerauLevenshteinAtThresholds("number", [1, 2]),
            compare.DamerauLevenshteinAtThresholds("birth", [1, 2]),
            compare.DamerauLevenshteinAtThresholds("phone", [1]),
            compare.ExactMatch("sex"),
        ],
        blocking_rules_to_generate_predictions=blocking(),
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


def blocking() -> list[Any]:
    """Return the blocking rules."""
    rule = importlib.import_module("splink").block_on
    return [
        rule("number"),
        rule("phone"),
        rule("near_sound", "year"),
        rule("surname", "born"),
        # Splink has no key for a number with a digit left out: the part before a slip, or the part behind it.
        rule("substr(number, 1, 12)"),
        rule("substr(number, 9, 9)"),
    ]


def link(tables: list[Any]) -> tuple[float, float, Scored]:
    """Return Splink's seconds of training and of predicting, and its scored pairs."""
    splink = importlib.import_module("splink")
    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    api = splink.DuckDBAPI()
    inputs = [
        api.register(table, dataset_display_name=name)
        for name, table in zip(("a_records", "b_against"), tables, strict=True)
    ]
    linker = splink.Linker(inputs, settings(), log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS_FOR_U, seed=1)
    # What a rule blocks on cannot be learnt from it: the first teaches all but the number, the second the number.
    for rule in (("number",), ("sound", "year")):
        linker.training.estimate_parameters_using_expectation_maximisation(splink.block_on(*rule))
    trained = time.perf_counter()
    answer = linker.inference.predict(threshold_match_probability=FROM_PROBABILITY)
    found = answer.as_dict()
    ended = time.perf_counter()
    scored = zip(found["match_weight"], found["unique_id_l"], found["unique_id_r"], strict=True)
    return trained - start, ended - trained, [(float(weight), one, other) for weight, one, other in scored]


def show(name: str, figure: str) -> None:
    """Print one figure a line."""
    print(f"{name:58} {figure}", flush=True)


def against_splink(labelled: Labelled, seconds: float, ours_said: dict[str, tuple[float, float]]) -> None:
    """Run Splink on the same records and print it beside ours."""
    if importlib.util.find_spec("splink") is None:
        show("Splink", "not installed, left out (requirements-bench.txt)")
        return
    arrow = importlib.import_module("pyarrow")
    start = time.perf_counter()
    tables = [arrow.table(tidy(labelled.records)), arrow.table(tidy(labelled.against))]
    show("tidying columns for Splink, not counted against it", f"{time.perf_counter() - start:8.2f} s")
    train, predict, found = link(tables)
    show("Splink: training", f"{train:8.2f} s")
    show("Splink: predicting", f"{predict:8.2f} s")
    show("Splink: in all", f"{train + predict:8.2f} s")
    show("Splink's seconds to ours", f"{(train + predict) / seconds:8.2f}")
    show("Splink's predicting alone to ours", f"{predict / seconds:8.2f}")
    for word, (precision, recall) in ours_said.items():
        best = best_recall(found, labelled, precision)
        show(
            f"Splink: best recall at precision {precision:.4f} and up ({word})",
            f"{best:8.4f}  (ours {recall:.4f})",
        )


def main() -> None:
    """Make the people, run both, print one line a figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="10,000 among 100,000")
    parser.add_argument("--ours-only", action="store_true", help="leave Splink out")
    options = parser.parse_args()
    count, among = SMALL if options.small else FULL
    start = time.perf_counter()
    labelled = Maker().labelled(count, among)
    show(f"{count:,} records among {among:,}: made in", f"{time.perf_counter() - start:8.2f} s")
    seconds, same, likely = ours(labelled)
    show("ours: from records to verdicts", f"{seconds:8.2f} s")
    said = {"same": rates(same, labelled), "same or likely": rates(likely, labelled)}
    for word, (precision, recall) in said.items():
        show(f"ours: precision, {word}", f"{precision:8.4f}")
        show(f"ours: recall, {word}", f"{recall:8.4f}")
    if not options.ours_only:
        against_splink(labelled, seconds, said)


if __name__ == "__main__":
    main()
