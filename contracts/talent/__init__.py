"""What talent takes, answers and announces, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.talent import (
    affiliation_roles,
    affiliations,
    contacts,
    facts,
    organisations,
    people,
    register_rows,
    registers,
)
from contracts.talent.affiliation_roles import *
from contracts.talent.affiliations import *
from contracts.talent.contacts import *
from contracts.talent.facts import *
from contracts.talent.organisations import *
from contracts.talent.people import *
from contracts.talent.register_rows import *
from contracts.talent.registers import *

SUBJECTS = (people, organisations, affiliation_roles, affiliations, contacts, registers, register_rows, facts)
