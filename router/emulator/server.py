"""The HTTP server of the network: Twilio's REST API, the control API and the phones page."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from .control import network, parties, softphones
from .control.base import control_api
from .rest import (
    account,
    addresses,
    caller_ids,
    calls,
    conferences,
    messages,
    notifications,
    numbers,
    queues,
    recordings,
    refused,
)
from .rest.base import WORLD, twilio_api
from .world import World

STATIC = Path(__file__).with_name("static")
_REST = (
    account,
    addresses,
    caller_ids,
    calls,
    conferences,
    messages,
    notifications,
    numbers,
    queues,
    recordings,
    refused,
)
_PARTS = (*_REST, parties, network, softphones)


def build_app(world: World) -> web.Application:
    app = web.Application(middlewares=[twilio_api, control_api])
    app[WORLD] = world
    for part in _PARTS:
        app.add_routes(part.routes())
    app.add_routes([web.get("/phones", _phones), web.static("/static", STATIC)])
    app.on_response_prepare.append(_let_pages_use_the_driver)

    async def opened(_: web.Application) -> None:
        await world.webhooks.open()

    async def closed(_: web.Application) -> None:
        await world.webhooks.close()

    app.on_startup.append(opened)
    app.on_cleanup.append(closed)
    return app


async def _let_pages_use_the_driver(request: web.Request, answer: web.StreamResponse) -> None:
    """A page of the application under test loads the driver as a module from this other port."""
    if request.path.startswith("/static/"):
        answer.headers["Access-Control-Allow-Origin"] = "*"


async def _phones(_: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "phones.html")


class Server:
    """A running network: `port` is the one it really listens on."""

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world, self._host, self.port = world, host, port
        self._runner = web.AppRunner(
            build_app(world), access_log=None, handle_signals=False, shutdown_timeout=0.1
        )

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port, reuse_address=True)
        await site.start()
        addresses = self._runner.addresses
        self.port = addresses[0][1]
        self.world.base_url = f"http://{self._host}:{self.port}"

    async def stop(self) -> None:
        self.world.reset()
        await self._runner.cleanup()
