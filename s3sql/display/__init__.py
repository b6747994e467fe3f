"""How results, plans and errors look: plain text for a terminal, HTML for a notebook."""
