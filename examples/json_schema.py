"""Use a JSON Schema instead of a class, and bytes instead of a file: what a web service holds after an upload.

python examples/json_schema.py [MODEL]
"""

import json
import sys
from pathlib import Path

import extractor

SCHEMA = {
    "title": "Deadlines",
    "description": "The dates of a contract that go into the calendar.",
    "type": "object",
    "properties": {
        "effective_date": {"type": "string", "format": "date", "description": "Date from which the contract binds."},
        "expiry_date": {"type": "string", "format": "date", "description": "Date on which the contract ends."},
        "notice_period": {"type": "string", "description": "Period of notice, in the words of the document."},
    },
    "required": ["effective_date"],
    "additionalProperties": False,
}

upload = (Path(__file__).parent / "documents/contracts/lift-maintenance.docx").read_bytes()
result = extractor.extract(upload, SCHEMA, name="lift-maintenance.docx", model=next(iter(sys.argv[1:]), None))
if result.error:
    sys.exit(result.error.message)

print(json.dumps(result.record, indent=2))
print(f"{result.source}: valid by {', '.join(result.validated_by)}")
