from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable

import pytest

from s3sql.cli import main
from s3sql.cli.interrupts import came_of_interrupt, interrupts_kept


def interrupt(phase: str, _: object) -> None:
    """What Ctrl-C does in a function that the garbage collector calls: Python ignores the exception."""
    gc.callbacks.remove(interrupt)
    signal.raise_signal(signal.SIGINT)


def collect_and_wait() -> None:
    gc.collect()
    threading.Event().wait(60)


def test_an_interrupt_that_python_ignores_comes_again() -> None:
    gc.callbacks.append(interrupt)
    with pytest.raises(KeyboardInterrupt), interrupts_kept():
        collect_and_wait()


def becomes_another_error() -> None:
    class Descriptor:
        def __set_name__(self, owner: type, name: str) -> None:
            raise KeyboardInterrupt

    type("Owner", (), {"member": Descriptor()})


def fails() -> None:
    raise ValueError("x") from RuntimeError("y")


@pytest.mark.parametrize(("run", "ends"), [(becomes_another_error, True), (fails, False)])
def test_an_interrupt_that_python_makes_another_error_of(run: Callable[[], None], ends: bool) -> None:
    with pytest.raises((RuntimeError, ValueError, KeyboardInterrupt)) as caught:
        run()
    assert came_of_interrupt(caught.value) is ends


def test_it_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sql.cli.app.run", lambda arguments: becomes_another_error())
    monkeypatch.setattr("s3sql.cli.drop_output", lambda: None)
    assert main(["--version"]) == 130
