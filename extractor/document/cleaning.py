"""Make text safe to count, quote, log and send."""

from __future__ import annotations

import re

#: Line endings of other systems; the vertical tab is Word's line break, U+0085 that of mainframes.
LINE_ENDS = re.compile("\r\n?|\x0b|\x85|\u2028|\u2029")
#: Separators of old data formats, which stood between words.
SEPARATORS = re.compile("[\x1c-\x1f]")
#: Control characters and non-characters, which stand for nothing.
NOTHING = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
#: Halves of a pair, which cannot be encoded.
SURROGATES = re.compile("[\ud800-\udfff]")
#: Any of the above. One scan decides that most texts are clean.
SUSPECT = re.compile("[\x00-\x08\x0b\x0d-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """Return `text` with newline as its only line end, and no control character but newline, tab and form feed."""
    if not SUSPECT.search(text):
        return text
    text = LINE_ENDS.sub("\n", text)
    text = SEPARATORS.sub(" ", text)
    text = NOTHING.sub("", text)
    return SURROGATES.sub("\ufffd", text)
