"""How to ask for the shape: the strongest way that the endpoint has not refused.

    json_schema  →  tool (choice auto)  →  json_object (only where the model does not think)  →  prompt

A rung is left on evidence alone: a refusal, or harm that was seen in answers. What was refused is remembered, and the
next way follows from what is remembered, so there is no state of a step-down to carry along.
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
    from extractor.model.refusals import Refusable, Refusing, Scope
    from extractor.records import Options, Rung

#: Why a question's own rungs are left.
OWN_HARM = "an answer to this question on it showed harm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One way of asking."""

    #: The rung.
    rung: Rung
    #: Whether the reply is streamed.
    is_streamed: bool
    #: Whether `strict` is sent.
    is_strict: bool = True
    #: Whether the schema is sent with all its limits.
    is_full: bool = True
    #: Whether tools may be sent, ours and the caller's.
    takes_tools: bool = True
    #: Whether a tool may be forced.
    takes_tool_choice: bool = True
    #: Whether endpoints that do not list every parameter may be ruled out; of terms that were sent, whether they were.
    takes_requirement: bool = True
    #: The most that a thinking budget may be; 0 = no budget is sent; None = no limit known.
    budget_limit: int | None = None
    #: The most that a reply may be, as the account can pay; None = no limit known.
    output_limit: int | None = None
    #: Why stronger rungs were left, "" when none was.
    why: str = field(default="", compare=False)


class Lesson(NamedTuple):
    """What a refusal teaches."""

    #: What is refused from now on.
    feature: Feature
    #: Why, and how much is allowed.
    fact: Fact
    #: What it holds for.
    scope: Scope = "endpoint"
    #: Whether it is to be remembered only when it has helped.
    is_doubtful: bool = False


def terms_for(
    options: Options, profile: Profile, refused: Mapping[Feature, Fact], *, left: frozenset[Rung] = frozenset()
) -> Terms:
    """Return the strongest terms that the options allow and nobody has refused.

    Args:
        options: The caller's options.
        profile: What is known about the model.
        refused: What the endpoint refuses, or does harm with.
        left: Rungs on which this question is not asked again; heeded where the choice is ours, but for the last one.

    Raises:
        EnforcementUnavailable: every rung that the options allow was refused.
    """
    allowed = _allowed(options, profile)
    reasons = {rung: why for rung in allowed if (why := _reason(rung, refused, options=options, profile=profile))}
    if options.enforcement == "auto":
        reasons = {rung: OWN_HARM for rung in allowed[:-1] if rung in left} | reasons
    why = "; ".join(f"{rung}: {reasons[rung]}" for rung in allowed if rung in reasons)
    rung = next((rung for rung in allowed if rung not in reasons), None)
    if rung is None:
        error = EnforcementUnavailable(
            f"The endpoint refused every way of asking for the shape that is allowed ({why or 'it lists none'}). "
            "Allow weaker ones with enforcement=auto, or choose another model.",
            maybe_billed=False,
        )
        error.why = why
        raise error
    return Terms(
        rung=rung,
        is_streamed=profile.thinks or "plain" in refused,
        is_strict="strict" not in refused,
        is_full="full_schema" not in refused,
        takes_tools="tools" not in refused,
        takes_tool_choice="tool_choice" not in refused,
        takes_requirement="require_parameters" not in refused,
        budget_limit=_limit("thinking_budget", refused),
        output_limit=_limit("max_tokens", refused),
        why=why,
    )


def lessons_of(refusing: Refusing, *, sent: Terms, options: Options) -> tuple[Lesson, ...]:
    """Return what to remember of a refusal of `sent`; nothing when asking otherwise would change nothing.

    Args:
        refusing: What the provider refused.
        sent: The terms it refused.
        options: The caller's options, who may have sent tools of their own.
    """
    refusal, allowed, _ = refusing
    features = next((found for named in refusal.features if (found := _taken_back(named, sent, options))), ())
    # A budget that is refused a second time is not sent again.
    limit = allowed if allowed is not None and sent.budget_limit is None else 0
    fact = Fact(why=refusal.says, limit=limit)
    return tuple(Lesson(feature, fact, refusal.scope, refusal.is_doubtful) for feature in features)


def _taken_back(named: Refusable, sent: Terms, options: Options) -> tuple[Feature, ...]:
    """Return what to take back, nothing when it was not sent."""
    sends_schema = sent.rung in {"json_schema", "tool"}
    sends_callers = bool(options.tools) and sent.takes_tools
    candidates: dict[Refusable, tuple[tuple[Feature, ...], bool]] = {
        # Words alone ask for nothing that could be refused.
        "rung": ((sent.rung,), sent.rung != "prompt"),
        "grammar": (("json_schema", "tool"), sends_schema),
        "call": (("tool",), sent.rung == "tool"),
        "tool_choice": _refused_choice(sent, sends_callers=sends_callers),
        "tools": (("tools",), sent.rung == "tool" or sends_callers),
        "strict": (("strict",), sent.rung == "json_schema" and sent.is_strict),
        "full_schema": (("full_schema",), sends_schema and sent.is_full),
        "plain": (("plain",), not sent.is_streamed),
        "thinking_budget": (("thinking_budget",), sent.budget_limit != 0),
        "max_tokens": (("max_tokens",), sent.output_limit is None),
        "require_parameters": (("require_parameters",), sent.takes_requirement),
        "nothing": ((), False),
    }
    features, was_sent = candidates[named]
    return features if was_sent else ()


def _refused_choice(sent: Terms, *, sends_callers: bool) -> tuple[tuple[Feature, ...], bool]:
    """Return what a refused choice of tool means, and whether it was sent."""
    if sent.rung == "tool" or not sends_callers:
        # Our tool is never forced: the endpoint takes no tools, or makes a forced one of the schema.
        return (sent.rung,), sent.rung != "prompt"
    return ("tool_choice",), sent.takes_tool_choice


def _allowed(options: Options, profile: Profile) -> tuple[Rung, ...]:
    if options.enforcement == "auto":
        return _ladder(profile)
    if options.enforcement == "required":
        return ("json_schema",) if profile.takes_schemas else ()
    return (options.enforcement,)


def _ladder(profile: Profile) -> tuple[Rung, ...]:
    rungs: list[Rung] = []
    if profile.takes_schemas:
        rungs.append("json_schema")
    if profile.takes("tools"):
        rungs.append("tool")
    if profile.takes("response_format") and not profile.thinks:
        rungs.append("json_object")
    return (*rungs, "prompt")


def _reason(rung: Rung, refused: Mapping[Feature, Fact], *, options: Options, profile: Profile) -> str:
    """Return why `rung` is left, "" where it is not. Harm leaves nothing that has no other way in its place."""
    fact = refused.get(rung) or (refused.get("tools") if rung == "tool" else None)
    if fact is None:
        return ""
    has_another = options.enforcement == "auto" or (options.enforcement == "required" and profile.sibling is not None)
    return fact.why if has_another or not fact.is_harm else ""


def _limit(feature: Feature, refused: Mapping[Feature, Fact]) -> int | None:
    fact = refused.get(feature)
    return None if fact is None else fact.limit
