"""Running an endpoint: how it is told what to be, its sockets, its logs, and its end in good order.

In: a command line, an environment, a file.  Out: a process that serves until it is told to stop.
"""
