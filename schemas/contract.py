"""A contract, as a legal department files it."""

from datetime import date

from pydantic import BaseModel, Field


class ContractParty(BaseModel):
    """One side of a contract."""

    name: str = Field(description="Full legal name of the party as printed, legal form included.")
    role: str | None = Field(
        default=None, description="What the contract calls the party, as printed: Supplier, Disclosing Party, Tenant."
    )
    address: str | None = Field(
        default=None, description="Registered office or address as printed, its lines joined by a comma and a space."
    )
    registration_number: str | None = Field(
        default=None, description="Company registration number of the party as printed."
    )


class Contract(BaseModel):
    """An agreement between two or more parties."""

    title: str = Field(description="Title of the contract as printed at its head.")
    reference: str | None = Field(default=None, description="Contract or reference number as printed.")
    parties: list[ContractParty] = Field(
        min_length=1, description="Every party, in printed order, without witnesses, brokers and advisers."
    )
    effective_date: date | None = Field(
        default=None, description="Date from which the contract binds the parties, as YYYY-MM-DD."
    )
    expiry_date: date | None = Field(
        default=None, description="Date on which it ends unless renewed, as YYYY-MM-DD; null when only a term is given."
    )
    term: str | None = Field(default=None, description="How long the contract runs, in the words of the document.")
    renewal: str | None = Field(
        default=None, description="Whether and how the contract renews, in the words of the document."
    )
    termination_notice: str | None = Field(
        default=None, description="Period of notice for ending the contract, in the words of the document."
    )
    governing_law: str | None = Field(default=None, description="Law that governs the contract, as printed.")
    jurisdiction: str | None = Field(
        default=None, description="Courts or arbitral tribunal that decide disputes, as printed."
    )
    # `float`, not `Decimal`: copied, never computed, and a plain number in JSON.
    contract_value: float | None = Field(
        default=None, description="Total price or fee fixed by the contract, as a plain number."
    )
    currency: str | None = Field(
        default=None,
        pattern="^[A-Z]{3}$",
        description="Currency of the value as a three-letter ISO 4217 code; null when the sign fits several.",
    )
    payment_terms: str | None = Field(
        default=None, description="When and how payment is due, in the words of the document."
    )
    liability_cap: str | None = Field(
        default=None, description="Limit of a party's liability, in the words of the document."
    )
    confidentiality_period: str | None = Field(
        default=None, description="How long the duty of confidence lasts, in the words of the document."
    )
