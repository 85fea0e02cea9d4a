"""What is refused about people."""

from __future__ import annotations

from contracts.language.refusals import Refusal


class PersonNotFound(Refusal):
    """No person has this id."""

    kind = "not_found"
    code = "talent.person_not_found"
    zh = "未找到该人员。"
    en = "There is no such person."


class PersonInvalid(Refusal):
    """The name, document or phone breaks a rule; `errors` says which."""

    kind = "invalid"
    code = "talent.person_invalid"
    zh = "人员信息不符合要求。"
    en = "The person's particulars are not valid."


class NotYourRecord(Refusal):
    """The department reaches the person, but neither made the record nor is trusted by an organisation of the person."""

    kind = "forbidden"
    code = "talent.not_your_record"
    zh = "该记录由其他部门登记。请再次报送以更正本部门的信息。"
    en = "Another department registered this record. Report the person again to correct what you have reported."
