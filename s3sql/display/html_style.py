"""What the boxes of a notebook have in common: their colours, and that nothing in them is mathematics.

In: nothing.  Out: a style sheet. Text and ground are the page's own. Lines and shades are greys that can be
seen on light and on dark; where JupyterLab's variables are set, they are the theme's.

Notebooks typeset what is between two dollar signs. In a table those are prices, so every box has the classes
that MathJax leaves alone, of its versions 3 and 2.

JupyterLab aligns the cells of every table to the right by a selector of two classes, so that the one of the
cells here has two as well.
"""

from __future__ import annotations

NO_MATHEMATICS = "mathjax_ignore tex2jax_ignore"

TABLE_STYLE = """
.s3sql-box {
  --s3sql-line: var(--jp-border-color2, rgba(128, 128, 128, 0.35));
  --s3sql-shade: var(--jp-rendermime-table-row-background, rgba(128, 128, 128, 0.08));
  --s3sql-muted: var(--jp-ui-font-color2, #6b6b6b);
  --s3sql-bar: var(--jp-brand-color1, #1976d2);
  color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, system-ui, sans-serif);
  font-size: var(--jp-ui-font-size1, 13px);
  line-height: 1.4;
  margin: 0.3em 0;
  max-width: 100%;
}
@media (prefers-color-scheme: dark) {
  .s3sql-box {
    --s3sql-muted: var(--jp-ui-font-color2, #a0a0a0);
    --s3sql-bar: var(--jp-brand-color1, #64b5f6);
  }
}
.s3sql-box .s3sql-scroll { max-width: 100%; overflow-x: auto; }
.s3sql-box table {
  border: none; border-collapse: collapse; color: inherit; font-size: inherit; margin: 0; table-layout: auto;
}
.s3sql-box .s3sql-scroll th, .s3sql-box .s3sql-scroll td {
  background: none; border: none; max-width: 32em; overflow: hidden; padding: 0.2em 0.8em; text-align: left;
  text-overflow: ellipsis; vertical-align: top; white-space: pre;
}
.s3sql-box th { font-weight: 600; }
.s3sql-box thead tr:last-child { border-bottom: 1px solid var(--s3sql-line); }
.s3sql-box thead tr.s3sql-types td { color: var(--s3sql-muted); font-size: 0.85em; padding-top: 0; }
.s3sql-box tbody tr { background: none; }
.s3sql-box tbody tr:nth-child(even) { background: var(--s3sql-shade); }
.s3sql-box tbody td { font-variant-numeric: tabular-nums; }
.s3sql-box .s3sql-null { color: var(--s3sql-muted); font-style: italic; }
.s3sql-box p { color: var(--s3sql-muted); font-size: 0.9em; margin: 0.4em 0 0; padding: 0 0.8em; }
.s3sql-box caption { height: 1px; overflow: hidden; position: absolute; clip-path: inset(50%); width: 1px; }
"""
