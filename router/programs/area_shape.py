"""The shape of a program's areas: polygons in the file or in GeoJSON beside it, and zip codes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from router.policy.service_area import Area, list_ring_faults
from router.programs.shape import Fault, Shape

Zip = Annotated[str, Field(pattern=r"^[0-9]{1,5}$")]
Ring = tuple[tuple[float, float], ...]


class AreaShape(Shape):
    """An area: the polygons' rings as GeoJSON writes them, the outer first, then the holes.

    `zips` are zip codes or beginnings of them. What `file` names is read into `polygons`.
    """

    polygons: tuple[tuple[Ring, ...], ...] = ()
    zips: tuple[Zip, ...] = ()


def to_area(name: str, shape: AreaShape) -> Area:
    """The area in the form that decisions are made by."""
    return Area(name, shape.polygons, shape.zips)


def find_area_faults(areas: Mapping[str, AreaShape]) -> Iterator[Fault]:
    """Areas that nothing lies in, and rings that are none."""
    for name, area in areas.items():
        path = ("areas", name)
        if not area.polygons and not area.zips:
            yield path, "needs polygons, zips, or a file in GeoJSON"
        for polygon in area.polygons:
            if not polygon:
                yield (*path, "polygons"), "has a polygon without a ring"
            for ring in polygon:
                yield from (((*path, "polygons"), fault) for fault in list_ring_faults(ring))


def embed_files(content: dict[str, Any], folder: Path | None) -> Iterator[Fault]:
    """Put the polygons of the files that areas name into the program; yields what is wrong.

    A published version never changes, so it may not hang on a file that does.
    """
    areas = content.get("areas")
    for name, area in areas.items() if isinstance(areas, dict) else ():
        if not isinstance(area, dict) or "file" not in area:
            continue
        path = ("areas", name, "file")
        file = area.pop("file")
        if "polygons" in area:
            yield path, "cannot be given together with polygons"
        elif not isinstance(file, str) or folder is None:
            yield path, "should be the name of a GeoJSON file beside the program's"
        else:
            try:
                area["polygons"] = list(_polygons(_read(folder / file)))
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or str(error)
                yield path, f'"{file}" cannot be read: {why.splitlines()[0]}'


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None


def _polygons(found: object) -> Iterator[list[Any]]:
    """All polygons of a GeoJSON object, whatever they are wrapped in (RFC 7946)."""
    kind = found.get("type") if isinstance(found, dict) else None
    if not isinstance(found, dict) or kind not in _KINDS:
        raise ValueError(f"it should hold a Polygon or a MultiPolygon, not {kind}")
    members = found.get(_KINDS[kind])
    if kind == "Polygon":
        yield _rings(members)
    elif not isinstance(members, list | dict):
        raise ValueError(f"the {kind} has no {_KINDS[kind]}")
    elif kind == "MultiPolygon":
        yield from (_rings(one) for one in members)
    else:
        for one in members if isinstance(members, list) else [members]:
            yield from _polygons(one)


_KINDS = {
    "Polygon": "coordinates",
    "MultiPolygon": "coordinates",
    "GeometryCollection": "geometries",
    "Feature": "geometry",
    "FeatureCollection": "features",
}


def _rings(coordinates: object) -> list[Any]:
    """Rings with the height, which positions may have, left out."""
    try:
        return [[position[:2] for position in ring] for ring in coordinates]  # type: ignore[attr-defined]
    except TypeError:
        raise ValueError("its coordinates are not lists of positions") from None
