"""EL2: whether a place lies in an area, whatever the area's shape."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.service_area import Area, Position, Ring, is_position, list_ring_faults


def box(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


LAKE = box(4, 4, 6, 6)
TOWN = Area("town", ((box(0, 0, 10, 10), LAKE), (box(20, 0, 22, 2),)))
C_RING = ((0, 0), (9, 0), (9, 2), (2, 2), (2, 7), (9, 7), (9, 9), (0, 9), (0, 0))
C_SHAPE = Area("c", ((C_RING,),))


@pytest.mark.parametrize(
    ("area", "position", "inside"),
    [
        (TOWN, (1, 1), True),
        (TOWN, (5, 5), False),  # the hole
        (TOWN, (21, 1), True),  # the second polygon
        (TOWN, (15, 1), False),
        (TOWN, (-1, 5), False),
        (TOWN, (5, 11), False),
        (C_SHAPE, (1, 5), True),
        (C_SHAPE, (5, 5), False),  # inside its box, in the mouth of the C
        (C_SHAPE, (8, 8), True),
        (Area("none"), (0, 0), False),
    ],
)
def test_el2_holes_and_several_polygons(area: Area, position: Position, inside: bool) -> None:
    assert area.contains(position) is inside


def test_el2_of_two_areas_that_share_a_border_one_has_each_place_on_it() -> None:
    west, east = Area("west", ((box(0, 0, 5, 10),),)), Area("east", ((box(5, 0, 10, 10),),))
    north = Area("north", ((box(0, 10, 10, 20),),))
    for y in (0.5, 3, 9.9):
        assert west.contains((5, y)) + east.contains((5, y)) == 1
    for x in (0.5, 3, 7):
        assert sum(area.contains((x, 10)) for area in (west, east, north)) == 1


@given(
    st.floats(-1.5, 1.5),
    st.floats(-1.5, 1.5),
    st.integers(3, 500),
)
def test_el2_a_round_area_has_what_is_nearer_than_its_edge(
    x: float, y: float, corners: int
) -> None:
    angles = [2 * math.pi * index / corners for index in range(corners)]
    ring = [(math.cos(angle), math.sin(angle)) for angle in angles]
    area = Area("round", (([*ring, ring[0]],),))
    distance, inner = math.hypot(x, y), math.cos(math.pi / corners)
    if distance < inner - 1e-9:
        assert area.contains((x, y))
    elif distance > 1 + 1e-9:
        assert not area.contains((x, y))


def test_el2_zip_codes_count_by_their_beginning() -> None:
    area = Area("town", (), ("787", "78617"))
    assert [area.has_zip(one) for one in ("78701", "78617", "78610", "")] == [1, 1, 0, 0]
    assert not Area("town").has_zip("78701")


@pytest.mark.parametrize(
    ("longitude", "latitude", "is_one"),
    [
        (-97.7, 30.3, True),
        (30.3, -97.7, False),
        (0, 0, False),
        (math.nan, 1, False),
        (181, 0, False),
    ],
)
def test_el2_a_place_on_earth(longitude: float, latitude: float, is_one: bool) -> None:
    assert is_position(longitude, latitude) is is_one


@pytest.mark.parametrize(
    ("ring", "sentence"),
    [
        (((0, 0), (1, 0), (0, 0)), "four positions at least"),
        (((0, 1), (1, 1), (1, 2), (0, 2)), "must end where it begins"),
        (((1, -97), (1, -97), (2, -97), (1, -97)), "longitude comes first"),
        (((1, 1), (2, 2), (1, 1), (2, 2), (1, 1)), "must enclose something"),
    ],
)
def test_el2_rings_that_are_none_are_told(ring: Ring, sentence: str) -> None:
    faults = " ".join(list_ring_faults(ring))
    assert sentence in faults
    assert list(list_ring_faults(box(1, 1, 2, 2))) == []
