"""Print the reference page of the settings."""

import sys

from infra.settings import settings_reference

sys.stdout.write(settings_reference())
