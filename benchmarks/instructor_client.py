"""One document through instructor, in the Python that has it: `repairs.py` runs this script and reads what it prints.

Reads `{"base_url", "mode", "model", "text"}` as JSON and prints the record as JSON.
"""

from __future__ import annotations

import json
import sys

import instructor  # type: ignore[import-not-found]
import openai  # type: ignore[import-not-found]
from repair_case import Note

#: Answers asked for after the first, as many as there are of ours.
RETRIES = 2


def main() -> None:
    """Ask as its documentation does: a class, one message with the document, its own retries."""
    asked = json.load(sys.stdin)
    plain = openai.OpenAI(base_url=asked["base_url"], api_key="simulated", max_retries=0)
    client = instructor.from_openai(plain, mode=instructor.Mode[asked["mode"]])
    record = client.chat.completions.create(
        model=asked["model"],
        response_model=Note,
        max_retries=RETRIES,
        temperature=0.0,
        messages=[
            {"role": "system", "content": "Extract the delivery note from the document as JSON."},
            {"role": "user", "content": asked["text"]},
        ],
    )
    print(record.model_dump_json())


if __name__ == "__main__":
    main()
