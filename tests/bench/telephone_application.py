"""The trivial application that the emulator is measured against, in a process of its own.

It answers fixed documents and keeps when each webhook came and was answered (`GET /times`), which
is what the emulator looks like from outside.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict

from aiohttp import web

# Ten minutes, of the talkative sort: a voice every minute, and music in sounds of five seconds.
WAIT = (
    "<Say>All our people are busy. Please stay on the line and somebody will be with you.</Say>"
    '<Play loop="11">/music.mp3</Play>'
) * 10
QUEUES = 10
QUESTION = '<Gather numDigits="1" action="{action}"><Say>Press {key} please</Say></Gather>'
FIRST, SECOND, LAST = "/voice", "/first", "/second"

Times = dict[str, list[tuple[str, float, float]]]
TIMES: web.AppKey[Times] = web.AppKey("times")


async def answer(request: web.Request) -> web.Response:
    """Any webhook."""
    came = time.monotonic()
    form = await request.post()
    verbs = _verbs(request.path, str(form["From"]))
    response = web.Response(text=f"<Response>{verbs}</Response>", content_type="text/xml")
    request.app[TIMES][str(form["CallSid"])].append((request.path, came, time.monotonic()))
    return response


def _verbs(path: str, caller: str) -> str:
    number = int(caller[-6:])
    return {
        "/queue": f'<Enqueue waitUrl="/wait">queue {number % QUEUES}</Enqueue>',
        "/wait": WAIT,
        "/room": f'<Dial><Conference waitUrl="/wait">room {number // 2}</Conference></Dial>',
        FIRST: QUESTION.format(action=SECOND, key=1),
        SECOND: QUESTION.format(action=LAST, key=2),
    }.get(path, "<Say>Thank you</Say>")


async def music(_: web.Request) -> web.Response:
    """A sound; the emulator asks for it but plays by its own clock."""
    return web.Response(content_type="audio/mpeg")


async def times(request: web.Request) -> web.Response:
    """Every call's webhooks in order: path, when it came, when it was answered."""
    return web.json_response(request.app[TIMES])


def main() -> None:
    application = web.Application()
    noted: Times = defaultdict(list)
    application[TIMES] = noted
    application.add_routes(
        [web.get("/times", times), web.get("/music.mp3", music), web.post("/{path:.*}", answer)]
    )
    web.run_app(
        application, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=lambda _: None
    )


if __name__ == "__main__":
    main()
