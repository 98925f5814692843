"""Twilio's OpenAPI descriptions: the voice part beside the repository, the whole one from npm.

Neither is committed. The whole one is in Twilio's own package @twilio/cli-core, of which only that
one file is kept, under .state/.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import STATE, go_without

VOICE = Path(__file__).parents[3] / "shared" / "spec" / "twilio_api_v2010.voice-subset.json"
ERRORS = VOICE.with_name("twilio_error_codes.voice-subset.json")
PACKAGE = "@twilio/cli-core@8.3.2"
_MEMBER = "package/src/services/twilio-api/twilio_api_v2010.json"
_WHOLE = STATE / "twilio" / "twilio_api_v2010.json"
_NPM_SECONDS = 120
_VERBS = ("get", "post", "delete")
ACCOUNT_PATH = "/2010-04-01/Accounts/{AccountSid}"

Description = dict[str, Any]


def voice_description() -> Description:
    """The voice part, which lies beside the repository only."""
    if not VOICE.exists():
        pytest.skip("Twilio's description lies beside the repository only")
    description: Description = json.loads(VOICE.read_text())
    return description


def whole_description() -> Description:
    """All of Twilio's API of 2010-04-01, fetched once; a test that cannot have it goes without."""
    if not _WHOLE.exists():
        _fetch()
    description: Description = json.loads(_WHOLE.read_text())
    return description


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        go_without("NO NPM, so texts and keys are not held against Twilio's description")
    _WHOLE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_WHOLE.parent) as folder:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", folder]
        try:
            subprocess.run(command, capture_output=True, timeout=_NPM_SECONDS, check=True)
        except (subprocess.SubprocessError, OSError) as error:
            go_without(f"NO {PACKAGE}, so texts and keys are not held against it: {error}")
        packed = next(Path(folder).glob("*.tgz"))
        with tarfile.open(packed) as archive:
            member = archive.extractfile(_MEMBER)
            assert member is not None
            part = Path(folder) / "part"
            part.write_bytes(member.read())
        part.rename(_WHOLE)


def only(description: Description, *folders: str) -> Description:
    """The paths of a description that lie in these folders of an account."""
    paths = {
        path: item
        for path, item in description["paths"].items()
        if path.removeprefix(ACCOUNT_PATH).split("/")[1:2]
        and path.removeprefix(ACCOUNT_PATH).split("/")[1].removesuffix(".json") in folders
    }
    return description | {"paths": paths}


def operations(description: Description) -> dict[str, set[str]]:
    """The parameters of each operation, in the address and in the form."""
    found = {}
    for item in description["paths"].values():
        for verb in _VERBS:
            if verb not in item:
                continue
            operation = item[verb]
            listed = item.get("parameters", []) + operation.get("parameters", [])
            names = {p["name"] for p in listed if p["in"] == "query"}
            content = operation.get("requestBody", {}).get("content", {})
            form = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
            found[operation["operationId"]] = names | set(form.get("properties", {}))
    return found
