"""What tests play a few times, played for long; exits with 1 if anything fails.

flows     every state of the three programs with faults where `flows verify` explores none
lives     random lives of a call, 2000 for each program, line and carrier
races     ten times the races for people: two acceptances at once, and many calls for few people
calls     ten minutes of random calls through every process, over the emulator's wire
line      2000 calls at the 911 desk, by phone through every process and by a moved clock: no held
          call before a waiting return
past      the key 9 before and after millions of closed calls are in the tables, and every plan
emulator  200 calls at real time and by hand, then ten minutes of random calls, faults and commands
matrix    the failure matrix with every combination of failures: an hour on two cores
faults    processes killed and frozen in the middle of calls, alone on the machine: the long ones
          too, and each within the time that is promised to callers
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from router.demo.mix import Mix
from router.demo.stack import Stack
from router.demo.stage import Stage
from tests.bench import report
from tests.bench.latency import INSTANT, play
from tests.soak.line import play_line, report_line
from tests.soak.past import count_past, list_slow_plans, make_past
from tests.soak.telephone import soak_telephone

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".state" / "soak"
PARTS = ("flows", "lives", "races", "calls", "line", "past", "emulator", "matrix", "faults")
LIVES = "tests/ivr_flows/test_first_duty.py"
CROWD = "tests/emulator/test_crowd.py"
RACES = ("tests/services/test_apply_input.py", "tests/services/test_claims_under_load.py")
MATRIX = "tests/matrix/test_under_trouble.py"
LINE_ORDER = "tests/services/test_line_order.py"
CALLS_A_ROUND = 12
CALLS_PER_SECOND = 5.0
MANY_CALLS_PER_SECOND = 50.0
LINE_BACKLOG = 20
FAST_SPEECH = ("--switch", "speech_rate=25")  # ten times as fast as people speak


def main() -> int:
    """Play the parts that were asked for, all by default."""
    options = _options()
    failed = []
    for part in options.parts or PARTS:
        begun = time.monotonic()
        held = _play(part, options)
        taken = (time.monotonic() - begun) / 60
        print(f"{part}: {'held' if held else 'FAILED'} in {taken:.1f} min", flush=True)
        if not held:
            failed.append(part)
    return 1 if failed else 0


def _play(part: str, options: argparse.Namespace) -> bool:
    if part == "flows":
        verify = ("flows", "verify", "--wide", "--minutes", "60")
        return _run("-c", "from router.cli import main; main()", *verify)
    if part == "lives":
        return _pytest(LIVES, "-n", "2", SWITCHBACK_LIVES=str(options.lives))
    if part == "races":
        return all(_pytest(*RACES, "-k", "ro4") for _ in range(options.races))
    if part == "emulator":
        held = _pytest(CROWD, "-n", "0", SWITCHBACK_CROWD=str(options.crowd))
        return soak_telephone(options.minutes) and held
    if part == "line":
        return _line(options.line)
    if part == "past":
        return _past(options)
    if part == "matrix":
        return _pytest(MATRIX, "-n", "2", SWITCHBACK_MATRIX="whole")
    if part == "faults":
        return _pytest("tests/faults", "-n", "0", "-p", "no:randomly", SWITCHBACK_FAULTS="alone")
    return _calls(options.minutes)


def _pytest(*arguments: str, **environment: str) -> bool:
    return _run("-m", "pytest", "-q", "--timeout", "0", *arguments, **environment)


def _run(*arguments: str, **environment: str) -> bool:
    """Whether Python succeeds with those arguments."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env={**os.environ, **environment})
    return done.returncode == 0


def _calls(minutes: float) -> bool:
    """Rounds of random calls until the minutes are over; each round has chances of its own."""
    held, seed = True, 0
    with Stack(STATE, calls_per_second=CALLS_PER_SECOND, emulator_options=FAST_SPEECH) as stack:
        stage = Stage(stack)
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            seed += 1
            print(f"round {seed}", flush=True)
            held = Mix(stage, CALLS_A_ROUND, seed).play() and held
            stage.clear_lines()
        ended = stack.processes.ended()
        if ended:
            print(f"ended by themselves: {', '.join(ended)}")
    return held and not ended


def _line(calls: int) -> bool:
    instant = ("--switch", "speech_rate=0", "--switch", "dial_setup_seconds=0.02")
    with Stack(
        STATE / "line",
        durable=False,
        calls_per_second=MANY_CALLS_PER_SECOND,
        emulator_options=instant,
        without=("live",),
    ) as stack:
        played = play_line(stack, calls, backlog=LINE_BACKLOG)
    print(report_line(played), flush=True)
    by_hand = _pytest(LINE_ORDER, "-n", "0", SWITCHBACK_LINE=str(calls))
    return by_hand and not played.wrong


def _past(options: argparse.Namespace) -> bool:
    """Figures of one stack before and after: a difference is the tables' alone."""
    with Stack(STATE / "past", durable=False, calls_per_second=MANY_CALLS_PER_SECOND) as stack:
        stack.network.switches(**INSTANT)
        stage = Stage(stack)
        before = play(stage, options.past_calls, f"{count_past(stack):,} past calls")
        print(report.heard(before), flush=True)
        made, seconds, gigabytes = make_past(stack, options.past, options.past_minutes * 60)
        print(f"{made:,} past calls in {seconds:.0f} s, {gigabytes:.1f} GB", flush=True)
        asked, wrong = list_slow_plans(stack)
        print(f"{asked} statements of routing, {len(wrong)} read a growing table whole", flush=True)
        for sentence in wrong:
            print(sentence, flush=True)
        after = play(stage, options.past_calls, f"{made:,} past calls")
        print(report.heard(after), flush=True)
    wrong += before.wrong + after.wrong
    return not wrong


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help="all")
    parser.add_argument("--lives", type=int, default=2000)
    parser.add_argument("--races", type=int, default=10)
    parser.add_argument("--crowd", type=int, default=200, help="calls at real time and by hand")
    parser.add_argument("--line", type=int, default=2000, help="calls at the 911 desk")
    parser.add_argument("--past", type=int, default=5_000_000, help="closed calls in the tables")
    parser.add_argument("--past-minutes", type=float, default=60, help="for writing them")
    parser.add_argument("--past-calls", type=int, default=30, help="played before and after")
    parser.add_argument("--minutes", type=float, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
