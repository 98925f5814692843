"""RE5, OP2: `switchback numbers` and `fallback-twiml`, as an operator runs them."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from pydantic import SecretStr

from router.cli import main
from router.config import Settings
from router.programs.reading import EXAMPLES
from router.telephony.static_fallback import numbers_dialled
from tests.emulator.conftest import ACCOUNT, TOKEN, Stage, app, stage, thread
from tests.test_cli import environment

__all__ = ["app", "stage", "thread"]


def test_op2_numbers_are_claimed_and_checked_and_what_is_wrong_is_told(
    settings: Settings, own_database_url: str, tmp_path: Path, stage: Stage
) -> None:
    given = settings.model_copy(
        update={
            "database_url": SecretStr(own_database_url),
            "state_dir": tmp_path,
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": SecretStr(TOKEN),
            "twilio_api_base_url": stage.world.base_url,
            "static_fallback_url": stage.app.url("/{program}.xml"),
        }
    )
    variables = environment(given)

    def run(*words: str) -> Result:
        return CliRunner(env=variables).invoke(main, list(words))

    nothing = run("numbers", "check")
    assert nothing.exit_code == 1
    assert "No program is published" in nothing.output
    assert run("program", "publish", str(EXAMPLES / "austin.toml")).exit_code == 0
    numbers = ["+15125550100", "+15125550101", "+15125550102"]
    for number in numbers:
        stage.client.incoming_phone_numbers.create(phone_number=number)

    printed = run("fallback-twiml", "--program", "austin")
    assert printed.exit_code == 0
    assert numbers_dialled(printed.output.strip())[0] == "+15125550110"
    stage.app.on("/austin.xml", printed.output)
    unclaimed = run("numbers", "check")
    assert unclaimed.exit_code == 1
    assert "voice address is empty" in unclaimed.output
    assert "Run: switchback numbers claim" in unclaimed.output
    assert not [number for number in numbers if number in unclaimed.output]  # masked

    claimed = run("numbers", "claim")
    assert claimed.exit_code == 1  # the fourth number is not the account's
    assert "is not a number of this Twilio account" in claimed.output
    stage.client.incoming_phone_numbers.create(phone_number="+15125550103")
    assert run("numbers", "claim").exit_code == 0
    checked = run("numbers", "check", "--program", "austin")
    assert checked.exit_code == 0, checked.output
    assert checked.output.count("as it should be") == 5

    wrong = run("fallback-twiml", "--line", "nowhere")
    assert wrong.exit_code == 1
    assert "has no line nowhere" in wrong.output
    stage.net.faults(rest=[{"do": "503"}])
    unread = run("numbers", "check")
    assert unread.exit_code == 1
    assert "cannot be read" in unread.output
