"""What a schema states to no effect: words that are no keywords of its draft, and members that nothing describes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from extractor.jsontext import pointer
from extractor.schema.advice import Hint, hints_by_word
from extractor.schema.keywords import ANNOTATIONS, DEFAULT_DRAFT, KEYWORDS, draft_of, drafts_of, known, subschemas
from extractor.schema.patterns import PatternRefused, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extractor.records import JsonObject

#: Words of OpenAPI that say nothing of a record.
_REMARKS: Final = frozenset({"xml", "externalDocs"})
#: Annotations that make a difference: a misspelt one is lost.
_TOLD: Final = frozenset({"description", "title", "$defs", "definitions", "$anchor", "default", "discriminator"})
#: Year of a draft -> its name; the older ones have a number.
_NAMES: Final = {2019: "2019-09", 2020: "2020-12"}
#: Keyword -> what says the same in other drafts.
_INSTEAD: Final = {
    "dependencies": "dependentRequired or dependentSchemas",
    "dependentRequired": "dependencies",
    "dependentSchemas": "dependencies",
    "prefixItems": "a list of items",
    "additionalItems": "items",
    "const": "an enum of one value",
}
#: Keywords by which members may be described elsewhere than in `properties`.
_ELSEWHERE: Final = frozenset({
    "$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "dependencies",
})  # fmt: skip
#: Likeness, from 0 to 1, from which one word may be meant by another.
_LIKE: Final = 0.8
#: Words among which a similar one is looked for, and characters of one that is looked for: likeness takes time.
_MAX_CHOICES: Final = 500
_MAX_WORD: Final = 64
#: Words that are no keywords for which a similar keyword is looked for.
_MAX_SOUGHT: Final = 50
#: Words that are no keywords, and of which nothing else is known, that one hint lists.
_MAX_LISTED: Final = 10


def hints_of_spelling(root: JsonObject) -> list[Hint]:
    """Return hints about what is ignored, and about members that are required and not described."""
    draft = draft_of(root)
    strange: dict[str, list[str]] = {}
    foreign: dict[str, list[str]] = {}
    unnamed: dict[str, list[str]] = {}
    named: dict[str, list[str]] = {}
    for schema, at, stands_alone in _schemas(root, draft):
        known_here = known(schema, draft)
        for word in schema:
            if word not in KEYWORDS and word not in _REMARKS and not word.startswith(("x-", "_")):
                strange.setdefault(word, []).append(at + pointer(word))
            elif word not in known_here:
                foreign.setdefault(word, []).append(at + pointer(word))
        for index, name in _unnamed(schema) if stands_alone else ():
            unnamed.setdefault(name, []).append(f"{at}/required/{index}")
            named.setdefault(name, list(schema["properties"]))
    return [
        *_hints_of_strangers(strange, draft),
        *hints_by_word("other_draft", foreign, lambda word: _say_foreign(word, draft), into="schema"),
        *hints_by_word("unknown_member", unnamed, lambda name: _say_unnamed(name, named[name]), into="schema"),
    ]


def similar(word: str, choices: Iterable[str], *, likeness: float = _LIKE) -> str | None:
    """Return the choice that is most like a word but for its case, None where none is."""
    by_lower = {choice.lower(): choice for choice in choices}
    if len(word) > _MAX_WORD or len(by_lower) > _MAX_CHOICES:
        return None
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def _schemas(root: JsonObject, draft: int) -> Iterator[tuple[JsonObject, str, bool]]:
    """Yield every schema of the document, its pointer, and whether it is no part of another of the same place."""
    left: list[tuple[Any, str, bool]] = [(root, "", True)]
    while left:
        schema, at, stands_alone = left.pop()
        if isinstance(schema, dict):
            yield schema, at, stands_alone
            left += [(below, where, not is_part) for where, below, is_part in subschemas(schema, at, draft)[::-1]]


def _unnamed(schema: JsonObject) -> list[tuple[int, str]]:
    """Return the names, with their places in `required`, that nothing in the schema describes."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list) or not _ELSEWHERE.isdisjoint(schema):
        return []
    if isinstance(schema.get("additionalProperties"), dict):
        return []
    patterns = schema.get("patternProperties", {})
    return [
        (index, name)
        for index, name in enumerate(required)
        if name not in properties and not any(_is_found(pattern, name) for pattern in patterns)
    ]


def _is_found(pattern: str, name: str) -> bool:
    try:
        return compile_pattern(pattern).search(name)
    except PatternRefused:  # in a definition that nothing refers to
        return True


def _hints_of_strangers(places: dict[str, list[str]], draft: int) -> list[Hint]:
    """Return a hint for each word that is like a keyword, and one for all others."""
    own = [
        keyword for keyword in KEYWORDS - ANNOTATIONS | _TOLD if drafts_of(keyword)[0] <= draft <= drafts_of(keyword)[1]
    ]
    meant: dict[str, str] = {}
    for word in list(places)[:_MAX_SOUGHT]:
        if (keyword := similar(word, own)) is not None:
            meant[word] = keyword
    others = [word for word in places if word not in meant]
    listed = ", ".join(word[:_MAX_WORD] for word in others[:_MAX_LISTED]) + (
        "" if len(others) <= _MAX_LISTED else " and more"
    )
    ignored = f"of draft {_name(draft)} and is ignored"
    return [
        *hints_by_word(
            "misspelt_keyword",
            {word: places[word] for word in meant},
            lambda word: f"'{word}' is no keyword {ignored}; did you mean '{meant[word]}'?",
            into="schema",
        ),
        *hints_by_word(
            "unknown_keyword",
            {listed: [at for word in others for at in places[word]]} if others else {},
            lambda words: f"No keywords of draft {_name(draft)}, and ignored: {words}.",
            into="schema",
        ),
    ]


def _say_foreign(word: str, draft: int) -> str:
    first, last = drafts_of(word)
    if last == DEFAULT_DRAFT:
        of = f"since draft {_name(first)}"
    else:
        of = f"of draft {_name(first)}" if first == last else f"of drafts {_name(first)} to {_name(last)}"
    instead = f" or use {_INSTEAD[word]}" if word in _INSTEAD else ""
    return f"'{word}' is a keyword {of} and is ignored in draft {_name(draft)}; state that \"$schema\"{instead}."


def _say_unnamed(name: str, properties: list[str]) -> str:
    meant = similar(name, properties)
    ask = f"did you mean '{meant}'?" if meant else "describe it there, or leave it out of required."
    return f"'{name[:_MAX_WORD]}' is required, and properties does not have it; {ask}"


def _name(draft: int) -> str:
    return _NAMES.get(draft, str(draft))
