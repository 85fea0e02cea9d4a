"""``python -m doctor``: with any Python 3.11, before anything is installed too."""

import sys

from doctor import examination

if __name__ == "__main__":
    sys.exit(examination.main())
