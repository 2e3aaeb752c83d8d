"""The target with a survey in place of its pipeline: messages, stream maps and mapping are those of a run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import FatalError
from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.preview.columns import Columns
from seeker_leads_cli.preview.repeats import repeats
from seeker_leads_cli.preview.survey import Survey
from seeker_leads_cli.settings import without_account
from target_seeker_leads.singer.messages import Messages
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_cli.input import Input


class _PreviewTarget(TargetSeekerLeads):
    """Reads as the target does, and passes the records to a survey."""

    survey: Survey

    @cached_property
    def messages(self) -> Messages:
        return Messages(self.mapper, self.survey, self.config)

    def process_endofpipe(self) -> None:
        """Do nothing: there is nothing to wait for."""


def survey_of(source: Input, config: Mapping[str, Any]) -> Survey:
    """Return the survey of a file.

    Raises:
        SettingsError: a setting is wrong.
        InputFileError: the file cannot be read completely.
        StoppedError: a signal arrived.
    """
    target = _PreviewTarget(config=without_account(config))
    columns = Columns(source.table.columns if source.table else (), source.options.keys)
    with repeats() as seen, source.messages() as messages:
        target.survey = survey = Survey(target.settings, columns, seen)
        try:
            target.listen(messages)  # type: ignore[arg-type]  # the SDK declares text; the reader takes bytes
        except FatalError as error:
            raise InputFileError(str(error)) from None
    return survey
