"""The demo: a whole Switchback with fictional people, six calls, then phones and a board to try.

python3 dev.py demo               six calls, then stay up
python3 dev.py demo --once        six calls, then stop; exit code 0 if each ended as it should
python3 dev.py demo --calls 50    a random mix instead, several at once; exit code likewise
python3 dev.py demo --external    callers return to a 911 center outside, not to a hosted desk
python3 dev.py demo --program phoenix   another city's program: austin, phoenix or durham
python3 dev.py demo --fresh       forget what the demo stored first
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from urllib.parse import quote

from router.demo.cast import SCRIPTS, write_always_open
from router.demo.mix import Mix
from router.demo.narrator import Narrator
from router.demo.plays import PLAYS, Play
from router.demo.seed import PROGRAM, write_external
from router.demo.servers import Folder, PrivatePostgres
from router.demo.stack import ROOT, Stack
from router.demo.stage import PlayError, Stage
from router.emulator.client import NetworkError
from router.errors import SwitchbackError
from router.programs.reading import EXAMPLES
from router.services.accounts import demo_users

STATE = ROOT / ".state"
WORDS_A_SECOND = "25"  # ten times as fast as people speak
INTERRUPTED = 130  # as shells say it
YOU = 80  # the last of the numbers for callers


def main(argv: list[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    options = _parse(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    staying = False
    named = options.program
    program = EXAMPLES / f"{named}.toml"
    folder = Folder(STATE, "demo" if program == PROGRAM else f"demo-{named}")  # a second: another
    try:
        if options.fresh:
            _forget(folder.path)
        program = write_always_open(folder.path / f"{named}.toml", program)
        if options.external:
            program = write_external(folder.path / "external.toml", program)
        print("Starting PostgreSQL, Valkey, the telephone company and Switchback ...", flush=True)
        with Stack(
            folder.path,
            program=program,
            calls_per_second=options.rate,
            emulator_options=("--switch", f"speech_rate={WORDS_A_SECOND}"),
        ) as stack:
            stage = Stage(stack)
            passed = _play(stage, options)
            if options.once or options.calls:
                return 0 if passed else 1
            staying = True
            stage.everyone_idle()
            _stay(stack)
    except SwitchbackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.")
        return 0 if staying else INTERRUPTED
    finally:
        folder.release()
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 dev.py demo", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--once", action="store_true", help="play the six calls and stop")
    parser.add_argument("--calls", type=int, default=0, metavar="N", help="play N random calls")
    parser.add_argument("--seed", type=int, default=1, help="of the random mix (default 1)")
    parser.add_argument(
        "--external", action="store_true", help="return callers to a 911 center outside"
    )
    parser.add_argument(
        "--program",
        choices=sorted(SCRIPTS),
        default="austin",
        help="whose program (default austin)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what the demo stored first")
    parser.add_argument(
        "--rate", type=float, default=5.0, help="calls per second the carrier allows (default 5)"
    )
    options = parser.parse_args(argv)
    if options.calls < 0 or options.rate <= 0:
        parser.error("--calls and --rate are numbers above zero")
    if options.fresh and os.environ.get("DATABASE_URL"):
        parser.error("--fresh forgets the demo's own database; the one in DATABASE_URL is yours")
    return options


def _interrupt(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # stopping takes seconds, and is not cut short
    raise KeyboardInterrupt


def _forget(state: Path) -> None:
    """Delete the folder, and the database's, which root may have had to put elsewhere."""
    postgres = PrivatePostgres(state)
    postgres.wipe()
    postgres.close()
    shutil.rmtree(state, ignore_errors=True)


def _play(stage: Stage, options: argparse.Namespace) -> bool:
    if options.calls:
        print(f"\n{options.calls} random calls, seed {options.seed}", flush=True)
        passed = Mix(stage, options.calls, options.seed).play()
    else:
        passed = all([_perform(stage, play) for play in PLAYS])  # noqa: C419 - all six are played
        print("\nAll six ended as they should." if passed else "\nNot every call ended well.")
    unexpected = stage.network.unexpected_rings()
    if unexpected:
        print(f"Phones rang that nobody has: {unexpected}")
    return passed and not unexpected


def _perform(stage: Stage, play: Play) -> bool:
    print(f"\n({play.letter}) {play.title}", flush=True)
    stage.everyone_idle()
    began = time.monotonic()
    passed = True
    with Narrator(stage):
        try:
            ended = f"ended: {play.perform(stage)}"
        except (AssertionError, NetworkError, PlayError) as error:
            passed, ended = False, f"WENT WRONG: {error}"
        time.sleep(0.6)  # the last lines are on their way to the narrator
    print(f"({play.letter}) {ended} ({time.monotonic() - began:.0f} s)", flush=True)
    if not passed:
        stage.print_records()
    stage.clear_lines()
    return passed


def _stay(stack: Stack) -> None:
    lines = stack.seeded.lines
    you = stack.network.phone(stack.seeded.caller_number(YOU), name="You")
    print(
        f"""
Try it yourself:
  phones       {stack.emulator_url}/phones?phone={quote(you.number)}
               dial {lines["direct"]} as a caller, {lines["transfer"]} as a call taker;
               choose a clinician's phone in another window to answer
  live board   {stack.web_url}/board
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
