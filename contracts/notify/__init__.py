"""What notify takes and answers, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.notify.deliveries import *
from contracts.notify.messages import *
from contracts.notify.preferences import *
from contracts.notify.templates import *
