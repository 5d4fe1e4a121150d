"""database.py FILE JOURNAL_MODE: transactions in sqlite."""

import sqlite3
import sys

path, mode = sys.argv[1:]
one = sqlite3.connect(path, isolation_level=None)
got = one.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
one.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
for n in range(300):
    one.execute("BEGIN IMMEDIATE")
    one.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * (n % 500)))
    one.execute("COMMIT")
one.execute("BEGIN")
one.execute("DELETE FROM t")
one.execute("ROLLBACK")

# A reader keeps its view while the other writes, or the writer is refused.
two = sqlite3.connect(path, isolation_level=None, timeout=0)
two.execute("BEGIN")
seen = two.execute("SELECT count(*) FROM t").fetchone()[0]
try:
    one.execute("PRAGMA busy_timeout=0")
    one.execute("INSERT INTO t VALUES (1000, 'new')")
    one.execute("DELETE FROM t WHERE n = 1000")
    assert mode == "wal"
except sqlite3.OperationalError as error:
    assert mode != "wal" and "locked" in str(error), error
assert two.execute("SELECT count(*) FROM t").fetchone()[0] == seen
two.execute("COMMIT")
two.close()

sound = one.execute("PRAGMA integrity_check").fetchone()[0]
print(got, one.execute("SELECT count(*) FROM t").fetchone()[0], sound)
one.close()
