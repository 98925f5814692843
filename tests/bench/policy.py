"""Decisions a second on one core, and a file of past calls through what-if: seconds and memory."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from router.policy.coverage import Coverage, Hours
from router.policy.eligibility import SCALES, Circumstances, Policy, Rule, decide
from router.policy.service_area import Area

RULES, VERTICES = 40, 500
CALLS = 4000
ROUNDS = 5
MONTGOMERY = Path("../shared/data/montco_911_2015-12_2016-08_type_time_township.csv.gz")
ROW = "2026-01-{day:02} {hour:02}:15:00,{type},33.4{number},-112.0{number},third,N,N,{note}\n"
TYPES = ("WELFARE CHECK", "TRAFFIC STOP", "MENTAL HEALTH CASE", "ALARM")
MEGABYTE = 1_000_000

# The command, and on the last line its own peak of memory in KiB and seconds of a core.
_MEASURED = """
import resource, sys
from router.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print("used", used.ru_maxrss, used.ru_utime + used.ru_stime)
"""


def a_policy() -> Policy:
    """Forty rules that ask about everything, an outline of five hundred corners, and hours."""
    angles = [2 * math.pi * index / VERTICES for index in range(VERTICES)]
    ring = [(-97.7 + math.cos(one), 30.3 + 0.9 * math.sin(one)) for one in angles]
    dangers = sorted(name for name, scale in SCALES.items() if "yes" in scale)
    rules = [_rule(f"danger_{name}", "return_to_911", {name: "yes unknown"}) for name in dangers]
    rules.append(_rule("outside", "return_to_911", {"area_city": "no"}))
    rules.append(_rule("closed", "return_to_911", {"coverage_team": "no"}))
    while len(rules) < RULES:
        kind = f"type_{len(rules)}"
        rules.append(_rule(kind, "team", {"call_type": kind, "caller_party": "second third"}))
    return Policy(
        1,
        tuple(rules),
        _rule("otherwise", "return_to_911", {}),
        areas=(Area("city", (([*ring, ring[0]],),)),),
        coverages=(
            Coverage(
                "team",
                "America/Chicago",
                dict.fromkeys(range(7), (Hours(clock(6), clock(2)),)),
            ),
        ),
    )


def _rule(name: str, outcome: str, when: dict[str, str]) -> Rule:
    values = {answer: frozenset(given.split()) for answer, given in when.items()}
    return Rule(name, values, outcome, "not_for_clinician", f"because of {name}")


def measure_decisions() -> float:
    """Decisions in a second of one core, each explained rule by rule, the best of a few rounds."""
    random, policy = Random(1), a_policy()
    started = datetime(2026, 1, 1, tzinfo=UTC)
    calls = [
        (
            {
                "call_type": f"type_{random.randrange(RULES)}",
                "caller_party": random.choice(("first", "second", "third")),
                "danger": random.choice(("no", "no", "no", "unknown")),
                "weapon": "no",
                "medical": "no",
            },
            Circumstances(
                at=started + timedelta(minutes=random.randrange(500_000)),
                position=(random.uniform(-98.7, -96.7), random.uniform(29.4, 31.2)),
            ),
        )
        for _ in range(CALLS)
    ]
    rates = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for answers, known in calls:
            decide(policy, answers, known)
        rates.append(CALLS / (time.process_time() - began))
    return max(rates)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of what-if as a process of its own."""

    name: str
    seconds: float
    processor_seconds: float
    megabytes: float
    said: str


def measure_what_if(megabytes: int) -> Iterator[Run]:
    """The Montgomery County file, where it is, and a made-up file of so many megabytes."""
    with TemporaryDirectory() as folder:
        if MONTGOMERY.exists():
            yield _run("Montgomery County", MONTGOMERY, Path(folder))
        if megabytes:
            made = Path(folder) / "made.csv"
            _make(made, megabytes * MEGABYTE)
            yield _run(f"a made-up file of {megabytes} MB", made, Path(folder))


def _run(name: str, file: Path, folder: Path) -> Run:
    options = ["what-if", str(file), "--program", "router/programs/phoenix.toml"]
    command = [sys.executable, "-c", _MEASURED, *options, "--out", str(folder / "out")]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    lines = done.stdout.splitlines()
    said = next(line for line in lines if "rows that could not be read" in line)
    _used, peak, processor_seconds = lines[-1].split()
    return Run(name, seconds, float(processor_seconds), int(peak) / 1024, said)


def _make(path: Path, size: int) -> None:
    random = Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("time,nature,lat,lng,party,weapon,crime,remarks\n")
        written = 0
        while written < size:
            row = ROW.format(
                day=random.randrange(1, 29),
                hour=random.randrange(24),
                type=random.choice(TYPES),
                number=random.randrange(1000),
                note="caller on line " * random.randrange(6),
            )
            written += file.write(row)
