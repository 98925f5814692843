"""The numbers of 911 on disk, for the hour when neither database nor network answers.

Publishing a program writes the file; the fail-safe reads it. It is one JSON object:
{"lines": {our number: [911 numbers in order]}, "default": [911 numbers in order],
"psaps": {program.centre: [911 numbers in order]}}. The last, which a process of an older release
neither reads nor writes, may be missing.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType

from router.errors import InvalidInputError
from router.logs import get_logger

FILE_NAME = "failsafe.json"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

log = get_logger(__name__)


def write_failsafe_file(
    state_dir: Path,
    lines: Mapping[str, Sequence[str]],
    default: Sequence[str],
    psaps: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Path:
    """Replace the file in one move, unless it says the same already, and return its path.

    `lines` gives the 911 numbers, in the order in which they are dialled, for each number of ours,
    `psaps` those of each 911 centre by program.centre, `default` those for any other. Raises
    InvalidInputError for what is no E.164 number or an empty default, and OSError.
    """
    if not default:
        raise InvalidInputError("default", "the fail-safe needs at least one 911 number")
    dialled = (one for numbers in (*lines.values(), *psaps.values()) for one in numbers)
    for number in (*lines, *default, *dialled):
        if not _E164.fullmatch(number):
            raise InvalidInputError("lines", "a number for the fail-safe is not in E.164 form")
    document: dict[str, object] = {
        "lines": {ours: list(numbers) for ours, numbers in lines.items()},
        "default": list(default),
    }
    if psaps:
        document["psaps"] = {psap: list(numbers) for psap, numbers in psaps.items()}
    content = json.dumps(document, indent=1, sort_keys=True)
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / FILE_NAME
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") == content:
        return path
    with NamedTemporaryFile(
        "w", dir=state_dir, prefix=FILE_NAME, delete=False, encoding="utf-8"
    ) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(path)
    return path


class FailsafeNumbers:
    """What the file says, read once and again when it changes. Never raises.

    A file that is missing or broken is logged as an error and the last good content stays in use.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._guard = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._lines: Mapping[str, tuple[str, ...]] = {}
        self._psaps: Mapping[str, tuple[str, ...]] = {}
        self._default: tuple[str, ...] = ()
        self._refresh()
        if not self._default:
            log.error("failsafe_without_numbers", path=str(self._path))

    def numbers(self, *ours: str, psap: str = "") -> tuple[str, ...]:
        """The 911 numbers of the centre `psap` (program.centre), if the file knows it.

        Else those for the first of our numbers that it knows, else its default. Empty only when
        there is no file.
        """
        self._refresh()
        return self._psaps.get(psap) or next(
            (self._lines[one] for one in ours if self._lines.get(one)), self._default
        )

    def is_ours(self, number: str) -> bool:
        """Whether the file knows the number as one of ours."""
        return number in self._lines

    def _refresh(self) -> None:
        with self._guard:
            try:
                status = self._path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if stamp == self._stamp:
                    return
                found = _parse(self._path.read_text(encoding="utf-8"))
                self._lines, self._default, self._psaps = found
                self._stamp = stamp
            except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
                # The content may hold numbers: only the kind of error is logged.
                log.error("failsafe_file_unreadable", error=type(error).__name__)  # noqa: TRY400


_Dialable = dict[str, tuple[str, ...]]


def _parse(text: str) -> tuple[_Dialable, tuple[str, ...], _Dialable]:
    document = json.loads(text)
    lines, psaps = (
        {str(name): _dialable(numbers) for name, numbers in given.items()}
        for given in (document["lines"], document.get("psaps", {}))
    )
    default = _dialable(document["default"])
    if not default:
        raise ValueError("no default")
    return lines, default, psaps


def _dialable(numbers: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(number) for number in numbers if _E164.fullmatch(str(number)))
