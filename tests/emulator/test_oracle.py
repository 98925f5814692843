"""The fifty oracle cases of Twilio's behaviour: each is a test of this folder that names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CASES = {f"O{number:02d}" for number in range(1, 51)}
_NAME = re.compile(r"^test_(O\d\d)_")


def test_none_of_the_fifty_cases_is_missing() -> None:
    named = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = _NAME.match(node.name) if isinstance(node, ast.FunctionDef) else None
            if found and any(_asserts(inner) for inner in ast.walk(node)):
                named.add(found[1])
    assert named == CASES


def _asserts(node: ast.AST) -> bool:
    """Whether the node is an assertion, or a phone that is expected to do something."""
    words = ("hears", "is_hung_up", "is_talking_with", "rings")
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr in words)
