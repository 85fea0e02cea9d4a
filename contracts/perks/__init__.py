"""What perks takes and answers, a file per subject; ``schemas.<Name>`` finds each by its name alone."""

from contracts.perks.entitlements import *
from contracts.perks.passes import *
from contracts.perks.redemptions import *
from contracts.perks.schemes import *
