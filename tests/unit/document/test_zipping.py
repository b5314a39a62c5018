from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from extractor.document.zipping import refuse_bomb
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable


def test_an_ordinary_zip_passes(zip_of: Callable[..., bytes]):
    refuse_bomb(zip_of({"a": "text " * 1000, "b": "more"}))


def test_a_bomb_is_refused_before_it_is_unpacked(zip_of: Callable[..., bytes]):
    bomb = zip_of({"a.xml": bytes(30_000_000)})
    begun = time.process_time()

    with pytest.raises(UnreadableDocument) as caught:
        refuse_bomb(bomb)

    assert caught.value.code == "file_too_large"
    assert time.process_time() - begun < 0.1


def test_a_zip_of_very_many_members_is_refused(zip_of: Callable[..., bytes]):
    with pytest.raises(UnreadableDocument) as caught:
        refuse_bomb(zip_of({str(number): "" for number in range(2_001)}))

    assert caught.value.code == "file_too_large"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip at all"])
def test_what_is_no_zip_is_corrupt(content: bytes):
    with pytest.raises(UnreadableDocument) as caught:
        refuse_bomb(content)

    assert caught.value.code == "corrupt_document"


def test_an_encrypted_member_is_told(zip_of: Callable[..., bytes]):
    content = bytearray(zip_of({"a": "text"}))
    content[content.rfind(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnreadableDocument) as caught:
        refuse_bomb(bytes(content))

    assert caught.value.code == "encrypted_document"
