"""Ask for exactly the fields you need, with a class of your own; the document is a web page.

python examples/own_schema.py [MODEL]
"""

import sys
from datetime import date
from pathlib import Path

from pydantic import BaseModel, Field

import extractor


class Charge(BaseModel):
    """One line of the bill."""

    description: str = Field(description="What is charged for, as printed.")
    amount: float = Field(gt=0, description="Amount of the line, as a plain number.")


class Bill(BaseModel):
    """What the bookkeeper types in by hand today."""

    invoice_number: str = Field(description="Invoice number as printed.")
    due_date: date = Field(description="Date by which it is to be paid, as YYYY-MM-DD.")
    total: float = Field(description="Amount to pay, as a plain number.")
    charges: list[Charge] = Field(description="Every line that is charged for, in printed order.")


page = Path(__file__).parent / "documents/invoices/hosting.html"
result = extractor.extract(page, Bill, model=next(iter(sys.argv[1:]), None))
if result.error:
    sys.exit(result.error.message)

bill = result.record
print(f"Pay {bill.total:.2f} for {bill.invoice_number} by {bill.due_date:%d %B %Y}:")
for charge in bill.charges:
    print(f"  {charge.amount:8.2f}  {charge.description}")
