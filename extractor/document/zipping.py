"""Look at a zip before anything unpacks it."""

from __future__ import annotations

import io
import zipfile

from extractor.errors import UnreadableDocument

#: Members, bytes when unpacked, and bytes unpacked per byte packed. Far above real documents:
#: a bomb of 343 kB unpacks to 300 MB and takes its reader 0.9 GB of memory.
MAX_MEMBERS = 2_000
MAX_BYTES = 100_000_000
MAX_RATIO = 200


def refuse_bomb(content: bytes) -> None:
    """Return when the zip is of reasonable size once unpacked.

    Raises:
        UnreadableDocument: `file_too_large`, `encrypted_document`, or `corrupt_document` when it is no zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise UnreadableDocument("corrupt_document", detail=f"zip: {type(error).__name__}") from None
    size = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise UnreadableDocument("file_too_large", detail=f"{len(members):,} members in a zip")
    if size > min(MAX_BYTES, MAX_RATIO * len(content)):
        raise UnreadableDocument("file_too_large", detail=f"a zip that unpacks to {size:,} bytes")
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableDocument("encrypted_document", detail="zip encryption")
