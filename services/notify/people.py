"""Who may see and set what notify keeps of a person: the person, by a channel, and nobody else (access rules, "Scopes").

For everybody else no person exists here, whether there is one or not. Who acts for a person may name them by an id that is merged
into theirs. Not here: who is notified (``messages``), and operators, who look at deliveries.
"""

from __future__ import annotations

from uuid import UUID

from chassis.store.work import Work
from contracts.language.refusals import Refusal
from services.notify import copies


class NotThemselves(Refusal):
    """Somebody else's inbox or preferences, or nobody's."""

    kind = "not_found"
    code = "notify.person_not_found"
    zh = "未找到该人员。"
    en = "There is no such person."


def own_id(work: Work, person_id: UUID) -> UUID:
    """The id under which is kept what is theirs. Raises NotThemselves unless the caller acts for this person."""
    own = work.caller.person_id
    if own is not None and (own == person_id or own == copies.survivors_of(work, [person_id]).get(person_id)):
        return own
    raise NotThemselves()
