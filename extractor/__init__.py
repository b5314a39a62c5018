"""Structured extraction: documents and a target schema in, validated records with their evidence out."""
