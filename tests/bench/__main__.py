"""python3 dev.py bench: webhooks beside the least they could cost, calls in the ear, and the rest.

The floor is a bare Flask app that checks the signature and says a fixed document, under the same
gunicorn settings, on the same machine, in turns with ours. Figures vary with what else runs here.
"""

from __future__ import annotations

import argparse
import os
import sys

from router.demo.supervise import read_procfile
from tests.bench import report
from tests.bench.inside import look_inside
from tests.bench.latency import measure_latency
from tests.bench.policy import RULES, VERTICES, measure_decisions, measure_what_if
from tests.bench.queue import run_queue
from tests.bench.site import ROOT, Site
from tests.bench.telephone import measure_coming, measure_standing
from tests.bench.throughput import Effort, measure

PARTS = ("webhooks", "calls", "emulator", "policy", "queue")
STANDING_SECONDS, COMING_SECONDS = 60.0, 15.0


def main() -> int:
    """Measure the parts asked for, all by default, and print it. Being slow is no failure."""
    options = _options()
    parts = options.parts or PARTS
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {load:.1f} before, durable PostgreSQL", flush=True)
    if load > 1:
        print(
            "Others are at work on this machine: the figures are worse than it can do.", flush=True
        )
    if "webhooks" in parts:
        _webhooks(options)
    if "calls" in parts:
        for heard in measure_latency(options.calls, options.held):
            print(report.heard(heard), flush=True)
    if "emulator" in parts:
        print(f"\n{report.standing(measure_standing(STANDING_SECONDS))}\n", flush=True)
        print(report.coming(measure_coming(report.AIM_NEW_CALLS, COMING_SECONDS)), flush=True)
    if "policy" in parts:
        _policy(options.megabytes)
    if "queue" in parts:
        for outcome in run_queue(options.queue_calls):
            print(f"\n{report.queue(outcome)}", flush=True)
    return 0


def _policy(megabytes: int) -> None:
    rate = measure_decisions()
    print(
        f"\ndecisions: {rate:,.0f} a second of one core, {RULES} rules, {VERTICES} corners, "
        "each explained",
        flush=True,
    )
    for run in measure_what_if(megabytes):
        print(
            f"what-if, {run.name}: {run.seconds:.1f} s ({run.processor_seconds:.1f} s of a core), "
            f"{run.megabytes:.0f} MB at most; {run.said}",
            flush=True,
        )


def _webhooks(options: argparse.Namespace) -> None:
    with Site() as site:
        print(f"\n{report.inside(look_inside(site, options.calls))}", flush=True)
        site.start_applications()
        line = read_procfile(ROOT / "Procfile")["web"]
        effort = Effort(
            rounds=options.rounds,
            seconds=options.seconds,
            half_seconds=2 * options.seconds,
            connections=options.connections,
            is_kept_alive=not options.close,
        )
        kept = "kept alive" if effort.is_kept_alive else "opened for each request"
        print(
            f"both under {line}\n{effort.rounds} rounds of {effort.seconds:g} s each, in turns, "
            f"{effort.connections} connections {kept}\n",
            flush=True,
        )
        print(report.throughput(measure(site, effort)), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help="all")
    parser.add_argument("--megabytes", type=int, default=0, help="of a made-up file for what-if")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--close", action="store_true", help="a connection for each request")
    parser.add_argument("--calls", type=int, default=40, help="calls played one after another")
    parser.add_argument(
        "--queue-calls", type=int, default=50_000, help="of each of the queue's replications"
    )
    parser.add_argument("--held", type=int, default=500, help="calls held beside those played")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
