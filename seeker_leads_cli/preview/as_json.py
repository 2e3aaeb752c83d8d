"""A preview as JSON, without personal data; its format is a promise, documented in `docs/cli.md`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seeker_leads_cli.preview.repeats import RowOutcome
from seeker_leads_cli.screen import visible_json

if TYPE_CHECKING:
    from seeker_leads_cli.preview.columns import Column
    from seeker_leads_cli.preview.survey import Survey


def as_json(survey: Survey, *, ascii_only: bool) -> str:
    """Return the preview as a JSON object on several lines."""
    content = {
        "rows": survey.rows,
        **{outcome.value: survey.outcomes[outcome] for outcome in RowOutcome},
        "columns": [_column(column) for column in survey.columns.all.values()],
        "reasons": [
            {"field": field, "rule": rule, "count": count} for (field, rule), count in survey.reasons.most_common()
        ],
    }
    return visible_json(json.dumps(content, ensure_ascii=ascii_only, indent=2))


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "field": column.field,
        "used": column.is_used,
        "accepted": column.accepted,
        "problems": [{"rule": rule, "count": count} for rule, count in column.problems.most_common()],
    }
