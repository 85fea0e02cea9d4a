"""What perks takes, answers and announces, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.perks import entitlements, passes, redemptions, schemes
from contracts.perks.entitlements import *
from contracts.perks.passes import *
from contracts.perks.redemptions import *
from contracts.perks.schemes import *

SUBJECTS = (schemes, entitlements, passes, redemptions)
