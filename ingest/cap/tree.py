"""XML of strangers as a tree: no DTD, so no entities; bounded in bytes, elements and depth. Names of a namespace are
`{space}name`.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET  # a DTD is refused before it is read, and expat fetches nothing

from core.errors import DecodeError

BYTES: Final = 2_000_000
ELEMENTS: Final = 50_000
DEPTH: Final = 40


class _Bounded(ET.TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._elements = self._depth = 0

    def doctype(self, *_: str | None) -> None:
        raise DecodeError("not_xml", "it has a DTD, which is not read; send it without")

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self._elements, self._depth = self._elements + 1, self._depth + 1
        if self._elements > ELEMENTS or self._depth > DEPTH:
            raise DecodeError("too_large", f"more than {ELEMENTS} elements, or deeper than {DEPTH}")
        return super().start(tag, attrs)

    def end(self, tag: str) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def tree(body: bytes) -> ET.Element:
    """The root; raises `DecodeError`."""
    if len(body) > BYTES:
        raise DecodeError("too_large", f"{len(body)} bytes; at most {BYTES}")
    parser = ET.XMLParser(target=_Bounded())  # noqa: S314  # see the import
    try:
        parser.feed(body)
        root: ET.Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:  # the others: an encoding that nobody knows
        raise DecodeError("not_xml", f"{error}"[:200]) from error
    return root


def name_of(element: ET.Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def space_of(element: ET.Element) -> str:
    """The namespace, empty for none."""
    return element.tag.rpartition("}")[0].removeprefix("{")


def text_of(element: ET.Element, name: str) -> str:
    """Text of the first child of this name in the element's own namespace, else empty."""
    space = element.tag.rpartition("}")[0]
    return (element.findtext(f"{space}}}{name}" if space else name) or "").strip()


def children(element: ET.Element, name: str) -> list[ET.Element]:
    """Children of this name in the element's own namespace."""
    space = element.tag.rpartition("}")[0]
    return element.findall(f"{space}}}{name}" if space else name)
