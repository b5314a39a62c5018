"""Small documents, made on the spot."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from extractor import guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: x and y in points from the lower left corner, and what is printed there.
Placed: TypeAlias = tuple[float, float, str]


def pdf(*pages: list[Placed], rotate: int = 0, extra: dict[str, str] | None = None) -> bytes:
    """A PDF of 595 by 842 points in 10 point Helvetica. `extra`: entries of the catalog, and objects by number."""
    extra = extra or {}
    objects = {1: f"<< /Type /Catalog /Pages 2 0 R {extra.get('catalog', '')} >>"}
    objects[3] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    kids = []
    for number, page in enumerate(pages):
        text = "".join(f"BT /F1 10 Tf {x} {y} Td ({_escaped(words)}) Tj ET\n" for x, y, words in page)
        objects[10 + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {rotate} "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {11 + 2 * number} 0 R {extra.get('page', '')} >>"
        )
        objects[11 + 2 * number] = f"<< /Length {len(text.encode('cp1252'))} >>\nstream\n{text}endstream"
        kids.append(f"{10 + 2 * number} 0 R")
    objects[2] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    objects |= {int(number): body for number, body in extra.items() if number.isdecimal()}
    return _with_xref(objects)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _with_xref(objects: dict[int, str]) -> bytes:
    content = b"%PDF-1.7\n"
    entries = ["0 1\n0000000000 65535 f \n"]
    for number, body in sorted(objects.items()):
        entries.append(f"{number} 1\n{len(content):010d} 00000 n \n")
        content += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    trailer = f"trailer << /Size {max(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(content)}\n%%EOF\n"
    return content + f"xref\n{''.join(entries)}{trailer}".encode()


def zip_of(members: dict[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def with_members(package: bytes, members: dict[str, str]) -> bytes:
    """The package with some members replaced or added."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    return zip_of(kept | {name: content.encode() for name, content in members.items()})


def argument(content: bytes, **more: Any) -> dict[str, Any]:
    """The argument of a parser."""
    encoded = base64.b64encode(content).decode()
    return {"base64": encoded, "charset": None, "max_characters": 1_000_000} | more


@pytest.fixture(name="pdf")
def pdf_builder() -> Callable[..., bytes]:
    return pdf


@pytest.fixture(name="zip_of")
def zip_builder() -> Callable[..., bytes]:
    return zip_of


@pytest.fixture(name="with_members")
def package_editor() -> Callable[..., bytes]:
    return with_members


@pytest.fixture(name="argument")
def argument_builder() -> Callable[..., dict[str, Any]]:
    return argument


@pytest.fixture(scope="session", autouse=True)
def no_children_left() -> Iterator[None]:
    yield
    guard.close()
