"""Who may see and set what notify keeps of a person: the person, by a channel, and nobody else (access rules, "Scopes").

For everybody else no person exists here, whether there is one or not. Not here: who is notified (``messages``), and operators,
who look at deliveries.
"""

from __future__ import annotations

from uuid import UUID

from chassis.store.work import Caller
from contracts.language.refusals import Refusal


class NotThemselves(Refusal):
    """Somebody else's inbox or preferences, or nobody's."""

    kind = "not_found"
    code = "notify.person_not_found"
    zh = "未找到该人员。"
    en = "There is no such person."


def check_self(caller: Caller, person_id: UUID) -> None:
    """Raises NotThemselves unless the caller acts for this person."""
    if caller.person_id != person_id:
        raise NotThemselves()
