"""Submissions: what a door is handed becomes one, complete and checked; then the truth is written and a ticket sent."""

from extractor.submit.admitting import OF_TASKS, Door, Labels, admit, assemble, atried, new_id, options_at, tried
from extractor.submit.batches import BatchLabels, batch_labels
from extractor.submit.loose import assemble_from_json, submission_from_json, target_and_options
from extractor.submit.sending import Submitted, announce, submit

__all__ = [
    "OF_TASKS",
    "BatchLabels",
    "Door",
    "Labels",
    "Submitted",
    "admit",
    "announce",
    "assemble",
    "assemble_from_json",
    "atried",
    "batch_labels",
    "new_id",
    "options_at",
    "submission_from_json",
    "submit",
    "target_and_options",
    "tried",
]
