"""The hot loops: numba kernels over padded byte buffers and numpy arrays.

In: numpy arrays (bytes in padded buffers, columns of offsets and numbers).  Out: numpy arrays the caller
brought, filled.  numba is imported when a kernel has to be compiled, not by importing or by running kernels.

``compile`` has the decorators, ``signature`` the names that signatures are built from. ``translation`` makes
LLVM code with numba and ``entry_point`` adds the function that Python calls; ``prebuilt`` has that code ready
if the package was built with it. ``machine_code`` makes an object file of it for the processor that ``cpu``
names; ``cache`` keeps it between processes and ``linking`` makes it callable. ``simd`` has the masks of 64
bytes and the bit operations. All other modules are kernels; ``numbers`` collects those that read, compare and
write numbers.
"""
