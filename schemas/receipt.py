"""A receipt, as an expense report needs it."""

import datetime as dt

from pydantic import BaseModel, Field

# Money is `float`, not `Decimal`: amounts are copied, never computed, and a double returns every amount of up to 15
# digits as it was printed. `Decimal` would reach the model as "number or string" and JSON as a string.


class ReceiptItem(BaseModel):
    """One thing that was bought."""

    description: str = Field(description="Name of the item as printed.")
    quantity: float | None = Field(default=None, description="How many were bought, as a plain number.")
    unit_price: float | None = Field(default=None, description="Price of one, as a plain number.")
    amount: float | None = Field(default=None, description="Price of the whole line, as a plain number.")


class Receipt(BaseModel):
    """Proof of a payment in a shop, a restaurant, a hotel or a vehicle."""

    merchant: str = Field(description="Name of the business that was paid, as printed.")
    address: str | None = Field(
        default=None, description="Address of the business as printed, its lines joined by a comma and a space."
    )
    tax_id: str | None = Field(
        default=None, description="Tax registration number of the business as printed, country prefix included."
    )
    receipt_number: str | None = Field(default=None, description="Receipt, bill or transaction number as printed.")
    date: dt.date = Field(description="Date of the purchase, as YYYY-MM-DD.")
    time: str | None = Field(
        default=None,
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="Time of the purchase on the 24-hour clock, as HH:MM.",
    )
    currency: str | None = Field(
        default=None,
        pattern="^[A-Z]{3}$",
        description="Currency of the amounts as a three-letter ISO 4217 code; null when the sign fits several.",
    )
    items: list[ReceiptItem] = Field(
        default=[], description="Every item that was bought, in printed order, without subtotal, tax and total rows."
    )
    subtotal: float | None = Field(default=None, description="Sum before tax and tip, as a plain number.")
    tax: float | None = Field(default=None, description="Sum of all taxes, as a plain number.")
    tip: float | None = Field(default=None, description="Tip or gratuity, as a plain number.")
    total: float = Field(description="Amount paid, tax and tip included, as a plain number.")
    payment_method: str | None = Field(
        default=None, description="How it was paid, as printed, such as cash or the kind of card."
    )
