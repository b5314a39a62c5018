"""An invoice, as accounts payable books it."""

from datetime import date

from pydantic import BaseModel, Field

# Money is `float`, not `Decimal`: amounts are copied, never computed, and a double returns every amount of up to 15
# digits as it was printed. `Decimal` would reach the model as "number or string" and JSON as a string.


class Party(BaseModel):
    """A company or person named on an invoice."""

    name: str = Field(description="Name of the company or person as printed, legal form included.")
    address: str | None = Field(
        default=None, description="Postal address as printed, its lines joined by a comma and a space."
    )
    tax_id: str | None = Field(
        default=None, description="VAT, GST or other tax registration number as printed, country prefix included."
    )
    email: str | None = Field(default=None, description="E-mail address as printed.")


class InvoiceLine(BaseModel):
    """One line that is charged for."""

    item_code: str | None = Field(default=None, description="Article or item number of the line as printed.")
    description: str = Field(description="What is charged for, as printed in the line.")
    quantity: float | None = Field(default=None, description="How many units are charged for, as a plain number.")
    unit: str | None = Field(default=None, description="Unit that the quantity counts, as printed: h, kg, pcs.")
    unit_price: float | None = Field(default=None, description="Price of one unit, as a plain number.")
    tax_rate: float | None = Field(
        default=None, description="Tax rate of the line in percent, as a plain number: 20 for 20 %."
    )
    amount: float | None = Field(
        default=None, description="Amount of the line as printed in its last column, as a plain number."
    )


class Invoice(BaseModel):
    """A request for payment from a supplier to a customer."""

    number: str = Field(description="Invoice number exactly as printed, letters and punctuation included.")
    issue_date: date = Field(description="Date on which the invoice was issued, as YYYY-MM-DD.")
    due_date: date | None = Field(
        default=None, description="Date by which it is to be paid, as YYYY-MM-DD; null when only a period is printed."
    )
    delivery_date: date | None = Field(
        default=None, description="Date on which goods or services were supplied, as YYYY-MM-DD."
    )
    purchase_order: str | None = Field(
        default=None, description="The customer's purchase order number as printed, also called PO or your reference."
    )
    supplier: Party = Field(description="Who issues the invoice and is to be paid.")
    customer: Party = Field(description="Who is billed: the invoice address, not the delivery address.")
    currency: str | None = Field(
        default=None,
        pattern="^[A-Z]{3}$",
        description="Currency of the amounts as a three-letter ISO 4217 code; null when the sign fits several.",
    )
    lines: list[InvoiceLine] = Field(
        default=[], description="Every line that is charged for, in printed order, without subtotal and total rows."
    )
    subtotal: float | None = Field(default=None, description="Sum of the lines before tax, as a plain number.")
    tax: float | None = Field(default=None, description="Sum of all taxes, as a plain number.")
    total: float = Field(description="Amount to pay, taxes included, as a plain number.")
    payment_terms: str | None = Field(
        default=None, description="Payment terms as printed, such as net 30 or a discount for early payment."
    )
    iban: str | None = Field(default=None, description="IBAN of the account to pay into, as printed.")
    bic: str | None = Field(default=None, description="BIC or SWIFT code of that account, as printed.")
