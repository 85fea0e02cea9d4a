"""What events takes and answers, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.events.activities import *
from contracts.events.checkins import *
from contracts.events.kinds import *
from contracts.events.registrations import *
from contracts.events.tickets import *
