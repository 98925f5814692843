"""All pairs: rows in which every two values of different factors meet at least once.

Greedy, and the same rows every time: each row begins with the first pair that has not met, and
takes for every further factor the value that brings about most meetings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product

Value = str
Pair = tuple[tuple[str, Value], tuple[str, Value]]


def all_pairs(
    factors: Mapping[str, Sequence[Value]],
    may_meet: Callable[[Pair], bool] = lambda _: True,
) -> list[dict[str, Value]]:
    """Rows of one value for each factor; pairs that may not meet are in none of them.

    Raises ValueError where a factor has no value that may stand beside the others of a row.
    """
    missing = dict.fromkeys(pair for pair in list_pairs(factors) if may_meet(pair))
    rows = []
    while missing:
        row = dict(next(iter(missing)))
        for factor in sorted(factors, key=lambda name: -len(factors[name])):
            if factor not in row:
                row[factor] = _best(factor, factors[factor], row, missing, may_meet)
        for pair in _met(row, list(factors)):
            missing.pop(pair, None)
        rows.append({factor: row[factor] for factor in factors})
    return rows


def list_pairs(factors: Mapping[str, Sequence[Value]]) -> Iterator[Pair]:
    """Every two values of different factors."""
    for one, other in combinations(factors, 2):
        for pair in product(factors[one], factors[other]):
            yield ((one, pair[0]), (other, pair[1]))


def _best(
    factor: str,
    values: Sequence[Value],
    row: Mapping[str, Value],
    missing: Mapping[Pair, None],
    may_meet: Callable[[Pair], bool],
) -> Value:
    best, most = None, -1
    for value in values:
        here = (factor, value)
        pairs = [pair for there in row.items() for pair in ((here, there), (there, here))]
        if not all(map(may_meet, pairs)):
            continue
        meetings = sum(pair in missing for pair in pairs)
        if meetings > most:
            best, most = value, meetings
    if best is None:
        raise ValueError(f"no value of {factor} may stand beside {dict(row)}")
    return best


def _met(row: Mapping[str, Value], order: Sequence[str]) -> Iterator[Pair]:
    for one, other in combinations(order, 2):
        yield ((one, row[one]), (other, row[other]))
