"""What notify takes, answers and announces, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.notify import deliveries, messages, preferences, templates
from contracts.notify.deliveries import *
from contracts.notify.messages import *
from contracts.notify.preferences import *
from contracts.notify.templates import *

SUBJECTS = (deliveries, messages, preferences, templates)
