"""The hot loops: numba kernels over padded byte buffers and numpy arrays.

In: numpy arrays (bytes in padded buffers, columns of offsets and numbers).  Out: numpy arrays the caller
brought, filled.  Importing a module of this package imports numba; importing the package does not.

``compile`` has the decorators and the names that signatures are built from, ``cache`` keeps compiled code
between processes, ``simd`` has the masks of 64 bytes and the bit operations. All other modules are kernels;
``numbers`` collects those that read, compare and write numbers.
"""
