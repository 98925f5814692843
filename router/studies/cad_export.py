"""Reads the calls that a dispatch system (CAD) wrote to a file, whatever its dialect.

A row at a time, so that a file of any size takes little memory. A row that cannot be read is told
with its line and why, and never ends the reading.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from router.errors import InvalidInputError

SAMPLE_BYTES = 65536
SAMPLE_LINES = 20
DELIMITERS = (",", ";", "\t", "|")
LONGEST_FIELD = 100_000  # a quote that never closes would swallow the rest of the file
GZIP_MAGIC = b"\x1f\x8b"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    """Take bytes that are not UTF-8 for Windows' Western letters, as old exports mix them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("switchback_latin", _as_latin)


@dataclass(frozen=True, slots=True)
class Row:
    """One row that could be read; `line` is that of the file on which it ends."""

    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that could not."""

    line: int
    why: str
    fields: list[str]


class CadExport:
    """An open file: its `headings`, then its rows. `position` of `size` bytes have been read."""

    def __init__(self, raw: BinaryIO, size: int) -> None:
        self._raw = raw
        self.size = size
        start = raw.read(2)
        raw.seek(0)
        self._bytes = io.BufferedReader(
            cast("io.RawIOBase", gzip.GzipFile(fileobj=raw) if start == GZIP_MAGIC else raw)
        )
        sample = self._peek()
        self.encoding = find_encoding(sample)
        errors = "switchback_latin" if self.encoding.startswith("utf-8") else "replace"
        text = sample.decode(self.encoding, errors)
        self.delimiter = find_delimiter(text)
        csv.field_size_limit(LONGEST_FIELD)
        self._reader = csv.reader(
            io.TextIOWrapper(self._bytes, self.encoding, errors, newline=""),
            delimiter=self.delimiter,
        )
        first = next(iter(self), None)
        if not isinstance(first, Row):
            raise InvalidInputError("file", "it holds no row with the names of its columns")
        self.headings = [heading.strip() for heading in first.fields]

    def _peek(self) -> bytes:
        sample = b""
        while len(sample) < SAMPLE_BYTES:
            more = self._bytes.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]
            if len(more) <= len(sample):
                break
            sample = more
        return sample

    @property
    def position(self) -> int:
        """How many bytes of the file have been read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[Row | BadRow]:
        headings: list[str] = getattr(self, "headings", [])
        while True:
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(self._reader.line_num, f"cannot be read: {error}", [])
                continue
            except (EOFError, OSError) as error:  # a compressed file that is cut short or damaged
                yield BadRow(self._reader.line_num, f"the file ends too early: {error}", [])
                return
            line = self._reader.line_num
            if not any(field.strip() for field in fields):
                continue
            if headings and len(fields) != len(headings):
                why = f"has {len(fields)} fields, and the headings {len(headings)}"
                yield BadRow(line, why, fields)
            else:
                yield Row(line, fields)


@contextmanager
def open_export(path: Path) -> Iterator[CadExport]:
    """Open a file, plain or gzip. Raises InvalidInputError for one that is none or is empty."""
    try:
        with path.open("rb") as raw:
            yield CadExport(raw, path.stat().st_size)
    except OSError as error:
        why = error.strerror or str(error)
        raise InvalidInputError("file", f"{path} cannot be read: {why}") from error


def find_encoding(sample: bytes) -> str:
    """How the text is encoded: by its mark, by UTF-16's zeros, UTF-8, or else Windows' letters."""
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding
    zeros = Counter(index % 2 for index, byte in enumerate(sample[:2000]) if byte == 0)
    if sum(zeros.values()) * 4 > len(sample[:2000]):
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=False)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def find_delimiter(sample: str) -> str:
    """What sets the fields apart: the mark that the first lines agree on, and have most of."""
    lines = [line for line in sample.splitlines()[:SAMPLE_LINES] if line.strip()]

    def fit(delimiter: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = Counter(counts).most_common(1)[0][0] if counts else 1
        agreed = counts.count(usual) / len(counts) if counts else 0
        return (agreed if usual > 1 else 0, usual)

    return max(DELIMITERS, key=fit)
