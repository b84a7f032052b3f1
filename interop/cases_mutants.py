"""Encoder mutants: a test build of the product whose encoder is broken on purpose.

ARCHIPELAGO_MUTANT_BIN names that build; ARCHIPELAGO_TEST_MUTANT chooses the mutation. Each case
first sees the same build pass without a mutation, then the stock getter reject the mutated answer.
"""

from harness import Failed, case, check, same_file
from peers import peer, peer_ok, serve_files

SIZE = 100_000  # 98 chunks: parents above groups, and a last group of two chunks


def rejected(t, mutant, *ranges):
    data = t.file("data", SIZE)
    served, (hash_,) = serve_files(t, data, name="sound", program="mutant")
    peer_ok(t, "get", served.at, "--hash", hash_, "--out", t.path("out"))
    same_file(data, t.path("out"))
    peer_ok(t, "get", served.at, "--hash", hash_, *ranges)
    served.child.interrupt()
    served, (again,) = serve_files(t, data, name="mutated", program="mutant",
                                   env={"ARCHIPELAGO_TEST_MUTANT": mutant})
    check(again == hash_, "the mutation changed the hash: it must be in the encoder alone")
    result = peer(t, "get", served.at, "--hash", hash_, *ranges)
    if result.code == 0:
        raise Failed(f"the stock getter accepted {mutant}: {result}")
    report = result.json()
    check(report.get("error") not in (None, "connect", "open", "timeout", "not_found"),
          f"{mutant} must fail in the decoder, not as {report}")
    check(report.get("reset") is None, f"{mutant}: the provider gave up by itself: {report}")


@case("peer", "mutant")
def mutant_child_order(t):
    """Left and right child swapped."""
    rejected(t, "child_order")


@case("peer", "mutant")
def mutant_no_inner_parents(t):
    """No parents below a 16 KiB group: seen by ranges of single chunks."""
    rejected(t, "no_inner_parents", "--ranges", "3..5,40..41")


@case("peer", "mutant")
def mutant_size_plus_one(t):
    """The size header says one byte more."""
    rejected(t, "size_plus_one")


@case("peer", "mutant")
def mutant_trailing_byte(t):
    """One byte after the end of the answer (the stock getter logs it, ours counts it)."""
    rejected(t, "trailing_byte")


@case("peer", "mutant")
def mutant_short_last_group(t):
    """The last group lacks its last byte."""
    rejected(t, "short_last_group")
