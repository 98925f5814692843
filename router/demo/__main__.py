"""The demo: a whole Switchback with fictional people, six calls, then phones and a board to try.

python3 dev.py demo               six calls, then stay up
python3 dev.py demo --once        six calls, then stop; exit code 0 if each ended as it should
python3 dev.py demo --calls 50    a random mix instead
python3 dev.py demo --fresh       forget the demo's database first
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from router.demo.mix import play_mix
from router.demo.plays import PLAYS
from router.demo.stack import ROOT, Stack
from router.demo.stage import Narrator, PlayError, Stage
from router.errors import SwitchbackError
from router.services.accounts import demo_users

STATE = ROOT / ".state" / "demo"
WORDS_A_SECOND = "25"  # ten times as fast as people speak


def main(argv: list[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    options = _parse(argv)
    if options.fresh:
        shutil.rmtree(STATE, ignore_errors=True)
    signal.signal(signal.SIGTERM, _interrupt)
    print("Starting PostgreSQL, Valkey, the telephone company and Switchback ...", flush=True)
    try:
        emulator = ("--switch", f"speech_rate={WORDS_A_SECOND}")
        with Stack(STATE, emulator_options=emulator, calls_per_second=options.rate) as stack:
            passed = _play(stack, options.calls)
            if options.once or options.calls:
                return 0 if passed else 1
            _stay(stack)
    except SwitchbackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.")
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 dev.py demo", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--once", action="store_true", help="play the six calls and stop")
    parser.add_argument("--calls", type=int, default=0, metavar="N", help="play N random calls")
    parser.add_argument("--seed", type=int, default=1, help="of the random mix")
    parser.add_argument("--fresh", action="store_true", help="forget the demo's database first")
    parser.add_argument(
        "--rate", type=float, default=5.0, help="calls per second the carrier allows (default 5)"
    )
    return parser.parse_args(argv)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _play(stack: Stack, calls: int) -> bool:
    stage = Stage(stack)
    if calls:
        return play_mix(stage, calls)
    passed = True
    for play in PLAYS:
        print(f"\n({play.letter}) {play.title}", flush=True)
        stage.everyone_idle()
        began = time.monotonic()
        with Narrator(stack.network):
            try:
                ended = f"ended: {play.perform(stage)}"
            except (AssertionError, PlayError) as error:
                passed, ended = False, f"WENT WRONG: {error}"
            time.sleep(0.6)  # the last lines are on their way to the narrator
        print(f"({play.letter}) {ended} ({time.monotonic() - began:.0f} s)", flush=True)
        if ended.startswith("WENT WRONG"):
            stage.print_records()
        stage.clear_lines()
    unexpected = stack.network.unexpected_rings()
    if unexpected:
        print(f"Phones rang that nobody has: {unexpected}")
    print("\nAll six ended as they should." if passed else "\nNot every call ended as it should.")
    return passed and not unexpected


def _stay(stack: Stack) -> None:
    lines = stack.seeded.lines
    print(
        f"""
Try it yourself:
  phones       {stack.emulator_url}/phones
               dial {lines["direct"]} as a caller, {lines["transfer"]} as a call taker
  live board   {stack.web_url}/board
  people on    {Path(sys.executable).parent / "switchback"} roster list
Sign in as:"""
    )
    with stack.sessions.begin() as session:
        users = demo_users(session, stack.state)
    for user in users:
        print(f"  {user.role:<12} {user.email:<32} {user.password}")
    print("Ctrl-C stops everything.", flush=True)
    while not stack.processes.ended():
        time.sleep(0.5)
    name = stack.processes.ended()[0]
    raise SwitchbackError(f"{name} ended. Its log ends:\n{stack.processes.last_words(name)}")


if __name__ == "__main__":
    sys.exit(main())
