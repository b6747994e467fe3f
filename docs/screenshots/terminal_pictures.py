"""The pictures of the terminal: a query, an error, the columns of a file, progress, and the shell.

In: the installed program, a folder for its files, a folder for the pictures.  Out: an SVG of each, drawn from
what the program wrote to a terminal.
"""

from __future__ import annotations

from pathlib import Path

from terminal import Terminal

QUERY = """\
s3sql query --stats "SELECT s.carrier, s.flight, s.dest, CAST(s.arr_delay AS INT) AS minutes_late
FROM S3Object s
WHERE s.arr_delay <> 'NA' AND CAST(s.arr_delay AS INT) > 850" flights.csv"""

WRONG = """\
s3sql query "SELECT s.carrier, s.arival_delay
FROM S3Object s WHERE s.dest = 'SFO'" flights.csv"""

SLOW = """\
s3sql query "SELECT COUNT(*) AS flights FROM S3Object s
WHERE s.carrier = 'HA'" twelve-years.csv.bz2"""

BEGUN = "SELECT s.carrier, s.dest FROM S3Object s WHERE s.ar"


def draw(flights: Path, long_table: Path, program: Path, work: Path, images: Path) -> None:
    """Write every picture to *images*.

    Raises:
        TimeoutError: the terminal does not show what the picture is of.
        AssertionError: likewise.
    """
    folder = work / "terminal"
    folder.mkdir()
    (folder / "flights.csv").symlink_to(flights)
    (folder / "twelve-years.csv.bz2").symlink_to(long_table)
    with Terminal(folder, program, columns=100, rows=50) as terminal:
        draw_commands(terminal, images)
        draw_shell(terminal, images)
    # As wide as AWS's message is long.
    with Terminal(folder, program, columns=114, rows=20) as terminal:
        draw_error(terminal, images)


def draw_commands(terminal: Terminal, images: Path) -> None:
    """The pictures of commands, and that Ctrl-C ends one."""
    # The first run of all loads more than the next.
    terminal.run("s3sql --version")

    terminal.clear()
    terminal.run(QUERY)
    assert "1272" in terminal.text(), terminal.text()
    terminal.draw(images / "terminal-query.svg", "s3sql query")

    terminal.clear()
    terminal.run("s3sql schema flights.csv")
    terminal.draw(images / "terminal-schema.svg", "s3sql schema")

    terminal.clear()
    terminal.run("s3sql functions substring")
    terminal.draw(images / "terminal-functions.svg", "s3sql functions")

    terminal.clear()
    terminal.type(SLOW.replace("\n", "\r") + "\r")
    terminal.wait_for_text(r"[3-9]\d ?%")
    terminal.draw(images / "terminal-progress.svg", "s3sql query")
    terminal.interrupt()
    assert "Traceback" not in terminal.text(), terminal.text()


def draw_error(terminal: Terminal, images: Path) -> None:
    """The picture of a query that is wrong."""
    terminal.run(WRONG)
    assert "arr_delay" in terminal.text(), terminal.text()
    terminal.draw(images / "terminal-error.svg", "s3sql query")


def draw_shell(terminal: Terminal, images: Path) -> None:
    """The pictures of the shell."""
    terminal.clear()
    terminal.type("s3sql shell flights.csv\r")
    terminal.wait_for_text(r"s3sql>")
    terminal.type("SELECT COUNT(*) AS flights, MAX(CAST(s.distance AS INT)) AS farthest\r")
    terminal.type("FROM S3Object s WHERE s.carrier = 'HA';\r")
    terminal.wait_for_text(r"\b4983\b")
    terminal.settle()
    terminal.type(f"{BEGUN}\t")
    terminal.wait_for_text(r"arr_time")
    terminal.settle()
    terminal.draw(images / "terminal-shell.svg", "s3sql shell")
    terminal.type("\x03\x04")
    terminal.wait_for_text(r"(?m)^\$ *$")
