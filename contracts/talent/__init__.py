"""What talent takes, answers and announces, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.talent import affiliations, contacts, facts, organisations, people, registers
from contracts.talent.affiliations import *
from contracts.talent.contacts import *
from contracts.talent.facts import *
from contracts.talent.organisations import *
from contracts.talent.people import *
from contracts.talent.registers import *

SUBJECTS = (people, organisations, affiliations, contacts, registers, facts)
