"""``python -m tests.interop [NAME …]``: real clients against ``s3sql serve``; all of them without a name.

What was installed stays in ``.cache/interop``, and what the endpoint said in ``.cache/interop/endpoint.log``.
The exit status is 1 if a client, or the endpoint, did not do what it must; a client whose toolchain is not
there is skipped, and that is said.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.interop.answers import answers
from tests.interop.clients import CLIENTS, ROOT, Client, ClientFailedError, install, missing_tools, take_steps
from tests.interop.endpoint import Endpoint, EndpointFailedError, running, server_errors
from tests.interop.objects import write_objects
from tests.interop.outcome import Outcome, compare

_CACHE = ROOT / ".cache" / "interop"


def main() -> int:
    """Run the clients and print a table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.interop", description="Real clients, unmodified.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(client.name for client in CLIENTS))
    names = parser.parse_args().names
    unknown = sorted(set(names) - {client.name for client in CLIENTS})
    if unknown:
        parser.error(f"no such client: {', '.join(unknown)}")
    clients = [client for client in CLIENTS if not names or client.name in names]
    _CACHE.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="s3sql-interop-") as temporary:
        folder, buckets = Path(temporary, "objects"), Path(temporary, "buckets")
        folder.mkdir()
        buckets.mkdir()
        write_objects(folder)
        try:
            with running(buckets, _CACHE / "endpoint.log") as endpoint:
                for client in clients:
                    scratch = Path(temporary, client.name)
                    scratch.mkdir()
                    print(f"{client.name} …", file=sys.stderr, flush=True)
                    outcomes.append(_outcome(client, endpoint, folder, scratch))
            failed = [f"answered {line}" for line in server_errors(_CACHE / "endpoint.log")]
        except EndpointFailedError as error:
            failed = [str(error)]
    _report(clients, outcomes)
    for failure in failed:
        print(f"s3sql serve: {failure}")
    return int(bool(failed) or any(outcome.differences for outcome in outcomes))


def _outcome(client: Client, endpoint: Endpoint, folder: Path, scratch: Path) -> Outcome:
    missing = missing_tools(client)
    if missing:
        return Outcome(client.name, skipped=f"no {', '.join(missing)} on the PATH")
    expected = client.answers(answers(folder))
    try:
        program = install(client, _CACHE)
        lines = take_steps(client, program, endpoint, list(expected), folder, scratch)
    except ClientFailedError as error:
        return Outcome(client.name, expected=len(expected), differences=[str(error)])
    return compare(client.name, lines, expected, client.withheld)


def _report(clients: list[Client], outcomes: list[Outcome]) -> None:
    print(f"{'client':<14}{'version':<12}{'steps':<9}")
    for client, outcome in zip(clients, outcomes, strict=False):
        told = f"skipped: {outcome.skipped}" if outcome.skipped else f"{outcome.passed} of {outcome.expected}"
        print(f"{outcome.client:<14}{outcome.version:<12}{told}")
        if outcome.skipped is None:
            for step, why in client.without.items():
                print(f"    without {step}: {why}")
        for difference in outcome.differences:
            print(f"    {difference}")


if __name__ == "__main__":
    sys.exit(main())
