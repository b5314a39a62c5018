"""A resume, as recruiting reads it."""

from pydantic import BaseModel, Field


class Position(BaseModel):
    """One job that a person holds or held."""

    employer: str = Field(description="Name of the employer as printed.")
    title: str | None = Field(default=None, description="Job title as printed.")
    location: str | None = Field(default=None, description="Place of work as printed.")
    start: str | None = Field(default=None, description="When it began, as printed: a year, or a month and a year.")
    end: str | None = Field(
        default=None, description="When it ended, as printed; the printed word, such as present, when it has not."
    )
    summary: str | None = Field(
        default=None, description="Duties and achievements in the words of the document, bullets joined by a space."
    )


class Education(BaseModel):
    """One course of study."""

    institution: str = Field(description="Name of the school or university as printed.")
    degree: str | None = Field(default=None, description="Degree or certificate as printed, subject included.")
    start: str | None = Field(default=None, description="When it began, as printed: a year, or a month and a year.")
    end: str | None = Field(default=None, description="When it ended, as printed: a year, or a month and a year.")
    grade: str | None = Field(default=None, description="Final grade or honours as printed.")


class Language(BaseModel):
    """One language that a person speaks."""

    language: str = Field(description="Name of the language as printed.")
    level: str | None = Field(default=None, description="How well it is spoken, as printed: native, fluent, B2.")


class Resume(BaseModel):
    """A person's education and working life."""

    name: str = Field(description="Full name of the person as printed, without titles such as Dr.")
    headline: str | None = Field(
        default=None, description="Profession or target position as printed under or beside the name."
    )
    email: str | None = Field(default=None, description="E-mail address as printed.")
    phone: str | None = Field(default=None, description="Telephone number as printed, country code included.")
    location: str | None = Field(default=None, description="Where the person lives, as printed.")
    links: list[str] = Field(
        default=[], description="Addresses of web pages and online profiles as printed, in printed order."
    )
    summary: str | None = Field(
        default=None, description="Introductory profile in the words of the document, without its heading."
    )
    experience: list[Position] = Field(default=[], description="Every job, in printed order.")
    education: list[Education] = Field(default=[], description="Every course of study, in printed order.")
    skills: list[str] = Field(default=[], description="Each skill that is listed as such, one per entry.")
    languages: list[Language] = Field(default=[], description="Every spoken language, in printed order.")
    certifications: list[str] = Field(
        default=[], description="Each certificate or licence as printed, one per entry, year included."
    )
