"""Puts together what a process of the workers needs, from its settings."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from sqlalchemy import Engine

from router.config import Settings
from router.services.apply_input import Exchange
from router.services.carry_out import Outgoing
from router.services.dispatch_moves import Paging
from router.services.outages import Outages
from router.services.page_links import PageLinks
from router.storage.database import make_engine, make_sessions
from router.telephony.own_address import OwnAddress
from router.telephony.rest import Carrier
from router.telephony.urls import Urls


@dataclass(frozen=True, slots=True)
class Tools:
    """What both kinds of worker use. `carrier` carries calls, `messenger` messages in bulk."""

    settings: Settings
    engine: Engine
    urls: Urls
    exchange: Exchange
    paging: Paging
    carrier: Carrier
    messenger: Carrier
    outgoing: Outgoing


def make_tools(settings: Settings, name: str, *, threads: int = 1) -> Tools:
    """The tools of one process; `name` shows in the database's list of connections.

    Each of its `threads` finds a connection: one that had to wait in vain would delay a call.
    """
    connections = max(settings.db_pool_size, threads)
    settings = settings.model_copy(update={"db_pool_size": connections})
    engine = make_engine(settings, application_name=name)
    outages = Outages()
    outages.watch(engine)
    urls = Urls(settings.public_url)
    exchange = Exchange(make_sessions(engine), urls)
    own_address = OwnAddress(urls)
    carrier = _make_carrier(
        settings, urls, settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    )
    return Tools(
        settings=settings,
        engine=engine,
        urls=urls,
        exchange=exchange,
        paging=Paging(
            exchange, PageLinks(settings.public_url, settings.secret_key.get_secret_value())
        ),
        carrier=carrier,
        messenger=_make_carrier(settings, urls, *settings.messaging_account),
        outgoing=Outgoing(
            exchange=exchange,
            carrier=carrier,
            worker=f"{name}@{socket.gethostname()}:{os.getpid()}",
            account=settings.twilio_account_sid,
            calls_per_second=settings.calls_per_second,
            address_is_dead=own_address.is_dead,
            record_is_doubtful=outages.are_recent,
        ),
    )


def _make_carrier(settings: Settings, urls: Urls, account: str, token: str) -> Carrier:
    return Carrier(account, token, urls, base_url=settings.twilio_api_base_url)
