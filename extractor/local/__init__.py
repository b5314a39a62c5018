"""The ports in memory, for work inside one process. Production code, not a fake."""

from extractor.local.cancel import MemoryCancel
from extractor.local.journal import MemoryJournal
from extractor.local.pace import Lanes, MemoryPace
from extractor.local.permits import MemoryPermits
from extractor.local.purse import MemoryPurse

__all__ = ["Lanes", "MemoryCancel", "MemoryJournal", "MemoryPace", "MemoryPermits", "MemoryPurse"]
