"""The prompt: keys, completion, colours, the bottom line; without a terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from s3sql.cli.shell.commands import COMMANDS
from s3sql.cli.shell.complete import ShellCompleter
from s3sql.cli.shell.highlight import LONGEST, STYLE, SqlLexer
from s3sql.cli.shell.interactive import plain_prompt, run_prompts, run_text
from s3sql.cli.shell.output import Output
from s3sql.cli.shell.prompt import bottom_line, prompt_session, runs
from s3sql.cli.shell.rows import MODES
from s3sql.cli.shell.session import Session
from s3sql.functions.signatures import ALIASES, SIGNATURES


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose columns are known."""
    (tmp_path / "flights.csv").write_text("carrier,arr delay\nHA,1272\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two words.csv").write_text("", encoding="utf-8")
    for name in ('q"uote.csv', "it's.csv", "bo\"t'h.csv", "line\nfeed.csv"):
        (tmp_path / "folder" / name).write_text("", encoding="utf-8")
    (tmp_path / ".hidden").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    session = Session(Output(), "csv")
    found = threading.Event()
    session.on_columns = found.set
    session.open("flights.csv", {})
    assert found.wait(60)
    return session


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as keys:
        yield keys


def completions(session: Session, text: str) -> list[str]:
    """The text after each completion at the ``|`` of *text*, or at its end."""
    before, _, behind = text.partition("|")
    document = Document(before + behind, len(before))
    found = ShellCompleter(session).get_completions(document, CompleteEvent(completion_requested=True))
    return [f"{before[: len(before) + one.start_position]}{one.text}{behind}" for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".mod", [".mode"]),
        (".e", [".explain", ".exit"]),
        (".mode j", [".mode json", ".mode jsonl"]),
        (".timer o", [".timer on", ".timer off"]),
        (".help sch", [".help schema"]),
        (".functions subs", [".functions SUBSTRING"]),
        (".source fl", [".source flights.csv"]),
        (".source fo", [".source folder/"]),
        (".source folder/t", ['.source "folder/two words.csv"']),
        ('.source "folder/two w', ['.source "folder/two words.csv"']),
        (".source folder/q", [".source 'folder/q\"uote.csv'"]),
        (".source 'folder/tw", [".source 'folder/two words.csv'"]),
        (".source folder/bo", []),
        (".source folder/l", []),
        (".source folder/i", ['.source "folder/it\'s.csv"']),
        (".source .h", [".source .hidden"]),
        (".source nothing/at/all", []),
        (".source x --he", [".source x --header"]),
        (".source x --header u", [".source x --header use"]),
        (".source x --delimiter ", []),
        (
            ".source x --allow-quoted-record-delimiter fl",
            [".source x --allow-quoted-record-delimiter flights.csv"],
        ),
        (".read f", [".read flights.csv", ".read folder/"]),
        (".output fl", [".output flights.csv"]),
        (".explain SELECT car", [".explain SELECT carrier"]),
        (".explain o", [".explain on", ".explain off"]),
        (".quit ", []),
        (".nothing x", []),
        ("SELECT s.ca", ["SELECT s.carrier"]),
        ("SELECT s.c| FROM S3Object s", ["SELECT s.carrier FROM S3Object s"]),
        ('SELECT\n  "a', ['SELECT\n  "arr delay"']),
        (
            ".mode csv\nSELECT a FROM S3Object s WHERE s.a",
            ['.mode csv\nSELECT a FROM S3Object s WHERE s."arr delay"'],
        ),
        ("SELECT a\n.mod", []),
        ("SELECT '\n.mod", []),
        ("a\0b", []),
    ],
)
def test_completion(session: Session, text: str, expected: list[str]) -> None:
    assert completions(session, text) == expected


def test_all_of_a_kind(session: Session) -> None:
    assert completions(session, ".") == list(COMMANDS)
    assert completions(session, ".mode ") == [f".mode {mode}" for mode in MODES]
    assert len(completions(session, ".functions ")) == len(SIGNATURES) + len(ALIASES)
    assert completions(session, ".read ") == [".read flights.csv", ".read folder/"]


def typed(session: Session, keys: PipeInput, text: str, history: InMemoryHistory | None = None) -> str:
    """What the prompt gives for the keys *text*."""
    keys.send_text(text)
    return prompt_session(session, history, keys=keys, screen=DummyOutput()).prompt()


@pytest.mark.parametrize(
    ("pressed", "given"),
    [
        ("SELECT 1;\r", "SELECT 1;"),
        ("SELECT 1\rFROM S3Object;\r", "SELECT 1\nFROM S3Object;"),
        ("SELECT 1\r\r", "SELECT 1\n"),
        ("SELECT ';\r';\r", "SELECT ';\n';"),
        ("SELECT 1\x1b\r", "SELECT 1"),
        (".help\r", ".help"),
        ("quit\r", "quit"),
        ("\r", ""),
        # Tab: the only completion, what all have in common, the first of several.
        (".mod\t\r", ".mode"),
        ("SELECT s.ca\t;\r", "SELECT s.carrier;"),
        (".mode js\t\r", ".mode json"),
        ("\x1b[200~SELECT 1;\nSELECT 2\x1b[201~;\r", "SELECT 1;\nSELECT 2;"),
        ("SELECT 'é\u4e2d';\r", "SELECT 'é\u4e2d';"),
    ],
)
def test_keys(session: Session, keys: PipeInput, pressed: str, given: str) -> None:
    assert typed(session, keys, pressed) == given


def test_the_keyboard_ends_it(session: Session, keys: PipeInput) -> None:
    with pytest.raises(KeyboardInterrupt):
        typed(session, keys, "SELECT\x03")
    with pytest.raises(EOFError):
        typed(session, keys, "\x04")


def test_arrows_go_through_the_history(session: Session, keys: PipeInput) -> None:
    history = InMemoryHistory(["SELECT 1;", "SELECT\n2;"])
    assert typed(session, keys, "\x1b[A\x1b[A\x1b[A\r", history) == "SELECT 1;"


@pytest.mark.parametrize(
    ("text", "cursor", "expected"),
    [
        ("SELECT 1", 8, False),
        ("SELECT 1\n", 9, True),
        ("SELECT 1\n  ", 11, True),
        ("SELECT 1\n\nFROM", 9, False),
        ("SELECT 1;\n", 3, True),
        ("", 0, True),
    ],
)
def test_what_enter_runs(text: str, cursor: int, expected: bool) -> None:
    assert runs(Document(text, cursor)) is expected


def colours(text: str) -> list[tuple[str, str]]:
    line = SqlLexer().lex_document(Document(text))
    return [
        (piece[0].removeprefix("class:"), piece[1])
        for number in range(text.count("\n") + 1)
        for piece in line(number)
        if piece[1].strip()
    ]


def test_colours_of_a_query() -> None:
    assert colours("SELECT UPPER(s.a), 'x\ny', 1.5, \"b\" -- c\n^ 'open") == [
        ("keyword", "SELECT"),
        ("function", "UPPER"),
        ("", "("),
        ("", "s"),
        ("", "."),
        ("", "a"),
        ("", ")"),
        ("", ","),
        ("literal", "'x"),
        ("literal", "y'"),
        ("", ","),
        ("literal", "1.5"),
        ("", ","),
        ("quoted", '"b"'),
        ("comment", "-- c"),
        ("wrong", "^"),
        ("open", "'open"),
    ]


def test_colours_of_commands() -> None:
    assert colours(".mode csv\n.nothing x\n.explain SELECT 1") == [
        ("command", ".mode"),
        ("", " csv\n".rstrip("\n")),
        ("open", ".nothing"),
        ("", " x"),
        ("command", ".explain"),
        ("keyword", "SELECT"),
        ("literal", "1"),
    ]


def test_every_colour_has_a_style() -> None:
    used = {style for style, _ in colours("SELECT UPPER('a' \"b\" `1` /* c */ ^ 'open")} | {"command"}
    known = {name for name, _ in STYLE.style_rules}
    assert used - {""} <= known


@pytest.mark.parametrize("text", ["", "\n", ".help\n", "SELECT '\n\n", "x" * (LONGEST + 1), ".\n.\n."])
def test_coloured_lines_are_the_lines(text: str) -> None:
    line = SqlLexer().lex_document(Document(text))
    for number, expected in enumerate(text.split("\n")):
        assert "".join(piece[1] for piece in line(number)) == expected
    assert line(text.count("\n") + 1) == []


def test_the_bottom_line(session: Session) -> None:
    ((_, text),) = bottom_line(session)
    assert text == " flights.csv · csv header use · mode csv"
    session.limit, session.last = 1000, "2 rows in 1.2 ms"
    ((_, text),) = bottom_line(session)
    assert text == " flights.csv · csv header use · mode csv · limit 1,000 · 2 rows in 1.2 ms"
    ((_, text),) = bottom_line(Session(Output(), "csv"))
    assert text == " no source: .source PATH · mode csv"


def test_the_bottom_line_of_a_hostile_name(session: Session) -> None:
    assert session.source is not None
    session.source.name = "a\x1b[31m\n" + "x" * 500
    ((_, text),) = bottom_line(session)
    assert text.isprintable()
    assert len(text) < 100


def test_what_fails_is_said_and_the_session_goes_on(
    session: Session, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    texts = iter(
        ["SELECT nope FROM S3Object;", "SELECT s.carrier FROM S3Object s;\n.nothing\n.mode json", ".mode"]
    )

    def prompt() -> str:
        text = next(texts, None)
        if text is None:
            raise EOFError
        return text

    run_prompts(session, prompt)
    out, err = capfdbinary.readouterr()
    assert out == b"HA\nmode: csv\n"
    assert err.startswith(b"MissingHeaders: ")
    assert b"there is no command .nothing" in err


def test_an_interrupt_ends_what_runs(
    session: Session, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("s3sql.cli.shell.session.write_rows", interrupted)
    run_text(session, "SELECT * FROM S3Object; .mode")
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.startswith(b"\ninterrupted: 0 rows")


def test_an_interrupt_while_the_source_is_opened(
    session: Session, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("s3sql.api.query", interrupted)
    run_text(session, "SELECT * FROM S3Object;")
    assert capfdbinary.readouterr() == (b"", b"\ninterrupted\n")


def test_an_interrupt_clears_the_line(session: Session, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    answers = iter([KeyboardInterrupt(), ".mode", EOFError()])

    def prompt() -> str:
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    run_prompts(session, prompt)
    assert capfdbinary.readouterr() == (b"mode: csv\n", b"")


WORDS = (
    ".source .schema .mode .limit .timer .explain .functions .read .help . SELECT s.carrier * FROM S3Object "
    "; ' \" ` -- /* */ \n \0 \udcff \x1b[31m é --header=use on off 1 csv flights.csv ( [ CASE LIMIT"
)
PIECES = st.sampled_from(WORDS.split(" "))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=10).map(" ".join) | st.text(max_size=20))
def test_whatever_is_typed_the_session_goes_on(session: Session, text: str) -> None:
    run_text(session, text)
    list(ShellCompleter(session).get_completions(Document(text), CompleteEvent()))
    line = SqlLexer().lex_document(Document(text))
    assert "".join(piece[1] for piece in line(0)) == text.split("\n")[0]


@pytest.mark.parametrize(
    ("lines", "given", "prompts"),
    [
        (["SELECT 1", "FROM S3Object;"], "SELECT 1\nFROM S3Object;\n", ["s3sql> ", "  ...> "]),
        (["SELECT 1", ""], "SELECT 1\n\n", ["s3sql> ", "  ...> "]),
        ([".help"], ".help\n", ["s3sql> "]),
        ([""], "\n", ["s3sql> "]),
    ],
)
def test_the_plain_prompt(
    lines: list[str], given: str, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, shown = iter(lines), []

    def ask(prompt: str) -> str:
        shown.append(prompt)
        return next(waiting)

    monkeypatch.setattr("builtins.input", ask)
    monkeypatch.setattr("s3sql.cli.shell.interactive.output_is_terminal", lambda: True)
    assert plain_prompt() == given
    assert shown == prompts


def test_the_plain_prompt_is_not_among_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = iter(["SELECT 1", "FROM S3Object;"])
    monkeypatch.setattr("builtins.input", lambda: next(waiting))
    assert plain_prompt() == "SELECT 1\nFROM S3Object;\n"
    with pytest.raises(StopIteration):
        plain_prompt()
    assert capsys.readouterr() == ("", "s3sql>   ...> s3sql> ")
