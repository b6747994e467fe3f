"""The prompt: keys, colours, completion, history and the line at the bottom.

In: the session, for what it can complete and what the bottom line says.  Out: a prompt_toolkit session whose
``prompt()`` gives one text to run.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, get_common_complete_suffix
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output as Screen
from prompt_toolkit.output import create_output

from s3sql.cli.shell.complete import ShellCompleter
from s3sql.cli.shell.highlight import STYLE, SqlLexer
from s3sql.cli.shell.history import FileHistory, history_path
from s3sql.cli.shell.interactive import CONTINUATION, PROMPT
from s3sql.cli.shell.session import Session
from s3sql.cli.shell.statement import is_finished
from s3sql.display.cells import visible


def terminal_prompt(session: Session) -> tuple[Callable[[], str], str]:
    """What asks for the next text, and why there is no history if there is none."""
    path = history_path()
    history = None if path is None else FileHistory(path)
    return prompt_session(session, history).prompt, "" if history is None else history.trouble


def prompt_session(
    session: Session, history: History | None, *, keys: Input | None = None, screen: Screen | None = None
) -> PromptSession[str]:
    """A prompt for *session*; *keys* and *screen* are the terminal's unless others are given."""
    completer = ShellCompleter(session)
    prompt: PromptSession[str] = PromptSession(
        [("class:prompt", PROMPT)],
        multiline=True,
        prompt_continuation=[("class:continuation", CONTINUATION)],
        lexer=SqlLexer(),
        style=STYLE,
        completer=completer,
        # A menu that opens by itself would be in the way of Enter and the arrow keys.
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        history=InMemoryHistory() if history is None else history,
        key_bindings=_bindings(completer),
        bottom_toolbar=lambda: bottom_line(session),
        enable_open_in_editor=True,
        input=keys,
        # Rows may go to a file while the terminal shows the prompt.
        output=create_output(always_prefer_tty=True) if screen is None else screen,
    )
    session.on_columns = prompt.app.invalidate
    return prompt


def bottom_line(session: Session) -> StyleAndTextTuples:
    """The source and what it is, the settings that are not as ever, rows and time of the last query."""
    source = session.source
    parts = ["no source: .source PATH" if source is None else _place(source.name)]
    if source is not None and source.format:
        parts.append(source.format)
    parts.append(f"mode {session.mode or 'csv or jsonl'}")
    if session.limit is not None:
        parts.append(f"limit {session.limit:,}")
    if session.output.path:
        parts.append(f"output {_place(session.output.path)}")
    if session.last:
        parts.append(session.last)
    return [("", " " + visible(" · ".join(parts)))]


def runs(document: Document) -> bool:
    """Whether Enter runs what is typed: finished, nothing, or the cursor in an empty last line."""
    return (
        not document.text.strip()
        or is_finished(document.text)
        or (document.on_last_line and not document.current_line.strip())
    )


def _place(name: str) -> str:
    """A name that leaves room for the rest of the line."""
    if "://" not in name:
        home = os.path.expanduser("~")
        name = f"~{name[len(home) :]}" if name.startswith(f"{home}{os.sep}") else name
    return name if len(name) <= 40 else f"…{name[-39:]}"


def _bindings(completer: Completer) -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def enter(event: KeyPressEvent) -> None:
        """Take the completion that is chosen, run what is finished, or begin a new line."""
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
        elif runs(buffer.document):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    @bindings.add("tab")
    def tab(event: KeyPressEvent) -> None:
        """Take the only completion, or what all have in common, and show the others."""
        buffer = event.current_buffer
        if buffer.complete_state is not None:
            buffer.complete_next()
            return
        # Here and not in the background: what is typed next may rely on it.
        found = list(completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
        if len(found) == 1:
            buffer.apply_completion(found[0])
        elif found:
            buffer.insert_text(get_common_complete_suffix(buffer.document, found))
            buffer.start_completion(complete_event=CompleteEvent(completion_requested=True))

    @bindings.add("escape", "enter")
    def run_now(event: KeyPressEvent) -> None:
        """Run what is there."""
        event.current_buffer.validate_and_handle()

    return bindings
