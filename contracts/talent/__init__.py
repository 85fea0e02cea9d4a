"""What talent takes and answers, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.talent.affiliations import *
from contracts.talent.contacts import *
from contracts.talent.organisations import *
from contracts.talent.people import *
