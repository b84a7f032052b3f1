"""A node that dies at a row of its wallet.db, for tools/kill_trade.py.

strace stops the node after each sync of the journal (wallet.db-wal), before anything that stands on it is done. The database is
read there as a start would find it, from a copy of its files, commit by commit. A node that is to die before a row was written
is killed there and the journal cut back to the commit before, which is how SIGKILL one write earlier would have left it.
"""

import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile
import threading

import struck

HEADER, FRAME = 32, 24  # bytes of a journal's header and of a frame's


def commits(wal):
    """Where each commit of a journal ends. Nothing before the first one is among them."""
    if len(wal) < HEADER:
        return []
    page, salts = int.from_bytes(wal[8:12], "big"), wal[16:24]
    ends, at = [], HEADER
    while len(wal) >= at + FRAME + page and wal[at + 8:at + 16] == salts:
        pages_after = int.from_bytes(wal[at + 4:at + 8], "big")  # 0: the commit goes on
        at += FRAME + page
        if pages_after:
            ends.append(at)
    return ends


class Files:
    """A database and its journal as they stand now."""

    def __init__(self, database):
        self.database = database.read_bytes()
        journal = pathlib.Path(f"{database}-wal")
        self.journal = journal.read_bytes() if journal.exists() else b""
        self.ends = [0, *commits(self.journal)]

    def holds(self, query, end):
        """Whether it gives something true of the database with so much of its journal."""
        with tempfile.TemporaryDirectory(prefix="archipelago-rows-") as folder:
            copy = pathlib.Path(folder) / "copy.db"
            copy.write_bytes(self.database)
            pathlib.Path(f"{copy}-wal").write_bytes(self.journal[:end])
            connection = sqlite3.connect(copy)
            try:
                return bool(connection.execute(query).fetchone()[0])
            finally:
                connection.close()

    def first(self, query, after):
        """Ends of the commit before the one that first made it true, and of that one. `after`: of one that had not."""
        ends = [end for end in self.ends if end > after]
        if not ends or not self.holds(query, ends[-1]):
            return None
        before = after
        for end in ends:
            if self.holds(query, end):
                return before, end
            before = end


class RowWatch:
    """Calls `on_row(before, after)` once, in a thread of its own, while the node is stopped at the first commit of which the
    query holds; the node goes on afterwards unless that has killed it."""

    def __init__(self, process, database, query, on_row):
        self.process, self.database, self.query, self.on_row = process, database, query, on_row
        self.problem = None
        files = Files(database)
        self.seen = files.ends[-1]
        assert not files.holds(query, self.seen), f"it holds before it was to: {query}"
        self.strace = subprocess.Popen(
            [struck.strace(), "-f", "-P", f"{database}-wal", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:signal=STOP",
             "-p", str(process.pid)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.strace.stderr.readline()
        assert "attached" in line, f"strace: {line}"
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        """A stop is told by each thread; the one whose sync it was has a line of the signal before."""
        whose, over = None, False
        for line in self.strace.stderr:
            found = re.match(r"(?:\[pid +(\d+)\] )?--- (SIGSTOP \{|stopped by SIGSTOP)", line)
            if not found or over:
                continue
            if found.group(2).startswith("SIGSTOP"):
                whose = found.group(1)
            elif found.group(1) == whose:
                try:
                    over = self.look()
                except Exception as problem:  # told by the cell
                    self.problem, over = problem, True
                    self.let_go()
                if not over:
                    self.go_on()

    def look(self):
        files = Files(self.database)
        found = files.first(self.query, self.seen)
        self.seen = files.ends[-1]
        if not found:
            return False
        self.on_row(*found)
        self.let_go()
        return True

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)  # sends none to one that was waited for

    def let_go(self):
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGINT)
            self.strace.wait(timeout=20)
        self.go_on()

    def stop(self):
        """It is not waited for any longer."""
        if self.strace.poll() is None:
            self.strace.send_signal(signal.SIGINT)
        self.thread.join(30)
        self.strace.wait(timeout=20)
        self.go_on()
