"""A research paper, as a literature review lists it."""

from datetime import date

from pydantic import BaseModel, Field


class Paper(BaseModel):
    """A research article, preprint or conference paper."""

    title: str = Field(description="Title of the paper as printed, subtitle included.")
    authors: list[str] = Field(
        min_length=1,
        description="Name of each author as printed, one per entry, in printed order, without degrees and marks.",
    )
    affiliations: list[str] = Field(
        default=[], description="Each institution of an author as printed, one per entry, without footnote marks."
    )
    email: str | None = Field(default=None, description="E-mail address of the corresponding author as printed.")
    abstract: str | None = Field(default=None, description="The whole abstract, word for word, without its heading.")
    keywords: list[str] = Field(default=[], description="Each keyword as printed, one per entry.")
    venue: str | None = Field(
        default=None, description="Journal, conference or preprint server as printed, without volume and pages."
    )
    volume: str | None = Field(default=None, description="Volume and issue as printed.")
    pages: str | None = Field(default=None, description="Page range as printed.")
    published: date | None = Field(
        default=None, description="Date of publication, as YYYY-MM-DD; null when no day is printed."
    )
    received: date | None = Field(default=None, description="Date on which the manuscript was received, as YYYY-MM-DD.")
    doi: str | None = Field(
        default=None, description="Digital object identifier as printed, without a web address before it."
    )
    license: str | None = Field(default=None, description="Licence of the text as printed, such as CC BY 4.0.")
    funding: str | None = Field(
        default=None, description="Who funded the work, with grant numbers, in the words of the document."
    )
    repository: str | None = Field(default=None, description="Web address of the paper's code or data as printed.")
