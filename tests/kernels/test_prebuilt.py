"""Kernels translated beforehand: they need no numba, and nothing that is stale or foreign is run."""

from __future__ import annotations

import functools
import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import binding as llvm

from s3sql.kernels import cpu, machine_code, prebuilding, prebuilt, simd, warming
from s3sql.kernels.compile import INT64, INT64S, UINT64S, UINT64S_OUT, VOID, inlined, kernel
from s3sql.kernels.crc import crc_tables
from s3sql.kernels.linking import linked
from tests.kernels.test_cache import PACKAGE, RUN, STEP, SUM, copied_package, run

KEEP = """
from s3sql.kernels.prebuilt import keep
from s3sql.kernels.total import total
keep(total.function, total.signature, total.translate())
"""
WITH_NUMBA = RUN + "import sys\nprint('numba' in sys.modules)\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one kernel, which has been translated."""
    folder = copied_package(tmp_path / "p")
    run(folder, KEEP, S3SQL_CACHE_DIR=str(tmp_path / "other"))
    return folder


def shipped(folder: Path) -> Path:
    (file,) = (folder / "s3sql" / "kernels" / "bitcode").iterdir()
    return file


def test_what_is_shipped_needs_no_numba_and_is_kept_as_machine_code(package, tmp_path):
    kept = str(tmp_path / "kept")
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=kept) == ("55 False\nFalse", "")
    shipped(package).unlink()
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=kept) == ("55 True\nFalse", "")
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "empty")) == ("55 False\nTrue", "")


def test_an_edit_of_a_part_makes_it_stale(package, tmp_path):
    part = package / "s3sql" / "kernels" / "step.py"
    part.write_text(STEP.format(added=2))
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "a")) == ("65 False\nTrue", "")
    part.write_text(STEP.format(added=1))
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "b")) == ("55 False\nFalse", "")


def test_it_is_made_for_whatever_processor_there_is(package, tmp_path):
    oldest = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    kept = str(tmp_path / "kept")
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=kept, **oldest) == ("55 False\nFalse", "")
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=kept) == ("55 False\nFalse", "")


def test_it_serves_where_nothing_can_be_kept(package, tmp_path):
    (tmp_path / "file").touch()
    answer, logged = run(package, WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "file" / "kept"))
    assert answer == "55 False\nFalse"
    assert "cannot be used" in logged


#: What a file of another build could be: cut off, changed, or whole but not for this kernel or this platform.
CHANGES = {
    "empty": lambda sound: b"",
    "cut": lambda sound: sound[:-1],
    "one bit": lambda sound: sound[:-9] + bytes([sound[-9] ^ 1]) + sound[-8:],
    "digest of a change": lambda sound: hashlib.sha256(sound[33:]).digest() + sound[33:],
    "other key": lambda sound: sealed_for(b"0" * 64 + b" int64(strided int64 array)", sound),
    "other signature": lambda sound: sealed_for(sound[32:96] + b" int64(int64)", sound),
}


def sealed_for(said: bytes, sound: bytes) -> bytes:
    payload = said + b"\0" + sound[32:].partition(b"\0")[2]
    return hashlib.sha256(payload).digest() + payload


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_not_the_one_counts_for_nothing(package, tmp_path, change):
    file = shipped(package)
    sound = file.read_bytes()
    key = sound[32:].partition(b"\0")[0]
    assert sealed_for(key, sound) == sound
    file.write_bytes(CHANGES[change](sound))
    assert run(package, WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "a")) == ("55 False\nTrue", "")


@pytest.fixture
def one(tmp_path, monkeypatch):
    """A kernel of the package that has been translated, into a folder that is not the package's."""
    monkeypatch.setattr(prebuilt, "DIRECTORY", tmp_path / "bitcode")
    known = warming.all_kernels()["gather._gather"]
    prebuilt.keep(known.function, known.signature, b"code")
    assert prebuilt.prebuilt(known.function, known.signature) == b"code"
    return known


@pytest.fixture
def asked_anew():
    """The key is computed again, before and after."""
    clear = (prebuilt._platform.cache_clear, prebuilt.versions.__globals__["_version"].cache_clear)
    for forget in clear:
        forget()
    yield
    for forget in clear:
        forget()


FOREIGN = {
    "platform": ("llvmlite.binding.get_process_triple", lambda: "aarch64-apple-darwin"),
    "byte order": ("sys.byteorder", "big" if sys.byteorder == "little" else "little"),
    "pointers": ("s3sql.kernels.prebuilt.struct", SimpleNamespace(calcsize=lambda form: 4)),
    "objects of Python": ("s3sql.kernels.linking.HEAD", 32),
    "numba": ("s3sql.kernels.prebuilt.versions", lambda: (b"0.69", b"0.50")),
    "LLVM": ("s3sql.kernels.cache._version", lambda package: b"1" if package == "llvmlite" else b"2"),
}


@pytest.mark.parametrize("difference", FOREIGN)
def test_what_is_of_another_place_counts_for_nothing(one, asked_anew, monkeypatch, difference):
    prebuilt._platform.cache_clear()
    monkeypatch.setattr(*FOREIGN[difference])
    assert prebuilt.prebuilt(one.function, one.signature) is None


def test_other_functions_are_never_shipped(one):
    def _gather():
        pass

    assert prebuilt.prebuilt(_gather, one.signature) is None
    with pytest.raises(ValueError, match="no kernel of the package"):
        prebuilt.keep(_gather, one.signature, b"code")


def test_prebuilding_makes_what_is_missing_and_deletes_what_is_no_more(tmp_path, monkeypatch):
    known = warming.all_kernels()
    few = {name: known[name] for name in ("gather._gather", "crc.update_crc")}
    folder = tmp_path / "bitcode"
    monkeypatch.setattr(prebuilt, "DIRECTORY", folder)
    monkeypatch.setattr(prebuilding, "DIRECTORY", folder)
    monkeypatch.setattr(prebuilding, "all_kernels", lambda: few)
    monkeypatch.setattr(
        prebuilding, "share_out", lambda module, names, processes: prebuilding.translate(names)
    )
    assert prebuilding.prebuild(1) == 2
    times = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    (folder / "s3sql.kernels.gone.gone-1.bc").write_bytes(b"x")
    assert prebuilding.prebuild(1) == 0
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == times
    code = prebuilt.prebuilt(few["crc.update_crc"].function, few["crc.update_crc"].signature)
    update_crc = linked(machine_code.object_code(code, "update_crc"), "update_crc")
    tables, data = crc_tables(0x9A6C9329AC4BC9B5), np.frombuffer(bytes(range(99)), np.uint8)
    assert update_crc(data, tables, 5) == few["crc.update_crc"](data, tables, 5)


def test_prebuilding_shares_the_work_out_among_processes_of_its_own(tmp_path):
    folder = copied_package(tmp_path / "p")
    for name in ("prebuilding.py", "warming.py"):
        shutil.copy(PACKAGE / "kernels" / name, folder / "s3sql" / "kernels")
    (folder / "s3sql" / "kernels" / "other.py").write_text(SUM.format(imported="step"))
    code = "import runpy; runpy.run_module('s3sql.kernels.prebuilding', run_name='__main__')"
    said, _ = run(folder, code, S3SQL_CACHE_DIR=str(tmp_path / "kept"))
    assert said == f"{folder / 's3sql' / 'kernels' / 'bitcode'}: 2 kernels translated"
    assert not (tmp_path / "kept").exists()
    assert run(folder, WITH_NUMBA, S3SQL_CACHE_DIR=str(tmp_path / "kept")) == ("55 False\nFalse", "")


@kernel(VOID(UINT64S, INT64S, UINT64S_OUT, UINT64S_OUT))
def chosen_functions(masks, numbers, selected, parities):
    for row in range(len(masks)):
        selected[row] = simd.select_bit(masks[row], numbers[row])
        parities[row] = simd.prefix_xor(masks[row])


def plainly(mask: int, number: int) -> tuple[int, int]:
    bits = [bit for bit in range(64) if mask >> bit & 1]
    parity = sum(((mask & (2 << bit) - 1).bit_count() & 1) << bit for bit in range(64))
    return (1 << bits[number] if number < len(bits) else 0), parity


@functools.cache
def variants() -> dict[tuple[bool, bool], Callable[..., None]]:
    """One bitcode, made for this processor and for the plainest of its kind."""
    host = cpu.target()
    plain = cpu.Target(host.triple, "x86-64" if host.x86_64 else "generic", "")
    bitcode, made = chosen_functions.translate(), {}
    for wanted in (host, plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(machine_code, "target", lambda wanted=wanted: wanted)
            machine_code._machine.cache_clear()
            made[wanted.has_pdep, wanted.has_clmul] = linked(machine_code.object_code(bitcode, "x"), "x")
    machine_code._machine.cache_clear()
    return made


MASKS = st.one_of(
    st.integers(0, (1 << 64) - 1), st.sampled_from([0, 1, 1 << 63, (1 << 64) - 1, (1 << 63) - 1])
)


@given(st.lists(st.tuples(MASKS, st.integers(0, 63)), min_size=1, max_size=50))
def test_every_processor_computes_the_same(rows):
    masks = np.array([mask for mask, _ in rows], np.uint64)
    numbers = np.array([number for _, number in rows], np.int64)
    for made in variants().values():
        selected, parities = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint64)
        made(masks, numbers, selected, parities)
        assert list(zip(selected.tolist(), parities.tolist(), strict=True)) == [plainly(*row) for row in rows]


@pytest.mark.skipif(not cpu.target().has_pdep or not cpu.target().has_clmul, reason="has but one way")
def test_both_ways_are_tried_where_there_are_two():
    assert variants().keys() == {(True, True), (False, False)}


TARGETS = {
    ("x86_64-pc-linux-gnu", "sapphirerapids", "+bmi2,+pclmul"): (True, True),
    ("x86_64-pc-linux-gnu", "sapphirerapids", "-bmi2,-pclmul"): (False, False),
    ("x86_64-pc-linux-gnu", "haswell", ""): (True, True),
    ("x86_64-pc-linux-gnu", "x86-64-v3", ""): (True, False),
    ("x86_64-pc-linux-gnu", "znver1", "+bmi2,+pclmul"): (False, True),
    ("x86_64-pc-linux-gnu", "x86-64", ""): (False, False),
    ("aarch64-apple-darwin", "apple-m1", "+bmi2,+pclmul"): (False, False),
}


@pytest.mark.parametrize("described", TARGETS)
def test_what_a_processor_has(described):
    wanted = cpu.Target(*described)
    assert (wanted.has_pdep, wanted.has_clmul) == TARGETS[described]
    said = cpu.definitions(wanted)
    assert ("pdep" in said, "pclmulqdq" in said) == TARGETS[described]


def test_a_processor_that_is_named_has_its_own_features(monkeypatch):
    monkeypatch.setenv("NUMBA_CPU_NAME", "haswell")
    monkeypatch.delenv("NUMBA_CPU_FEATURES", raising=False)
    # Not those of the machine that builds an image for others.
    found = cpu.target.__wrapped__()
    assert (found.cpu, found.features) == ("haswell", "")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+bmi2")
    assert cpu.target.__wrapped__().features == "+bmi2"


#: Kernels that call what differs between processors.
TRANSLATE = """
import hashlib
from s3sql.kernels.csv_masks import mask_quoted
from s3sql.kernels.csv_split import find_plain_columns
for one in (mask_quoted, find_plain_columns):
    print(hashlib.sha256(one.translate()).hexdigest())
"""


def test_the_translation_does_not_depend_on_the_processor():
    here, _ = run(PACKAGE.parent, TRANSLATE)
    assert here.count("\n") == 1
    assert run(PACKAGE.parent, TRANSLATE, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")[0] == here


@inlined
def successor(value):
    return value + 1


#: numba copies an array of a few contiguous bytes into the code, but only points to others.
STRIDED = np.arange(8)[::2]


@kernel(INT64(INT64))
def calls_a_part(number):
    return successor(number)


@kernel(INT64(INT64))
def looks_into_an_array(number):
    return STRIDED[number]


def test_the_translation_holds_no_address_of_its_process():
    for one in (calls_a_part, looks_into_an_array):
        code = str(llvm.parse_bitcode(one.translate()))
        assert "inttoptr (i64" not in code
        assert "dynamic.globals" not in code


def test_an_object_that_is_really_needed_is_refused():
    code = looks_into_an_array.translate()
    with pytest.raises(TypeError, match="s3sql_object_of_numba, which only numba has"):
        machine_code.object_code(code, "looks_into_an_array")


def test_code_that_needs_more_than_python_and_llvm_is_refused():
    bitcode = llvm.parse_assembly("declare void @s3sql_of_numba()\n" + ENTRY).as_bitcode()
    with pytest.raises(TypeError, match="kernel odd needs s3sql_of_numba, which only numba has"):
        machine_code.object_code(bitcode, "odd")


ENTRY = """
define ptr @s3sql_kernel(ptr %self, ptr %given, i64 %count) {
  call void @s3sql_of_numba()
  ret ptr null
}
"""
