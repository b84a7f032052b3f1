"""sendme 0.34 and the product, both ways; a sendme ticket is always a collection."""

import pathlib

from harness import case, check, equal, same_file
from peers import Node, SendmeSender, sendme_receive

ODD_NAMES = ["with space", "ünï-cødé ☃", "-dash", "a;b&c|d$(x)", "'quotes\"", "tab\there",
             "new\nline", "dot.", "...", "%2e%2e", "x" * 200]


def tree(root):
    """Regular files below a folder: relative name -> size."""
    root = pathlib.Path(root)
    return {str(path.relative_to(root)): path.stat().st_size
            for path in root.rglob("*") if path.is_file()}


def same_tree(left, right):
    equal(tree(right), tree(left), f"files below {pathlib.Path(right).name}")
    for name in tree(left):
        same_file(pathlib.Path(left) / name, pathlib.Path(right) / name)


def to_sendme(t, source, timeout=60):
    """`archipelago send` -> `sendme receive`; the folder sendme wrote to."""
    sender = Node(t).send(source, timeout)
    into = t.path("into")
    sendme_receive(t, sender.ticket, into, timeout).expect(0)
    check(sender.interrupt() in (0, 130), "exit of send after SIGINT")
    return into


def from_sendme(t, source, timeout=60):
    """`sendme send` -> `archipelago get`; the path got."""
    sender = SendmeSender(t, source)
    out = t.path("got")
    Node(t).get(sender.ticket, "-o", out, timeout=timeout).expect(0)
    sender.stop()
    # `get -o OUT` of a collection makes the folder OUT with the collection's names below it.
    return out


def below(out, name):
    """A single sent file may be written as OUT itself or as OUT/name."""
    return out / name if out.is_dir() else out


@case("sendme", "bin")
def sendme_receives_file(t):
    """One file of 3 MB."""
    data = t.file("some file.bin", 3_000_001)
    same_file(data, to_sendme(t, data) / data.name)


@case("sendme", "bin")
def sendme_receives_empty_file(t):
    """A file of no bytes."""
    data = t.file("nothing", 0)
    out = to_sendme(t, data) / "nothing"
    equal((out.is_file(), out.stat().st_size), (True, 0), "the empty file")


def build_folder(t):
    t.file("folder/a/deep/one", 100_000, 1)
    t.file("folder/b/two", 16_384, 2)
    t.file("folder/three", 16_385, 3)
    t.file("folder/zero", 0)
    return t.dir / "folder"


def build_duplicates(t):
    for name in ("same", "again", "sub/once-more"):
        t.file(f"twice/{name}", 50_000, 7)
    t.file("twice/empty1", 0)
    t.file("twice/empty2", 0)
    return t.dir / "twice"


def build_odd(t):
    for index, name in enumerate(ODD_NAMES):
        t.file(f"odd/{name}", 100 + index, index)
        t.file(f"odd/sub {index}/{name}", 10 + index, index)
    return t.dir / "odd"


@case("sendme", "bin")
def sendme_receives_folder(t):
    """Nested folders, sizes at the group boundary, an empty file."""
    folder = build_folder(t)
    same_tree(folder, to_sendme(t, folder) / folder.name)


@case("sendme", "bin")
def sendme_receives_duplicates(t):
    """Files with the same contents all arrive."""
    folder = build_duplicates(t)
    same_tree(folder, to_sendme(t, folder) / folder.name)


@case("sendme", "bin")
def sendme_receives_odd_names(t):
    """Spaces, quotes, line feeds, non-ASCII, 200 characters."""
    folder = build_odd(t)
    same_tree(folder, to_sendme(t, folder) / folder.name)


@case("sendme", "bin", limit=400)
def sendme_receives_1gib(t):
    """1 GiB, equal SHA-256."""
    data = t.file("big", 1 << 30)
    same_file(data, to_sendme(t, data, 180) / "big")


@case("sendme", "bin")
def sendme_sends_file(t):
    """One file of 3 MB."""
    data = t.file("some file.bin", 3_000_001)
    same_file(data, below(from_sendme(t, data), data.name))


@case("sendme", "bin")
def sendme_sends_empty_file(t):
    """A file of no bytes."""
    data = t.file("nothing", 0)
    out = below(from_sendme(t, data), "nothing")
    equal((out.is_file(), out.stat().st_size), (True, 0), "the empty file")


def got_tree(folder, out):
    check(out.is_dir(), f"{out.name} is no folder")
    same_tree(folder, out / folder.name if (out / folder.name).is_dir() else out)


@case("sendme", "bin")
def sendme_sends_folder(t):
    """Nested folders, sizes at the group boundary, an empty file."""
    folder = build_folder(t)
    got_tree(folder, from_sendme(t, folder))


@case("sendme", "bin")
def sendme_sends_duplicates(t):
    """Files with the same contents all arrive."""
    folder = build_duplicates(t)
    got_tree(folder, from_sendme(t, folder))


@case("sendme", "bin")
def sendme_sends_odd_names(t):
    """Spaces, quotes, line feeds, non-ASCII, 200 characters."""
    folder = build_odd(t)
    got_tree(folder, from_sendme(t, folder))


@case("sendme", "bin", limit=400)
def sendme_sends_1gib(t):
    """1 GiB, equal SHA-256."""
    data = t.file("big", 1 << 30)
    same_file(data, below(from_sendme(t, data, 180), "big"))
