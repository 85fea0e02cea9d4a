"""What events takes, answers and announces, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.events import activities, checkins, kinds, registrations, tickets
from contracts.events.activities import *
from contracts.events.checkins import *
from contracts.events.kinds import *
from contracts.events.registrations import *
from contracts.events.tickets import *

SUBJECTS = (activities, checkins, kinds, registrations, tickets)
