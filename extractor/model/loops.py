"""Answers that go on for ever: white space without end, or the same words over and over.

Nobody waits for the ceiling of such an answer. But a table of three hundred equal rows is no loop, and to abandon a
good answer is worse than to wait for a bad one: what looks like rows must repeat more often than tables do.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

#: Which loop a reply is in, "" when it is in none.
Loop: TypeAlias = Literal["", "white_space", "content", "reasoning"]

#: White-space characters in a row after which an answer is given up. Healthy ones indent by a few.
WHITE_SPACE: Final = 512
#: Characters that have to repeat without a gap before repetition counts, of any period up to half as many.
WINDOW: Final = 4_096
#: Characters that come in before the tail is looked at again, so that watching costs the same for each character.
STEP: Final = 1_024
#: Times that running words repeat before they are a loop. No document says the same sentence so often.
WORDS_REPEATED: Final = 24
#: Times that anything else repeats: rows, cells, list items, numbers. Tables of 300 equal rows are real.
ROWS_REPEATED: Final = 1_000
#: Characters below which what repeats is a cell of a table, not words.
CELL: Final = 8

_LONG_RUN = re.compile(rf"(?<!\s)\s{{{WHITE_SPACE}}}")  # tried at the start of a run only, so linear
_ROW_SIGNS = re.compile(r'[\d{}\[\]|\t"\\]')
_SENTENCE_END = re.compile("[.!?\N{IDEOGRAPHIC FULL STOP}]")


def has_long_run(text: str) -> bool:
    """Return whether white space in a text goes on for so long that it had no end of its own."""
    return _LONG_RUN.search(text) is not None


class WhiteSpaceWatch:
    """Notices white space that does not end. Fed with an answer in pieces, cut anywhere."""

    def __init__(self) -> None:
        #: Whether it was seen.
        self.is_looping = False
        self._run = 0

    def look(self, text: str) -> None:
        """Go on with the next piece."""
        head = text.lstrip()
        if not head:
            self._run += len(text)
            self.is_looping = self.is_looping or self._run >= WHITE_SPACE
            return
        lead = len(text) - len(head)
        has_run = self._run + lead >= WHITE_SPACE or (len(head) > WHITE_SPACE and has_long_run(head))
        self.is_looping = self.is_looping or has_run
        self._run = len(head) - len(head.rstrip())


class RepetitionWatch:
    """Notices a text that repeats itself exactly. Fed with a text in pieces, cut anywhere.

    The tail is looked at once for each `STEP` characters. Its period is the shift at which it meets itself, found by
    one linear search; from then on new characters are only compared with those one period before them.
    """

    def __init__(self) -> None:
        #: Whether it was seen.
        self.is_looping = False
        self._fresh = ""
        self._tail = ""
        #: Characters of the repeating part, 0 while nothing repeats.
        self._period = 0
        #: Characters that repeat so far.
        self._length = 0

    def look(self, text: str) -> None:
        """Go on with the next piece."""
        self._fresh += text
        if len(self._fresh) >= STEP:
            fresh, self._fresh = self._fresh, ""
            for at in range(0, len(fresh), STEP):  # a long piece is looked at in steps too: a loop may end inside it
                self._step(fresh[at : at + STEP])

    def _step(self, fresh: str) -> None:
        known, self._tail = self._tail, (self._tail + fresh)[-WINDOW:]
        if self._period:
            line = known[-self._period :] + fresh
            if line[self._period :] == line[: -self._period]:
                self._length += len(fresh)
            else:
                self._period = self._length = 0
        if not self._period and (period := _period_of(self._tail)):
            self._period, self._length = period, WINDOW
        if self._period and not self.is_looping:
            self.is_looping = self._length >= self._period * _allowed(self._tail[-self._period :])


def _period_of(tail: str) -> int:
    """Return the shortest period of a whole window, 0 when it has none of up to half its length."""
    if len(tail) < WINDOW:
        return 0
    shift = tail.find(tail[: WINDOW // 2], 1)
    return shift if shift > 0 and tail[shift:] == tail[:-shift] else 0


def _allowed(repeated: str) -> int:
    """Return how often `repeated` may repeat: words seldom, anything that a table could hold often."""
    is_cell = len(repeated) < CELL or _ROW_SIGNS.search(repeated) is not None
    is_line = "\n" in repeated and not _SENTENCE_END.search(repeated)
    return ROWS_REPEATED if is_cell or is_line else WORDS_REPEATED


class LoopWatch:
    """Watches one streamed reply: its answer for white space and repetition, its reasoning for repetition."""

    def __init__(self) -> None:
        self._white_space = WhiteSpaceWatch()
        self._content = RepetitionWatch()
        self._reasoning = RepetitionWatch()

    def look(self, *, content: str, reasoning: str) -> Loop:
        """Go on with what one read brought, and return which loop the reply is in."""
        if content:
            self._white_space.look(content)
            self._content.look(content)
        if reasoning:
            self._reasoning.look(reasoning)
        if self._white_space.is_looping:
            return "white_space"
        if self._content.is_looping:
            return "content"
        return "reasoning" if self._reasoning.is_looping else ""
