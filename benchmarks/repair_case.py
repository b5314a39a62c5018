"""The document of the repairs' benchmark, its class and its record: for this Python and for one with another library.

Imports nothing but pydantic.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

#: What the document is known by.
KEY = "Consignment 77-2041"
TERMS = "Goods stay the property of the sender until they are paid for in full, as both parties have agreed here. "
#: Bytes of a document -> items of its record, of six leaves each beside 14 others.
ITEMS = {3_000: 8, 60_000: 48, 100_000: 48}
#: Places of leaves that a first answer has wrong, in this order, and the wrong values.
WRONG: tuple[tuple[tuple[str | int, ...], Any], ...] = (
    (("items", 5, "quantity"), 0),
    (("carrier",), "lorry"),
    (("sender", "address", "postcode"), ""),
)


class Address(BaseModel):
    """Where the sender is."""

    street: str
    postcode: str = Field(min_length=3)
    town: str


class Sender(BaseModel):
    """Who sends the goods."""

    name: str
    vat_id: str
    email: str
    phone: str
    address: Address


class Item(BaseModel):
    """One row of the table."""

    sku: str
    name: str
    quantity: int = Field(ge=1)
    price: float
    batch: str
    bin: str


class Note(BaseModel):
    """A delivery note."""

    number: str
    issued: str
    carrier: Literal["rail", "road", "sea"]
    total: float
    is_insured: bool
    weight_kg: int
    remark: str
    sender: Sender
    items: list[Item]


def record_of(items: int) -> dict[str, Any]:
    """Return the right record."""
    address = {"street": "14 Quay Lane", "postcode": "E14 9QS", "town": "Rotherhithe"}
    return {
        "number": KEY,
        "issued": "2026-03-14",
        "carrier": "road",
        "total": 4711.0,
        "is_insured": True,
        "weight_kg": 930,
        "remark": "Handle with care",
        "sender": {
            "name": "Ludlow & Penn Ltd",
            "vat_id": "GB 884 2210 07",
            "email": "goods@ludlow.example",
            "phone": "+44 20 7946 0018",
            "address": address,
        },
        "items": [
            {
                "sku": f"LP-{row:04d}",
                "name": f"Fitting no. {row}",
                "quantity": row % 7 + 1,
                "price": row + 0.5 * (row % 2),
                "batch": f"B{row * 37 % 991:03d}",
                "bin": f"R{row % 12}-{row}",
            }
            for row in range(items)
        ],
    }


def document_of(record: dict[str, Any], *, size: int) -> str:
    """Return a document of about `size` bytes that states the record: head, terms, table, terms, foot."""
    sender, address = record["sender"], record["sender"]["address"]
    head = (
        f"{KEY}\nIssued: {record['issued']}\n\nSender\nName: {sender['name']}\nVAT id: {sender['vat_id']}\n"
        f"E-mail: {sender['email']}\nPhone: {sender['phone']}\nStreet: {address['street']}\n"
        f"Postcode: {address['postcode']}\nTown: {address['town']}\n"
    )
    rows = "\n".join(" | ".join(map(str, item.values())) for item in record["items"])
    table = f"Items\n\nSKU | Name | Quantity | Price | Batch | Bin\n{rows}\n"
    foot = (
        f"Carrier: {record['carrier']}\nTotal: {record['total']:.2f}\nInsured: yes\nWeight: {record['weight_kg']} kg\n"
    )
    foot += f"Remark: {record['remark']}\n"
    paragraph = TERMS * 5 + "\n"
    count = max(size - len(head) - len(table) - len(foot), 0) // len(paragraph)
    above, below = paragraph * (count // 2), paragraph * (count - count // 2)
    return f"{head}\nTerms\n\n{above}\n{table}\nMore terms\n\n{below}\n{foot}"


def spoiled(record: dict[str, Any], leaves: int) -> dict[str, Any]:
    """Return the record with so many invalid leaves. The one that is given is changed."""
    for (*above, last), value in WRONG[:leaves]:
        holder: Any = record
        for token in above:
            holder = holder[token]
        holder[last] = value
    return record
