"""Rows of all pairs: nothing that may meet is left out, and nothing meets that may not."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.matrix.pairs import Pair, all_pairs, list_pairs

FACTORS = {"letter": "abcde", "figure": "123", "sign": "+-", "side": "lr", "tone": "xyz"}


def met(rows: list[dict[str, str]]) -> set[Pair]:
    return {pair for row in rows for pair in combinations(row.items(), 2)}


def test_every_two_values_meet_in_few_rows() -> None:
    rows = all_pairs(FACTORS)
    assert met(rows) == set(list_pairs(FACTORS))
    assert len(rows) <= 20, "5 letters by 3 figures are 15 at least"
    assert rows == all_pairs(FACTORS)


def test_what_may_not_meet_never_does() -> None:
    forbidden = (("letter", "a"), ("figure", "2"))
    rows = all_pairs(FACTORS, lambda pair: forbidden not in (pair, pair[::-1]))
    assert set(list_pairs(FACTORS)) - met(rows) == {forbidden}


def test_a_value_that_may_stand_beside_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no value of figure"):
        all_pairs(
            {"letter": "ab", "figure": "1", "sign": "+"}, lambda pair: "figure" not in str(pair)
        )
