"""Real clients, unmodified, against the endpoint: ``make interop``.

One small program for each client takes the same steps and tells what it got; :mod:`tests.interop.answers`
says what that must be, the same for all of them.

    objects    the files that the programs put into the bucket
    answers    the steps, and what each must answer
    endpoint   ``s3sql serve`` as a process
    clients    where each client comes from, how it is installed and started, what its interface cannot do
    outcome    what a program told, compared with the answers

The programs are in ``python``, ``node``, ``go`` and ``java``. Each is given the path of a JSON file with the
endpoint, the credentials and the queries (:func:`tests.interop.clients.take_steps`) and prints one JSON
object a line: first ``{"client", "version"}``, then for each step ``{"step", "answer"}``, or
``{"step", "failed"}`` with the reason. A step that it does not know, it leaves out.
"""
