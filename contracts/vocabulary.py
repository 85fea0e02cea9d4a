"""Words with one spelling in requests, rules and tables. Standard library only, so that rules may use it."""

from __future__ import annotations

# types of documents
RESIDENT, HMT_RESIDENT, FOREIGN_RESIDENT = "resident_id", "hmt_residence_permit", "foreign_resident_id"
PASSPORT, HK_MACAO, TAIWAN, MILITARY = "passport", "hk_macao_permit", "taiwan_permit", "military"
ID_TYPES = (RESIDENT, HMT_RESIDENT, FOREIGN_RESIDENT, PASSPORT, HK_MACAO, TAIWAN, MILITARY)

# roles of a person in an organisation
STUDENT, STAFF, MEMBER, VOLUNTEER, EMPLOYEE = "student", "staff", "member", "volunteer", "employee"
ROLES = (STUDENT, STAFF, MEMBER, VOLUNTEER, EMPLOYEE)

# states of an affiliation
REPORTED, CONFIRMED, ENDED = "reported", "confirmed", "ended"
AFFILIATION_STATES = (REPORTED, CONFIRMED, ENDED)

# states of an entry of a register, in the order they are reached
PROPOSED, AGREED, RUNNING, DONE = "proposed", "agreed", "running", "done"
ENTRY_STATES = (PROPOSED, AGREED, RUNNING, DONE, ENDED)

# what becomes of a report; a row of a file may also be rejected
ACCEPTED, UNCHANGED, DIFFERS, REJECTED = "accepted", "unchanged", "differs", "rejected"
REPORT_VERDICTS = (ACCEPTED, UNCHANGED, DIFFERS)
VERDICTS = (*REPORT_VERDICTS, REJECTED)
