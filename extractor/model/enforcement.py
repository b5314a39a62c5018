"""How to ask for the shape: the strongest way that the endpoint has not refused.

    json_schema  →  tool (choice auto)  →  json_object (only where the model does not think)  →  prompt

A rung is left on evidence alone: a refusal. What was refused is remembered, and the next way follows from what is
remembered, so there is no state of a step-down to carry along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from extractor.errors import EnforcementUnavailable
from extractor.model.facts import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extractor.model.facts import Feature
    from extractor.model.profiles import Profile
    from extractor.model.refusals import Refusable, Refusal, Refusing
    from extractor.records import Options, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One way of asking."""

    #: The rung.
    rung: Rung
    #: Whether the reply is streamed.
    is_streamed: bool
    #: Whether `strict` is sent.
    is_strict: bool = True
    #: Whether tools may be sent, ours and the caller's.
    takes_tools: bool = True
    #: Whether a tool may be forced.
    takes_tool_choice: bool = True
    #: The most that a thinking budget may be; 0 = no budget is sent; None = no limit known.
    budget_limit: int | None = None
    #: Why stronger rungs were left, "" when none was.
    why: str = field(default="", compare=False)


class Lesson(NamedTuple):
    """What a refusal teaches."""

    #: What is refused from now on.
    feature: Feature
    #: Why, and how much is allowed.
    fact: Fact


def terms_for(options: Options, profile: Profile, refused: Mapping[Feature, Fact]) -> Terms:
    """Return the strongest terms that the options allow and nobody has refused.

    Raises:
        EnforcementUnavailable: every rung that the options allow was refused.
    """
    allowed = _ladder(profile) if options.enforcement == "auto" else (options.enforcement,)
    left = {rung: fact for rung in allowed if (fact := _refusal_of(rung, refused)) is not None}
    why = "; ".join(f"{rung}: {fact.why}" for rung, fact in left.items())
    rung = next((rung for rung in allowed if rung not in left), None)
    if rung is None:
        raise EnforcementUnavailable(
            f"The endpoint refused every way of asking for the shape that is allowed ({why}). "
            "Allow weaker ones with enforcement=auto, or choose another model.",
            maybe_billed=False,
        )
    budget = refused.get("thinking_budget")
    return Terms(
        rung=rung,
        is_streamed=profile.thinks or "plain" in refused,
        is_strict="strict" not in refused,
        takes_tools="tools" not in refused,
        takes_tool_choice="tool_choice" not in refused,
        budget_limit=budget.limit if budget is not None else None,
        why=why,
    )


def lesson_of(refusing: Refusing, *, sent: Terms, options: Options) -> Lesson | None:
    """Return what to remember of a refusal of `sent`; None when asking otherwise would change nothing.

    Args:
        refusing: What the provider refused.
        sent: The terms it refused.
        options: The caller's options, who may have sent tools of their own.
    """
    refusal, allowed, _ = refusing
    feature = _refused_feature(refusal, sent, options)
    if feature is None:
        return None
    # A budget that is refused a second time is not sent again.
    limit = allowed if allowed is not None and sent.budget_limit is None else 0
    return Lesson(feature, Fact(why=refusal.says, limit=limit))


def _refused_feature(refusal: Refusal, sent: Terms, options: Options) -> Feature | None:
    """Return what to take back, None when it was not sent."""
    sends_ours = sent.rung == "tool"
    sends_callers = bool(options.tools) and sent.takes_tools
    candidates: dict[Refusable, tuple[Feature, bool]] = {
        # Words alone ask for nothing that could be refused.
        "rung": (sent.rung, sent.rung != "prompt"),
        "tool_choice": _refused_choice(sent, sends_callers=sends_callers),
        "tools": ("tools", sends_ours or sends_callers),
        "strict": ("strict", sent.rung == "json_schema" and sent.is_strict),
        "plain": ("plain", not sent.is_streamed),
        "thinking_budget": ("thinking_budget", sent.budget_limit != 0),
    }
    feature, was_sent = candidates[refusal.feature]
    return feature if was_sent else None


def _refused_choice(sent: Terms, *, sends_callers: bool) -> tuple[Feature, bool]:
    """Return what a refused choice of tool means, and whether it was sent."""
    if sent.rung == "tool" or not sends_callers:
        # Our tool is never forced: the endpoint takes no tools, or makes a forced one of the schema.
        return sent.rung, sent.rung != "prompt"
    return "tool_choice", sent.takes_tool_choice


def _ladder(profile: Profile) -> tuple[Rung, ...]:
    rungs: list[Rung] = []
    if profile.takes_schemas:
        rungs.append("json_schema")
    if profile.takes("tools"):
        rungs.append("tool")
    if profile.takes("response_format") and not profile.thinks:
        rungs.append("json_object")
    return (*rungs, "prompt")


def _refusal_of(rung: Rung, refused: Mapping[Feature, Fact]) -> Fact | None:
    return refused.get(rung) or (refused.get("tools") if rung == "tool" else None)
