"""One postal address of the United States on one line: number, street, unit, city, state, zip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.model.offline.scope import Scope

LABELS = ("number", "street", "unit", "city", "state", "zip")

#: Longest text that is one address, characters.
LONGEST = 200
_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana"
    "|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska"
    "|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania"
    "|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin"
    "|Wyoming"
)
_CODES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI"
    "|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_END = re.compile(
    rf"[\s,]+(?P<state>{_CODES}|{_STATES})\.?(?:[\s,]+(?P<zip>\d{{4,5}}(?:-\d{{4}})?))?"
    r"(?:[\s,]+(?:USA?|United States))?\s*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*(?P<number>[NSEW]?\d[\w-]*(?:\s+[NSEW]\d+)?)\s+", re.IGNORECASE)
_UNIT = re.compile(
    r"[\s,]+(?P<unit>(?:apt|apartment|suite|ste|unit|rm|room|floor|bldg|building)\b\.?\s*#?\s*[\w-]+"
    r"|#\s?\w+|\d+(?:st|nd|rd|th)\s+floor)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"\b(?:st|street|ave|avenue|rd|road|dr|drive|blvd|boulevard|ln|lane|ct|court|pl|place|plz|plaza|way|pkwy|parkway|hwy|highway"
    r"|freeway|fwy|trl|trail|cir|circle|ter|terrace|sq|square|pike|loop|run|walk|route|rte|broadway)\b\.?"
    r"(?:\s+(?:\d{1,4}|[NSEW]{1,2}|north|south|east|west)\b(?=[\s,]))?",
    re.IGNORECASE,
)


def read(scope: Scope) -> dict[str, list[str]]:
    """Return the parts of the address that the scope holds; nothing when it is none."""
    text = scope.text[: LONGEST + 1].replace("\n", ", ")
    number = _NUMBER.match(text)
    end = _END.search(text)
    if number is None or end is None or len(text) > LONGEST:
        return {}
    street, unit, city = _middle(text[number.end() : end.start()])
    parts = {"number": number["number"], "street": street, "unit": unit, "city": city}
    facts = {**parts, "state": end["state"], "zip": end["zip"] or ""}
    return {label: [value] for label, value in facts.items() if value}


def _middle(text: str) -> tuple[str, str, str]:
    """Split `Main St, Apt 2, Springfield` into street, unit and city."""
    unit = _UNIT.search(text)
    if unit:
        return _trimmed(text[: unit.start()]), _trimmed(unit["unit"]), _trimmed(text[unit.end() :])
    if "," in text:
        street, _, city = text.partition(",")
        return _trimmed(street), "", _trimmed(city.rpartition(",")[2])
    suffixes = [match for match in _SUFFIX.finditer(text + " ") if match.start() > 0 and match.end() < len(text)]
    if suffixes:
        return _trimmed(text[: suffixes[0].end()]), "", _trimmed(text[suffixes[0].end() :])
    street, _, city = text.rpartition(" ")
    return _trimmed(street), "", _trimmed(city)


def _trimmed(text: str) -> str:
    return text.strip(" ,.")
