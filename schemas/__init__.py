"""Ready target schemas: pydantic classes, each field described."""
