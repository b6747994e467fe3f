"""The hot loops: numba kernels over padded byte buffers and numpy arrays.

In: numpy arrays (bytes in padded buffers, columns of offsets and numbers).  Out: numpy arrays the caller
brought, filled.  Importing a module of this package imports numba; importing the package does not.

    compile   @kernel and @inlined, the signatures' names     cache     compiled code between processes
    simd      64-byte masks and bit operations                utf8      validation
    parse_numbers, format_numbers                             numbers   their entry points for columns
"""
