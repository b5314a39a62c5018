"""A service that has Celery and the broker's address, and nothing of extractor.

python examples/service_celery.py BROKER_URL        `extractor dev` prints its own as "Celery"
"""

import base64
import json
import sys
from pathlib import Path

from celery import Celery
from celery.exceptions import TimeoutError as NotInTime
from kombu.exceptions import KombuError

USAGE = 'usage: python examples/service_celery.py BROKER_URL, which `extractor dev` prints as "Celery"'

_, *words = sys.argv
if len(words) != 1:
    sys.exit(USAGE)
(broker,) = words
app = Celery("expenses", broker=broker, backend=broker)
try:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=10)
except (KombuError, ImportError, LookupError, OSError, ValueError) as error:  # which one, depends on the scheme
    sys.exit(f"{USAGE}; no broker answers at this one: {type(error).__name__}: {error}")

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
try:
    result = reply.get(timeout=600)
except NotInTime:
    sys.exit("no result after 10 minutes; it goes on: see `extractor queue status`")
if result["error"]:
    sys.exit(f"{result['error']['code']}: {result['error']['message']}")

print(json.dumps(result["record"], indent=2, ensure_ascii=False))
print(f"{result['source']}: {result['status']}, ${result['cost_usd']:.4f}")
