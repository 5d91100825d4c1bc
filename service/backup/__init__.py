"""`jmedqa backup` and `jmedqa restore`: the service's state, and the index generation it answers from.

DIR/manifest.json        written last; a folder without it is no backup
DIR/state/               service.sqlite, audit.sqlite, audit.key, audit.head
DIR/index/               CURRENT and the generation it names
"""
