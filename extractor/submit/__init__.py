"""Submissions: what a door is handed becomes one, complete and checked; then the truth is written and a ticket sent."""

from extractor.submit.admitting import OF_TASKS, Door, Labels, admit, new_id, options_at
from extractor.submit.loose import submission_from_json
from extractor.submit.sending import submit

__all__ = ["OF_TASKS", "Door", "Labels", "admit", "new_id", "options_at", "submission_from_json", "submit"]
