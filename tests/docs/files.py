"""The files that the pages speak of; docs/start.md makes them."""

from __future__ import annotations

FLIGHTS = (
    "carrier,flight,origin,dest,arr_delay\n"
    "HA,51,JFK,HNL,1272\nUA,1545,EWR,IAH,11\nAA,1141,JFK,MIA,33\nEV,4308,EWR,RDU,NA\nMQ,3535,JFK,CMH,1127\n"
)
EVENTS = '{"user":{"name":"Ada"},"tags":["a","b"]}\n{"user":{"name":"Max"}}\n'
FILES = {"flights.csv": FLIGHTS, "events.jsonl": EVENTS}
