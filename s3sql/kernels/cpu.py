"""The processor that code is made for, and what is computed in another way on some.

In: the host, or ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES``, which name another.  Out: a :class:`Target`,
and LLVM code of the functions in :data:`CHOSEN`.

Kernels call these functions by name, so that a kernel's LLVM code is the same for every processor; which
instructions they are is decided when it becomes machine code.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

#: The functions of 64-bit words that differ: bit number n of those set; parity of all bits up to each.
SELECT_BIT = "s3sql_select_bit"
PREFIX_XOR = "s3sql_prefix_xor"
CHOSEN = (SELECT_BIT, PREFIX_XOR)

#: Targets named without a list of features that have BMI2 and pclmulqdq.
_COMPLETE_CPUS = frozenset(
    "haswell broadwell skylake skylake-avx512 cascadelake cooperlake cannonlake icelake-client "
    "icelake-server tigerlake alderlake sapphirerapids znver3 znver4 znver5 x86-64-v3 x86-64-v4".split()
)
#: There pdep is microcode and takes hundreds of cycles.
_SLOW_PDEP_CPUS = frozenset("bdver4 znver1 znver2".split())
#: Feature levels that promise BMI2 but not pclmulqdq.
_LEVELS_WITHOUT_CLMUL = frozenset("x86-64-v3 x86-64-v4".split())


@dataclass(frozen=True, slots=True)
class Target:
    """LLVM's ``triple`` of the platform, its name of the ``cpu``, and the ``features`` that are on or off."""

    triple: str
    cpu: str
    features: str

    @property
    def x86_64(self) -> bool:
        """Whether it is an x86 of 64 bits."""
        return self.triple.startswith(("x86_64", "amd64"))

    @property
    def has_pdep(self) -> bool:
        """Whether one instruction puts bits where a mask has them, and fast."""
        if not self.x86_64 or self.cpu in _SLOW_PDEP_CPUS:
            return False
        return "+bmi2" in self.features.split(",") or (not self.features and self.cpu in _COMPLETE_CPUS)

    @property
    def has_clmul(self) -> bool:
        """Whether one instruction multiplies without carries."""
        if not self.x86_64:
            return False
        named = self.cpu in _COMPLETE_CPUS and self.cpu not in _LEVELS_WITHOUT_CLMUL
        return "+pclmul" in self.features.split(",") or (not self.features and named)


@functools.cache
def target() -> Target:
    """What code is made for in this process."""
    # Late: whoever only imports kernels needs no LLVM.
    from llvmlite import binding as llvm

    named = os.environ.get("NUMBA_CPU_NAME")
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        # A processor that is named has its own: those of this machine would run nowhere else.
        features = "" if named else llvm.get_host_cpu_features().flatten()
    return Target(llvm.get_process_triple(), named or llvm.get_host_cpu_name(), features)


_SELECT_BIT_BY_PDEP = """
declare i64 @llvm.x86.bmi.pdep.64(i64, i64)
define i64 @s3sql_select_bit(i64 %mask, i64 %number) alwaysinline nounwind {
  %bit = shl i64 1, %number
  %found = call i64 @llvm.x86.bmi.pdep.64(i64 %bit, i64 %mask)
  ret i64 %found
}
"""

_SELECT_BIT_BY_LOOP = """
define i64 @s3sql_select_bit(i64 %mask, i64 %number) alwaysinline nounwind {
begin:
  br label %next
next:
  %left = phi i64 [ %mask, %begin ], [ %rest, %drop ]
  %more = phi i64 [ %number, %begin ], [ %fewer, %drop ]
  %some = icmp sgt i64 %more, 0
  br i1 %some, label %drop, label %done
drop:
  %below = sub i64 %left, 1
  %rest = and i64 %left, %below
  %fewer = sub i64 %more, 1
  br label %next
done:
  %negative = sub i64 0, %left
  %lowest = and i64 %left, %negative
  ret i64 %lowest
}
"""

_PREFIX_XOR_BY_CLMUL = """
declare <2 x i64> @llvm.x86.pclmulqdq(<2 x i64>, <2 x i64>, i8 immarg)
define i64 @s3sql_prefix_xor(i64 %mask) alwaysinline nounwind {
  %left = insertelement <2 x i64> zeroinitializer, i64 %mask, i32 0
  %product = call <2 x i64> @llvm.x86.pclmulqdq(<2 x i64> %left, <2 x i64> <i64 -1, i64 0>, i8 0)
  %parity = extractelement <2 x i64> %product, i32 0
  ret i64 %parity
}
"""


def _prefix_xor_by_shifts() -> str:
    lines = [f"define i64 @{PREFIX_XOR}(i64 %p1) alwaysinline nounwind {{"]
    for distance in (1, 2, 4, 8, 16, 32):
        lines += [
            f"  %s{distance} = shl i64 %p{distance}, {distance}",
            f"  %p{2 * distance} = xor i64 %p{distance}, %s{distance}",
        ]
    return "\n".join([*lines, "  ret i64 %p64", "}\n"])


def definitions(wanted: Target) -> str:
    """The functions :data:`CHOSEN` for the target *wanted*, in LLVM's language."""
    select = _SELECT_BIT_BY_PDEP if wanted.has_pdep else _SELECT_BIT_BY_LOOP
    prefix = _PREFIX_XOR_BY_CLMUL if wanted.has_clmul else _prefix_xor_by_shifts()
    return select + prefix
