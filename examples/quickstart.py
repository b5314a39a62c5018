"""Extract one invoice from a PDF.

With a key (OPENROUTER_API_KEY):  python examples/quickstart.py
Without one, by rules:            python examples/quickstart.py offline/heuristic
"""

import sys
from pathlib import Path

import extractor
from schemas import Invoice

document = Path(__file__).parent / "documents/invoices/joinery.pdf"
result = extractor.extract(document, Invoice, model=next(iter(sys.argv[1:]), None))
if result.error:
    sys.exit(result.error.message)

print(result.record.model_dump_json(indent=2))
for at, found in result.evidence.items():
    print(f"{at}: {found.match}, page {found.page}: {found.quote}")
print(f"{result.status}, ${result.cost_usd:.4f}, {result.engine}")
