"""Running a plan: from morsels to output."""
