"""The next question after an answer that broke a rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from extractor.prompt import fencing
from extractor.prompt.layout import GAP, take_apart
from extractor.records import Message, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extractor.prompt.layout import Layout
    from extractor.records import Violation

#: Characters of the refused answer that are shown: the place of a mistake, not the whole of a long list.
MAX_ANSWER = 4_000
#: Broken rules that are shown. More are the sign of one misunderstanding, and the prompt must not grow.
MAX_FAILED = 40

ARROW = " -> "
LOOK_AGAIN = " (look again)"

_CORRECT = (
    "The answer block holds your previous answer to this task. The failed block lists what is wrong with it, one line "
    'per path: "/lines/0/price" is the property price of the first item of lines, "" is the whole record. Read the '
    "document again and correct these paths; keep the other values unless the document shows that they are wrong too."
)
_NOT_JSON = "The previous answer was not JSON: it has to be one JSON value with no text around it, complete to its end."
_NOT_STATED = (
    "Paths marked (look again) were answered with null. Search the whole document for them once more, also under other "
    "names. Answer null again only if the document really does not state the value; do not invent one."
)
_REPEATED = "You have given this same answer {times} times; giving it again will fail again."
_CLOSING = "Now answer with the whole corrected JSON record of this document, and nothing else."


def reask(question: Question, *, answer: str, violations: Sequence[Violation], level: int = 0) -> Question:
    """Ask again in a fresh request of constant size: the same rules and document, then what was wrong.

    Only the latest answer is shown, and neither history nor reasoning. A violation is told by its path and its own
    sentence, fenced, because a path can hold words of the document.

    Args:
        question: The question whose answer is wrong, or any that was asked for it since.
        answer: The answer.
        violations: What is wrong with it.
        level: How often in a row it has been given again. An answer that `question` shows already has been, at least
            once.
    """
    before = take_apart(question.messages)
    shown = fencing.strike_out(answer[:MAX_ANSWER], marks=before.marks)
    failed = fencing.strike_out(_failed_lines(violations), marks=before.marks)
    mark = fencing.mark(f"round {question.round + 1}", key=before.mark, absent_from=(before.base, shown, failed))
    parts = (
        before.base,
        fencing.fence("answer", shown, mark=mark),
        fencing.fence("failed", failed, mark=mark),
        " ".join(_advice(before, answer=answer, violations=violations, level=level)),
    )
    return replace(
        question,
        messages=(question.messages[0], Message(role="user", content=GAP.join(parts))),
        round=question.round + 1,
    )


def _failed_lines(violations: Sequence[Violation]) -> str:
    """Write one line per path: `"/total" -> "must be a number"`, all its rules in one sentence."""
    rules: dict[str, list[str]] = {}
    for violation in violations:
        said = rules.setdefault(violation.at, [])
        if violation.says not in said:
            said.append(violation.says)
    unstated = {violation.at for violation in violations if violation.rule == "not_stated"}
    lines = [
        fencing.quoted(at) + ARROW + fencing.quoted("; ".join(said)) + (LOOK_AGAIN if at in unstated else "")
        for at, said in rules.items()
    ]
    return "\n".join(lines[:MAX_FAILED])


def _advice(before: Layout, *, answer: str, violations: Sequence[Violation], level: int) -> list[str]:
    rules = {violation.rule for violation in violations}
    advice = [_CORRECT]
    if len(answer) > MAX_ANSWER:
        advice.append(f"Of the previous answer only the first {MAX_ANSWER:,} of {len(answer):,} characters are shown.")
    paths = len({violation.at for violation in violations})
    if paths > MAX_FAILED:
        advice.append(f"Of {paths:,} paths the first {MAX_FAILED} are listed; look for the same mistake elsewhere.")
    if "not_json" in rules:
        advice.append(_NOT_JSON)
    if "not_stated" in rules:
        advice.append(_NOT_STATED)
    if level or answer[:MAX_ANSWER] == before.answer:
        advice.append(_REPEATED.format(times=max(level, 1) + 1))
    return [*advice, _CLOSING]
