"""DuckDB as an oracle: random queries whose meaning both engines share, over the same random tables."""
