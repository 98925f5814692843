"""python -m router.emulator: run the network until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import re
import signal
import sys
from datetime import UTC, datetime
from typing import TextIO

from .clock import MAX_SPEED, MODES, Clock
from .server import Server
from .sids import Sids, is_sid
from .switches import Switches
from .urls import LOOPBACK
from .world import World


def _time(text: str) -> tuple[str, float]:
    mode, _, speed = text.partition(":")
    if mode not in MODES or (speed and mode != "fast"):
        raise argparse.ArgumentTypeError("real, fast:N or manual")
    try:
        factor = float(speed or (10 if mode == "fast" else 1))
    except ValueError:
        factor = 0.0
    if not 0 < factor <= MAX_SPEED:
        raise argparse.ArgumentTypeError("the N of fast:N is a number from above 0 to 10000")
    return mode, factor


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a moment as 2026-01-31T09:00:00 (UTC)") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _account(text: str) -> str:
    if not re.fullmatch(r"AC[0-9a-f]{32}", text):
        raise argparse.ArgumentTypeError("AC and 32 hexadecimal digits")
    return text


def _api_key(text: str) -> tuple[str, str]:
    sid, _, secret = text.partition("=")
    if not is_sid(sid, "SK") or not secret:
        raise argparse.ArgumentTypeError("SK and 32 hexadecimal digits, =, and its secret")
    return sid, secret


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m router.emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=int(env.get("EMULATOR_PORT") or 8200))
    parser.add_argument("--account-sid", type=_account, default=env.get("TWILIO_ACCOUNT_SID"))
    parser.add_argument("--auth-token", default=env.get("TWILIO_AUTH_TOKEN"))
    parser.add_argument(
        "--time", type=_time, default=("real", 1.0), metavar="MODE", help="real, fast:N or manual"
    )
    parser.add_argument("--calls-per-second", type=float, help="REST calls placed a second")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument(
        "--api-key",
        type=_api_key,
        action="append",
        default=[],
        metavar="SK...=SECRET",
        help="a key for REST and for access tokens; also TWILIO_API_KEY and TWILIO_API_SECRET",
    )
    parser.add_argument("--seed", type=int, help="make SIDs repeatable")
    parser.add_argument(
        "--start",
        type=_moment,
        metavar="MOMENT",
        help="when its clock begins (ISO 8601)",
    )
    parser.add_argument(
        "--allow-any-host",
        action="store_true",
        help="listen and send webhooks beyond the loopback (off: nothing leaves this machine)",
    )
    options = parser.parse_args(arguments)
    if options.host not in LOOPBACK and not options.allow_any_host:
        parser.error(f"--host {options.host} is not a loopback address (see --allow-any-host)")
    options.account_sid = options.account_sid or Sids().new("AC")
    options.auth_token = options.auth_token or Sids().new("")
    key, secret = env.get("TWILIO_API_KEY", ""), env.get("TWILIO_API_SECRET", "")
    options.api_keys = dict(options.api_key) | ({key: secret} if key and secret else {})
    options.switches = Switches()
    try:
        for item in options.switch:
            name, _, value = item.partition("=")
            options.switches.set(name, value)
        if options.calls_per_second is not None:
            options.switches.set("calls_per_second", options.calls_per_second)
    except ValueError as error:
        parser.error(str(error))
    return options


def _say(stream: TextIO, line: str) -> None:
    stream.write(line + "\n")
    stream.flush()


async def _run(options: argparse.Namespace) -> int:
    mode, speed = options.time
    world = World(
        options.account_sid,
        options.auth_token,
        Clock(mode, speed, options.start),
        options.switches,
        options.seed,
    )
    world.api_keys.update(options.api_keys)
    world.allow_any_host = options.allow_any_host
    server = Server(world, options.host, options.port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await server.start()
    except OSError as error:
        _say(sys.stderr, f"cannot listen on {options.host}:{options.port}: {error}")
        return 1
    _say(
        sys.stdout,
        f"emulator listening on {world.base_url} for account {world.account_sid}"
        f" (time {mode}); phones at {world.base_url}/phones",
    )
    # What the program is made of stays for good: to look through it again and again for garbage
    # would stop every call for some hundredths of a second.
    gc.collect()
    gc.freeze()
    await stopped.wait()
    await server.stop()
    return 0


def main() -> int:
    return asyncio.run(_run(parse_arguments()))


if __name__ == "__main__":
    sys.exit(main())
