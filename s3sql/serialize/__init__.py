"""Output formats: from columns to bytes or Arrow."""
