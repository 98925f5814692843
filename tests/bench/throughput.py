"""Ours against the floor, in turns, so that both see the same machine."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.bench.load import KEYS, Findings, Job
from tests.bench.site import FLOOR, OURS, Site

Kind = Literal["first", "step"]
TITLES: dict[Kind, str] = {"first": "first TwiML of an inbound call", "step": "one keypad step"}
SPARE = 1.3  # calls opened beyond those that the last rate would need


@dataclass
class Measured:
    """One kind of request at one application; rates are requests per second, a round each."""

    rates: list[float] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)  # the application's, a request
    postgres_milliseconds: list[float] = field(default_factory=list)
    at_half: list[float] = field(default_factory=list)  # milliseconds, at half of OUR rate
    wrong: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """The median round."""
        return statistics.median(self.rates)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often to measure."""

    rounds: int
    seconds: float
    half_seconds: float
    connections: int
    is_kept_alive: bool

    def job(self, kind: Kind, seconds: float) -> Job:
        return Job(0, "", "", kind, seconds, self.connections, is_kept_alive=self.is_kept_alive)


Results = dict[Kind, dict[str, Measured]]


def measure(site: Site, effort: Effort) -> Results:
    """Saturate both in turns, then ask both at half of what ours can do."""
    results: Results = {kind: {OURS: Measured(), FLOOR: Measured()} for kind in TITLES}
    last = {OURS: 300.0, FLOOR: 1500.0}
    for name in last:  # processes that have just begun are slow
        site.load(name, effort.job("first", 1.5))
    for number in range(effort.rounds):
        for kind in TITLES:
            for name in (FLOOR, OURS) if number % 2 else (OURS, FLOOR):
                job = effort.job(kind, effort.seconds)
                if kind == "step":
                    job = replace(job, calls=_calls_for(last[name], effort.seconds))
                measured = results[kind][name]
                _saturate(site, name, job, measured)
                last[name] = measured.rates[-1]
    for kind in TITLES:
        half = results[kind][OURS].rate / 2
        for name in (OURS, FLOOR):
            job = replace(
                effort.job(kind, effort.half_seconds),
                rate=half,
                calls=_calls_for(half, effort.half_seconds) if kind == "step" else 0,
            )
            found = site.load(name, job)
            results[kind][name].at_half += found.milliseconds
            _note_wrong(results[kind][name], found)
    return results


def _saturate(site: Site, name: str, job: Job, measured: Measured) -> None:
    before = site.cpu_seconds()
    found = site.load(name, job)
    after = site.cpu_seconds()
    asked = max(len(found.milliseconds) + job.calls, 1)
    measured.rates.append(len(found.milliseconds) / found.seconds)
    measured.cpu_milliseconds.append((after[name] - before[name]) / asked * 1000)
    measured.postgres_milliseconds.append((after["postgres"] - before["postgres"]) / asked * 1000)
    _note_wrong(measured, found)


def _note_wrong(measured: Measured, found: Findings) -> None:
    for what, times in found.wrong.items():
        measured.wrong[what] = measured.wrong.get(what, 0) + times


def _calls_for(rate: float, seconds: float) -> int:
    return int(rate * seconds * SPARE / len(KEYS)) + 10


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed; nan for none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
