"""The bench's findings as tables for people, each figure with its aim beside it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from tests.bench.inside import KINDS, PARTS, Inside
from tests.bench.latency import ACCEPT_TO_TALK, NINE_TO_RING, Heard
from tests.bench.queue import Measured as QueueMeasured
from tests.bench.queue import Outcome as QueueOutcome
from tests.bench.site import FLOOR, OURS
from tests.bench.telephone import Coming, Standing
from tests.bench.throughput import TITLES, Results, percentile

AIM_RATIO, LONG_AIM_RATIO = 0.2, 0.4
AIM_P99_MILLISECONDS = 50.0
AIM_STATEMENTS = 6
AIM_P95_MILLISECONDS = 300.0
AIM_OFF, AIM_INTERVAL_FROM = 0.05, 0.9  # of theory; at loads from here on its interval counts
AIM_MEGABYTES, AIM_CORES = 400.0, 0.1
AIM_NEW_CALLS, AIM_SHARE_MILLISECONDS = 100.0, 20.0
NAMES = {OURS: "Switchback", FLOOR: "the floor"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns wide enough for what they hold; the first is of words, the others of figures."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    said = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([said[0], "-" * max(map(len, said)), *said[1:]])


def throughput(results: Results) -> str:
    """Requests per second, the ratio, and how long answers take at half of our rate."""
    said = []
    for kind, by_name in results.items():
        rows = []
        for name in (FLOOR, OURS):
            measured = by_name[name]
            share = [percentile(measured.at_half, q) for q in (0.5, 0.95, 0.99)]
            rows.append(
                [
                    NAMES[name],
                    f"{measured.rate:.0f}",
                    f"{min(measured.rates):.0f}-{max(measured.rates):.0f}",
                    f"{statistics.median(measured.cpu_milliseconds):.2f}",
                    f"{statistics.median(measured.postgres_milliseconds):.2f}",
                    *(f"{value:.1f}" for value in share),
                    str(sum(measured.wrong.values())),
                ]
            )
        ours, floor = by_name[OURS], by_name[FLOOR]
        ratio = ours.rate / floor.rate
        cpu = statistics.median(floor.cpu_milliseconds) / (
            statistics.median(ours.cpu_milliseconds) + statistics.median(ours.postgres_milliseconds)
        )
        p99 = percentile(ours.at_half, 0.99)
        head = ["", "req/s", "of rounds", "CPU ms", "PG ms", "p50", "p95", "p99", "wrong"]
        title = f"{TITLES[kind]} (p50 to p99 in ms, both at {ours.rate / 2:.0f} req/s)"
        verdict = (
            f"ratio {ratio:.2f}: {_verdict(ratio >= AIM_RATIO)} at least {AIM_RATIO} "
            f"(long-term {LONG_AIM_RATIO}); by processor time, PostgreSQL's with ours, {cpu:.2f}\n"
            f"p99 at half load {p99:.1f} ms: "
            f"{_verdict(p99 < AIM_P99_MILLISECONDS)} under {AIM_P99_MILLISECONDS:.0f} ms"
        )
        said += [title, table(head, rows), verdict, ""]
    return "\n".join(said)


def inside(found: Inside) -> str:
    """Statements, round trips and the split of time, a column for each kind of webhook."""
    rows = [
        ["statements", *(_range(found.statements[kind]) for kind in KINDS)],
        ["round trips", *(_range(found.round_trips[kind]) for kind in KINDS)],
        ["milliseconds", *(f"{found.total_milliseconds(kind):.2f}" for kind in KINDS)],
        *(
            [f"  {part}", *(f"{found.milliseconds(kind, part):.2f}" for kind in KINDS)]
            for part in PARTS
        ),
    ]
    most = max(max(found.statements[kind]) for kind in KINDS)
    return (
        "inside one webhook (alone in one process; medians, the parts do not overlap)\n"
        + table(["", *KINDS], rows)
        + f"\nmost statements {most}: {_verdict(most <= AIM_STATEMENTS)} no more than "
        f"{AIM_STATEMENTS} (BEGIN and COMMIT are not counted: they travel with a statement)\n"
    )


def heard(found: Heard) -> str:
    """What people waited for under some circumstances, a line each."""
    lines = [
        latency(f"{name}, {found.when}", milliseconds)
        for name, milliseconds in ((ACCEPT_TO_TALK, found.accepts), (NINE_TO_RING, found.returns))
    ]
    return "\n".join([*lines, *(f"went wrong: {sentence}" for sentence in found.wrong)])


def latency(name: str, milliseconds: Sequence[float]) -> str:
    """One line for what people wait for."""
    share = [percentile(milliseconds, q) for q in (0.5, 0.95, 0.99)]
    return (
        f"{name}: {len(milliseconds)} calls, p50 {share[0]:.0f}  p95 {share[1]:.0f}  "
        f"p99 {share[2]:.0f} ms: p95 {_verdict(share[1] < AIM_P95_MILLISECONDS)} under "
        f"{AIM_P95_MILLISECONDS:.0f} ms"
    )


def standing(found: Standing) -> str:
    """What many calls cost the emulator that merely stand."""
    return (
        f"the emulator with {found.waiting} callers in queues and {found.talking // 2} conferences "
        f"of two, over {found.seconds:.0f} s: {found.megabytes:.0f} MB resident, "
        f"{_verdict(found.megabytes < AIM_MEGABYTES)} under {AIM_MEGABYTES:.0f} MB; "
        f"{found.cores:.3f} of a core, {_verdict(found.cores < AIM_CORES)} under {AIM_CORES}"
    )


def coming(found: Coming) -> str:
    """The emulator's own share of each webhook while new calls come."""
    rows = [
        [name, str(len(shares)), *(f"{percentile(shares, q):.1f}" for q in (0.5, 0.95, 0.99, 1))]
        for name, shares in (
            ("event to request, answer to effect", found.inside),
            ("between requests, seen by the application", found.outside),
        )
    ]
    p99 = percentile(found.inside, 0.99)
    is_met = p99 < AIM_SHARE_MILLISECONDS and found.rate > AIM_NEW_CALLS * 0.99 and not found.wrong
    return (
        f"the emulator's own share (ms) of a webhook at {found.rate:.0f} new calls a second, "
        f"{found.calls} calls through two questions, {found.cores:.2f} of a core, "
        f"{found.wrong} missing\n"
        + table(["", "webhooks", "p50", "p95", "p99", "most"], rows)
        + f"\np99 {p99:.1f} ms: {_verdict(is_met)} under {AIM_SHARE_MILLISECONDS:.0f} ms at "
        f"{AIM_NEW_CALLS:.0f} calls a second\n"
    )


def queue(found: QueueOutcome) -> str:
    """Theory beside what the routing engine did, with the aim of that load."""
    rows = []
    for name, which in (
        ("returned, mean wait", "returned"),
        ("held, mean wait", "held"),
        ("added to a held call", "added"),
    ):
        measured: QueueMeasured = getattr(found, which)
        expected: float = getattr(found.theory, which)
        low, high = measured.mean - measured.half_width, measured.mean + measured.half_width
        rows.append(
            [
                name,
                f"{expected:.1f}",
                f"{measured.mean:.1f}",
                f"{found.off(which):+.1%}",
                f"{low:.1f} to {high:.1f}",
                "yes" if measured.has(expected) else "no",
            ]
        )
    if found.desk.load < AIM_INTERVAL_FROM:
        is_met = max(abs(found.off(which)) for which in ("returned", "held")) <= AIM_OFF
        aim = f"both mean waits {_verdict(is_met)} within {AIM_OFF:.0%} of theory"
    else:
        is_met = found.returned.has(found.theory.returned) and found.held.has(found.theory.held)
        aim = f"{_verdict(is_met)} theory inside both 95 % intervals"
    return (
        f"the line of {found.desk.takers} call takers at load {found.desk.load}, "
        f"{found.desk.returns:.0%} returns, {found.desk.service_seconds:.0f} s a call, "
        f"{found.calls:,} calls; the guard put {found.guarded:,} held calls before a return\n"
        + table(["seconds", "theory", "measured", "off", "95 % interval", "theory inside"], rows)
        + f"\n{aim}\n"
    )


def _verdict(is_met: bool) -> str:
    return "MET, aim" if is_met else "MISSED, aim"


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low}-{high}"
