"""The launcher: PostgreSQL and Valkey from wheels, and the processes of the portal, on one machine.

`python -m hub.embedded run | test | exec -- COMMAND`. Nothing here imports Django.
"""
