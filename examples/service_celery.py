"""A service that has Celery and the broker's address, and nothing of extractor.

python examples/service_celery.py BROKER_URL        `extractor dev` prints its own as "Celery"
"""

import base64
import json
import sys
from pathlib import Path

from celery import Celery

broker = sys.argv[1]
app = Celery("expenses", broker=broker, backend=broker)

bill = Path(__file__).parent / "documents/receipts/hotel.pdf"
reply = app.send_task(
    "extractor.extract",
    queue="extractor",
    kwargs={
        "document": {"base64": base64.b64encode(bill.read_bytes()).decode(), "name": bill.name},
        "schema": "receipt",  # a name that the operator registered, or a JSON Schema
        "options": {"max_attempts": 2},
    },
)
result = reply.get(timeout=600)
if result["error"]:
    sys.exit(f"{result['error']['code']}: {result['error']['message']}")

print(json.dumps(result["record"], indent=2, ensure_ascii=False))
print(f"{result['source']}: {result['status']}, ${result['cost_usd']:.4f}")
