"""Puts the web process together: wiring only.

Webhooks are an application of their own inside the console's: they know no cookies and no sessions,
and no fault of a page can reach a caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

from ivr_flows.inputs import Input
from router.config import Settings
from router.services.answer_webhooks import CallAnswers
from router.services.apply_input import Exchange, apply_input
from router.services.dispatch_moves import Paging
from router.services.page_links import PageLinks
from router.storage.database import Sessions
from router.telephony.failsafe_file import FailsafeNumbers
from router.telephony.signature import SignatureChecker
from router.telephony.urls import Urls
from router.web import console, team_link
from router.web.crew import Crew
from router.web.failsafe import Failsafe
from router.web.failsafe_news import FailsafeNews
from router.web.health import make_health
from router.web.sms import make_sms
from router.web.voice import Answers, Guard, make_voice
from router.web.voice_team import make_voice_team

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WEBHOOKS = ("/voice", "/sms")
OWN_CHECKS = frozenset({"health", team_link.NAME})
# One thread waits while another works, so a full house is twice a process's threads; beyond that,
# threads are stuck.
CREW_PER_THREAD = 2


def create_app(settings: Settings, sessions: Sessions) -> Flask:
    """The application of the `web` process: pages and API, and in front of them the webhooks."""
    app = Flask("router.web", static_folder=None)
    exchange = Exchange(sessions, Urls(settings.public_url))

    def apply_to_call(call_id: str, given: Input) -> Any:  # noqa: ANN401 - pages read what they need
        return apply_input(exchange, call_id, given)

    app.register_blueprint(make_health(sessions))
    console.register(
        app,
        settings=settings,
        sessions=sessions,
        apply_to_call=apply_to_call,
        own_checks=OWN_CHECKS,
    )
    paging = Paging(
        exchange, PageLinks(settings.public_url, settings.secret_key.get_secret_value())
    )
    app.register_blueprint(team_link.make_team_link(paging))
    webhooks = create_webhooks(settings, CallAnswers(exchange), paging)
    app.wsgi_app = by_prefix(WEBHOOKS, webhooks, app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


def create_webhooks(settings: Settings, answers: Answers, paging: Paging) -> Flask:
    """The application that answers Twilio, and nobody else."""
    app = Flask("router.web.voice", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect is a detour a caller waits for
    failsafe = Failsafe(
        Urls(settings.public_url),
        FailsafeNumbers(settings.state_dir),
        settings.secret_key.get_secret_value(),
    )
    guard = Guard(
        checker=SignatureChecker(settings.public_url, _tokens(settings)),
        failsafe=failsafe,
        tell_failsafe=FailsafeNews(answers.failsafe_answered).add,
        crew=Crew(settings.web_threads * CREW_PER_THREAD),
        deadline_seconds=settings.webhook_deadline_seconds,
    )
    guard.protect(app)
    app.register_blueprint(make_voice(guard, answers))
    app.register_blueprint(make_voice_team(guard, paging))
    app.register_blueprint(make_sms(guard, paging))
    return app


def _tokens(settings: Settings) -> tuple[str, ...]:
    """A subaccount that sends texts signs with a token of its own."""
    return (*settings.webhook_tokens, settings.messaging_account[1])


def by_prefix(
    prefixes: Iterable[str], inner: Callable[..., Any], outer: Callable[..., Any]
) -> WSGIApplication:
    """`inner` for paths at or below the prefixes, `outer` for the rest; the path stays whole."""
    known = frozenset(prefixes)

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        first = environ.get("PATH_INFO", "").split("/", 2)[1:2]
        chosen = inner if first and f"/{first[0]}" in known else outer
        answer: Iterable[bytes] = chosen(environ, start_response)
        return answer

    return choose
