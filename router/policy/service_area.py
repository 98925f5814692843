"""Decides whether a place lies in a program's area: polygons with holes, and zip codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

Position = tuple[float, float]
"""Longitude and latitude in degrees (WGS 84), as GeoJSON orders them (RFC 7946, 3.1.1)."""

Ring = Sequence[Position]
_Edge = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A named area.

    `polygons` are lists of closed rings, the first of each the outer one, the others holes; none of
    them crosses the 180th meridian (RFC 7946, 3.1.9). `zips` are zip codes or beginnings of them,
    for a caller who names nothing better.
    """

    name: str
    polygons: tuple[tuple[Ring, ...], ...] = ()
    zips: tuple[str, ...] = ()
    _edges: tuple[_Edge, ...] = field(init=False, repr=False, compare=False)
    _box: tuple[float, float, float, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        edges = tuple(
            edge for polygon in self.polygons for ring in polygon for edge in _edges(ring)
        )
        xs = [edge[0] for edge in edges] or [inf]
        ys = [edge[1] for edge in edges] or [inf]
        object.__setattr__(self, "_edges", edges)
        object.__setattr__(self, "_box", (min(xs), min(ys), max(xs), max(ys)))

    def contains(self, position: Position) -> bool:
        """Whether a place lies inside; of two areas that share a border one has each place on it.

        Counts the edges that a ray to the east crosses (even-odd rule), so that holes need no care.
        """
        x, y = position
        west, south, east, north = self._box
        if not (west <= x <= east and south <= y <= north):
            return False
        inside = False
        for x1, y1, x2, y2 in self._edges:
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
        return inside

    def has_zip(self, zip_code: str) -> bool:
        """Whether the zip code is one of the area's, or begins as one does."""
        return zip_code.startswith(self.zips) if self.zips else False


def is_position(longitude: float, latitude: float) -> bool:
    """Whether two numbers are a place on earth; neither is so for NaN, nor is 0, 0.

    Null Island is what exports write for "not known".
    """
    return (
        -180 <= longitude <= 180  # noqa: PLR2004 - degrees
        and -90 <= latitude <= 90  # noqa: PLR2004 - degrees
        and (longitude, latitude) != (0, 0)
    )


def list_ring_faults(ring: Ring) -> Iterable[str]:
    """What keeps a ring from being one (RFC 7946, 3.1.6), a sentence each."""
    if len(ring) < 4:  # noqa: PLR2004 - a triangle, closed
        yield "a ring needs four positions at least, the last like the first"
        return
    if tuple(ring[0]) != tuple(ring[-1]):
        yield "a ring must end where it begins"
    for longitude, latitude in ring:
        if not is_position(longitude, latitude):
            swapped = is_position(latitude, longitude)
            hint = "; longitude comes first" if swapped else ""
            yield f"{longitude:g}, {latitude:g} is no longitude and latitude in degrees{hint}"
            return
    if len({tuple(position) for position in ring}) < 3:  # noqa: PLR2004 - corners of a triangle
        yield "a ring must enclose something"


def _edges(ring: Ring) -> list[_Edge]:
    return [(float(x1), float(y1), float(x2), float(y2)) for (x1, y1), (x2, y2) in pairwise(ring)]
