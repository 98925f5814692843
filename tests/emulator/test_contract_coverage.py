"""Every operation and every parameter of Twilio's description has its place in the REST API."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from twilio.base.exceptions import TwilioException

from router.emulator import errors
from router.emulator.clock import Clock
from router.emulator.rest.parameters import PARAMETERS, Parameters
from router.emulator.rest.refused import REFUSED
from router.emulator.server import build_app
from router.emulator.world import World
from tests.emulator.conftest import ACCOUNT, TOKEN, Stage
from tests.emulator.test_rest import refused
from tests.emulator.twilio_descriptions import (
    ERRORS,
    only,
    operations,
    voice_description,
    whole_description,
)

OTHER_FOLDERS = ("Messages", "Keys", "SigningKeys")


@pytest.fixture(scope="module")
def served() -> set[str]:
    """Twilio's names of the operations that have a handler, refusing ones included."""
    app = build_app(World(ACCOUNT, TOKEN, Clock("manual")))
    return {resource.name for resource in app.router.resources() if resource.name}


def check(described: dict[str, set[str]], served: set[str]) -> None:
    assert set(described) <= served, "an operation is neither served nor refused by name"
    for operation, parameters in described.items():
        if operation not in REFUSED:
            known = PARAMETERS.get(operation, Parameters()).known
            assert known == parameters, operation


def test_every_operation_and_parameter_of_voice(served: set[str]) -> None:
    check(operations(voice_description()), served)


def test_every_operation_and_parameter_of_texts_and_keys(served: set[str]) -> None:
    check(operations(only(whole_description(), *OTHER_FOLDERS)), served)


def test_the_table_names_each_parameter_once() -> None:
    for operation, table in PARAMETERS.items():
        groups = [set(table.honoured), set(table.idle), set(table.refused)]
        assert len(set.union(*groups)) == sum(map(len, groups)), operation


def test_what_is_refused_says_why(stage: Stage) -> None:
    sid = "SM" + "0" * 32
    message = stage.client.messages(sid)
    with pytest.raises(TwilioException, match="no media is kept"):  # lists raise no REST error
        message.media.list()
    assert refused(message.media("ME" + "0" * 32).fetch) == (403, 20010)
    assert refused(message.media("ME" + "0" * 32).delete) == (403, 20010)
    assert refused(message.feedback.create, outcome="confirmed") == (403, 20010)


def test_codes_are_those_of_twilios_list() -> None:
    """Every code that is raised is in the table of messages, and voice's are in Twilio's list."""
    folder = Path(errors.__file__).parent
    sources = [path.read_text() for path in folder.rglob("*.py")]
    raised = {int(code) for text in sources for code in re.findall(r"TwilioError\((\d{5})", text)}
    table = errors.MESSAGES
    assert raised <= set(table)
    if not ERRORS.exists():
        pytest.skip("Twilio's error list lies beside the repository only")
    published = {int(code) for code in json.loads(ERRORS.read_text())["codes"]}
    # The list is that of voice: queues' deletion and texts have codes outside it.
    assert {code for code in table if code not in published and not is_of_texts(code)} == {22003}


def is_of_texts(code: int) -> bool:
    return code == 21266 or 21600 <= code < 21800 or 35000 <= code < 36000
