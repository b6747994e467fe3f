"""What SQL expressions are made of: functions, operators, conversions, aggregates."""
