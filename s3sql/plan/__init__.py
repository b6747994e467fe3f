"""From the syntax tree to the plan: binding names, rewriting, explaining."""
