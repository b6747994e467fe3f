"""The extension in a kernel, as JupyterLab and nbclient use it: outputs, failures, Stop, completion."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.jupyter.conftest import FLIGHTS

#: Most seconds for anything: a kernel that does not answer is a failure.
PATIENCE = 60

#: A source without end, which counts how often it is read; its first read is announced.
ENDLESS = """
import io
class Endless(io.RawIOBase):
    reads = 0
    def readable(self): return True
    def readinto(self, buffer):
        type(self).reads += 1
        chunk = (b"HA,51,HNL\\n" * (len(buffer) // 10 + 1))[: len(buffer) // 10 * 10 or len(buffer)]
        buffer[: len(chunk)] = chunk
        return len(chunk)
endless = Endless()
"""


@dataclass
class Cell:
    """The reply to a cell and the messages it published."""

    reply: dict[str, Any]
    published: list[tuple[str, dict[str, Any]]]

    def contents(self, kind: str) -> list[dict[str, Any]]:
        return [content for type_, content in self.published if type_ == kind]

    @property
    def value(self) -> dict[str, Any]:
        (result,) = self.contents("execute_result")
        return result["data"]

    @property
    def out(self) -> str:
        return "".join(content["text"] for content in self.contents("stream"))


class Kernel:
    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def run(self, code: str, *, interrupt: bool = False) -> Cell:
        """Run a cell; with *interrupt* the kernel is interrupted when the progress bar is there."""
        sent = self.client.execute(code)
        published: list[tuple[str, dict[str, Any]]] = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            published.append((kind, content))
            if interrupt and kind == "display_data":
                self.manager.interrupt_kernel()
                interrupt = False
        reply = self.client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"].get("msg_id") != sent:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
        return Cell(reply["content"], published)

    def completions(self, code: str) -> list[str]:
        reply = self.client.complete(code, len(code), reply=True, timeout=PATIENCE)["content"]
        return [f"{code[: reply['cursor_start']]}{match}" for match in reply["matches"]]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "flights.csv").write_text(FLIGHTS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        manager = KernelManager()
        manager.start_kernel(cwd=str(folder))
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=PATIENCE)
            made = Kernel(manager, client)
            assert made.run("%load_ext s3sql").reply["status"] == "ok"
            yield made
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()


def test_a_result_is_html_and_text(kernel: Kernel) -> None:
    cell = kernel.run("%%s3sql flights.csv\nSELECT s.carrier, s.dest FROM S3Object s WHERE s.dest = 'HNL'")
    assert "<table>" in cell.value["text/html"]
    assert "HNL" in cell.value["text/html"]
    assert "HNL" in cell.value["text/plain"]
    assert "1 row" in cell.value["text/html"]
    assert cell.contents("display_data") == [], "no bar for a short query"


def test_a_kept_result_is_a_line(kernel: Kernel) -> None:
    cell = kernel.run("%%s3sql kept << flights.csv\nSELECT * FROM S3Object s")
    assert cell.contents("execute_result") == []
    assert cell.out.startswith("kept: 5 rows × 4 columns, ")


def test_hostile_values_are_escaped(kernel: Kernel) -> None:
    kernel.run("data = b'<script>alert(1)</script>\\n\"<img src=x onerror=\\'alert(1)\\'>\"\\n'")
    cell = kernel.run("%%s3sql {data} --format csv --header use\nSELECT * FROM S3Object s")
    html = cell.value["text/html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "<img" not in html


def test_a_failure_is_short_and_fails_the_cell(kernel: Kernel) -> None:
    cell = kernel.run("%%s3sql flights.csv\nSELECT s.carier FROM S3Object s")
    assert cell.reply["status"] == "error"
    assert cell.reply["ename"] == "S3SelectError"
    (error,) = cell.contents("error")
    assert error["traceback"] == cell.reply["traceback"]
    text = "\n".join(error["traceback"])
    assert "SELECT s.carier FROM" in text
    assert "did you mean" in text
    assert "Traceback" not in text


def test_a_plan_and_a_chart(kernel: Kernel) -> None:
    plan = kernel.run("%%s3sql flights.csv --analyze\nSELECT s.carrier FROM S3Object s").value
    assert "Scan" in plan["text/html"]
    assert "Scan" in plan["text/plain"]
    kernel.run("%%s3sql delays << flights.csv\nSELECT s.carrier, CAST(s.flight AS INT) AS n FROM S3Object s")
    chart = kernel.run("delays.chart(x='carrier', y='n', kind='bar')").value
    assert "vega" in str(chart), "as HTML or as a specification: that is Altair's to choose"


def test_stop(kernel: Kernel) -> None:
    kernel.run(ENDLESS)
    cell = kernel.run(
        "%%s3sql endless_count << {endless} --format csv --header none\nSELECT COUNT(*) FROM S3Object s",
        interrupt=True,
    )
    bar = cell.contents("display_data")[0]["data"]
    assert "s3sql-progress" in bar["text/html"]
    assert "row" in bar["text/plain"]
    assert cell.contents("clear_output") == [{"wait": False}]
    assert (cell.reply["status"], cell.reply["ename"]) == ("error", "KeyboardInterrupt")
    (line,) = cell.reply["traceback"]
    assert "Stopped" in line
    assert "nothing is kept" in line
    assert kernel.run("'endless_count' in globals()").value["text/plain"] == "False"
    # The kernel goes on, and nobody reads the source any more.
    reads = kernel.run("Endless.reads").value["text/plain"]
    count = kernel.run("%%s3sql flights.csv --as arrow\nSELECT COUNT(*) AS n FROM S3Object s")
    assert "5" in count.value["text/plain"]
    assert kernel.run("Endless.reads").value["text/plain"] == reads


def test_stop_while_a_source_does_not_answer(kernel: Kernel) -> None:
    kernel.run(
        "import threading\n"
        "class Silent(Endless):\n"
        "    answer = threading.Event()\n"
        "    given = 0\n"
        "    def readinto(self, buffer):\n"
        "        if self.given > 16 << 20: self.answer.wait()\n"
        "        count = super().readinto(buffer)\n"
        "        self.given += count\n"
        "        return count\n"
        "silent = Silent()"
    )
    cell = kernel.run(
        "%%s3sql {silent} --format csv --header none\nSELECT COUNT(*) FROM S3Object s", interrupt=True
    )
    assert cell.reply["ename"] == "KeyboardInterrupt"
    kernel.run("silent.answer.set()")
    assert kernel.run("%s3sql flights.csv SELECT s.dest FROM S3Object s").reply["status"] == "ok"


def test_completion(kernel: Kernel) -> None:
    code = "%%s3sql flights.csv --header use\nSELECT s.carr"
    assert kernel.completions(code) == [f"{code}ier"]
    assert kernel.completions("%%s3sql flights.csv --hea") == ["%%s3sql flights.csv --header"]
    kernel.run("wanted = 'HA'")
    code = "%%s3sql flights.csv\nSELECT * FROM S3Object s WHERE s.carrier = :wan"
    assert kernel.completions(code) == [f"{code}ted"]


def test_run_all_stops_at_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    (tmp_path / "flights.csv").write_text(FLIGHTS, encoding="utf-8")
    cells = [
        "%load_ext s3sql",
        "%%s3sql flights.csv\nSELECT s.carrier FROM S3Object s LIMIT 1",
        "%%s3sql flights.csv\nSELECT s.nothing FROM S3Object s",
        "print('never')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    client = NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError, match="MissingHeaders") as caught:
        client.execute()
    assert caught.value.ename == "S3SelectError"
    assert notebook.cells[3].outputs == []
    assert [output.output_type for output in notebook.cells[2].outputs] == ["error"]


def test_this_python_runs_the_kernel(kernel: Kernel) -> None:
    assert kernel.run("import sys; sys.executable").value["text/plain"] == repr(sys.executable)
