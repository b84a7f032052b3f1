// A fetch over many sources: who is asked, who is dropped, what the report says.
#include "fetch/fetcher.hpp"

#include "base/test_hooks.hpp"
#include "fetch/test_world.hpp"

namespace archy::fetch {
namespace {

const Blob& blob() {
  static const Blob made(3 * (1u << 20) + 5000, 3);
  return made;
}

struct Fetcher : FetchWorld {};

std::string why(const FetchReport& report) {
  return report.error ? to_string(*report.error) : explain(report);
}

TEST_F(Fetcher, OneSourceAloneIsAskedForEverythingInOneQuestion) {
  auto only = peer(blob());
  const auto report = fetch(blob(), {only}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(blob());
  ASSERT_EQ(only->asked, 1);
  EXPECT_TRUE(only->asked_for[0].is_all());
  EXPECT_EQ(report.sources[0].verified_bytes, blob().bytes.size());
  EXPECT_EQ(report.size, blob().bytes.size());
}

TEST_F(Fetcher, PeersThatAreFastEnoughCostTheOriginNothing) {
  auto first = peer(blob()), second = peer(blob());
  BlobOrigin server(blob());
  const auto report = fetch(blob(), {first, second}, {origin(server.url())});
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(blob());
  EXPECT_EQ(first->sent_bytes + second->sent_bytes, blob().bytes.size());
  EXPECT_TRUE(server.server().requests().empty());
}

TEST_F(Fetcher, PeersAtTheSamePaceShareTheWork) {
  auto first = peer(blob(), "first"), second = peer(blob(), "second");
  first->pace = second->pace = 1ms;
  const auto report = fetch(blob(), {first, second}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(blob());
  const auto size = blob().bytes.size();
  EXPECT_GT(report.sources[0].verified_bytes, size / 4);
  EXPECT_GT(report.sources[1].verified_bytes, size / 4);
  EXPECT_LE(first->sent_bytes + second->sent_bytes, size + size / 10);
  EXPECT_GT(report.sources[0].bytes_per_s, 0u);
  EXPECT_TRUE(report.sources[0].latency.has_value());
}

TEST_F(Fetcher, APeerWithAPartIsUsedForThatPart) {
  auto part = peer(blob(), "part"), whole = peer(blob(), "whole");
  part->holds = bao::ChunkRanges::from_bytes(1u << 20, 2u << 20);
  part->pace = whole->pace = 1ms;
  const auto report = fetch(blob(), {part, whole}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(blob());
  EXPECT_TRUE(report.sources[0].has_part);
  EXPECT_FALSE(report.sources[1].has_part);
  EXPECT_GT(report.sources[0].verified_bytes, 200u << 10);
  EXPECT_LE(report.sources[0].verified_bytes, 1u << 20);
}

TEST_F(Fetcher, AsksEachSourceOnlyForWhatIsMissing) {
  auto first = peer(blob()), second = peer(blob());
  first->holds = bao::ChunkRanges::from_bytes(0, 1u << 20);
  const auto report = fetch(blob(), {first, second}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_EQ(first->sent_bytes + second->sent_bytes, blob().bytes.size());
  EXPECT_EQ(report.sources[0].verified_bytes + report.sources[1].verified_bytes,
            blob().bytes.size());
}

TEST_F(Fetcher, GoesOnWhereTheLastFetchEnded) {
  auto part = peer(blob());
  part->drops_after = 2u << 20;
  options.scheduler.max_errors = 1;
  const auto before = fetch(blob(), {part}, {});
  ASSERT_FALSE(before.ok());
  EXPECT_EQ(before.error->code, Code::unreachable);
  auto whole = peer(blob());
  const auto report = fetch(blob(), {whole}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_EQ(report.resumed_bytes, before.verified_bytes);
  EXPECT_GE(report.resumed_bytes, 1u << 20);
  EXPECT_EQ(report.resumed_bytes + report.verified_bytes, blob().bytes.size());
}

TEST_F(Fetcher, DropsALiarForGoodAndNamesIt) {
  auto liar = peer(blob(), "liar");
  liar->flip = 2u << 20;
  BlobOrigin server(blob());
  const auto report = fetch(blob(), {liar}, {origin(server.url())});
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(blob());
  EXPECT_EQ(liar->asked, 1);
  EXPECT_TRUE(report.sources[0].lied);
  EXPECT_NE(explain(report).find("liar"), std::string::npos);
  EXPECT_NE(explain(report).find("LIED"), std::string::npos);
  // What it sent before the lie was verified and is not fetched again.
  EXPECT_GT(report.sources[0].verified_bytes, 1u << 20);
  EXPECT_EQ(report.sources[0].verified_bytes + report.sources[1].verified_bytes,
            blob().bytes.size());
}

TEST_F(Fetcher, ALiarAloneEndsAsCorruptWithNothingValid) {
  auto liar = peer(blob(), "liar");
  liar->flip = 8 + 10;
  const auto report = fetch(blob(), {liar}, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::corrupt);
  EXPECT_EQ(report.verified_bytes, 0u);
  expect_not_held(blob());
}

TEST_F(Fetcher, ADeadPeerAloneEndsAsUnreachable) {
  auto dead = peer(blob(), "dead");
  dead->refuses = Error{Code::unreachable, "no route"};
  const auto report = fetch(blob(), {dead}, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::unreachable);
  EXPECT_EQ(dead->asked, 4);
  expect_not_held(blob());
}

TEST_F(Fetcher, DeadLyingAndStallingPeersDoNotKeepTheOriginFromWinning) {
  auto dead = peer(blob(), "dead"), liar = peer(blob(), "liar"), stalls = peer(blob(), "stalls"),
       sizes = peer(blob(), "sizes"), empty = peer(blob(), "empty"), busy = peer(blob(), "busy");
  options.no_progress_limit = 300ms;
  dead->refuses = Error{Code::unreachable, ""};
  liar->flip = 300000;
  stalls->stalls_after = 100000;
  sizes->claims = 1u << 30;
  empty->refuses = Error{Code::not_found, ""};
  busy->refuses = Error{Code::try_later, ""};
  for (const bool sidecar : {true, false}) {
    BlobOrigin server(blob());
    server.sidecar = sidecar;
    const auto report =
        fetch(blob(), {dead, sizes, liar, stalls, empty, busy}, {origin(server.url())});
    ASSERT_TRUE(report.ok()) << why(report);
    expect_held(blob());
    EXPECT_TRUE(report.sources[1].lied);
    EXPECT_TRUE(report.sources[2].lied);
    EXPECT_FALSE(report.sources[6].lied);
    ASSERT_TRUE(store->remove(blob().hash, true));
  }
}

TEST_F(Fetcher, ASilentPeerIsNotWaitedFor) {
  auto stalls = peer(blob(), "stalls");
  stalls->stalls_after = 0;
  auto good = peer(blob(), "good");
  const auto report = fetch(blob(), {stalls, good}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_LT(report.time, 1s);
  EXPECT_EQ(report.sources[1].verified_bytes, blob().bytes.size());
}

TEST_F(Fetcher, ASilentPeerAloneIsBrokenOffAndTriedAgain) {
  options.no_progress_limit = 100ms;
  auto stalls = peer(blob(), "stalls");
  stalls->stalls_after = 0;
  const auto report = fetch(blob(), {stalls}, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::unreachable);
  EXPECT_EQ(report.sources[0].last_error->code, Code::timed_out);
  EXPECT_EQ(stalls->asked, 4);
  EXPECT_LT(report.time, 3s);
}

TEST_F(Fetcher, ASilentPeersPartGoesToTheOriginInTime) {
  auto stalls = peer(blob(), "stalls");
  stalls->stalls_after = 1u << 20;
  BlobOrigin server(blob());
  const auto report = fetch(blob(), {stalls}, {origin(server.url())});
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(blob());
  EXPECT_LT(report.time, 1s);
  EXPECT_EQ(report.sources[0].verified_bytes + report.sources[1].verified_bytes,
            blob().bytes.size());
}

TEST_F(Fetcher, TriesAgainWhoWasBusy) {
  auto busy = peer(blob());
  busy->refuses = Error{Code::try_later, "busy"};
  options.on_progress = [busy](const FetchReport&) {
    if (busy->asked == 2) busy->refuses.reset();
  };
  const auto report = fetch(blob(), {busy}, {});
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_EQ(report.sources[0].attempts, 3u);
}

TEST_F(Fetcher, TellsProgressByItsSources) {
  std::uint64_t most = 0;
  options.on_progress = [&most](const FetchReport& report) {
    EXPECT_GE(report.verified_bytes, most);
    most = report.verified_bytes;
  };
  ASSERT_TRUE(fetch(blob(), {peer(blob())}, {}).ok());
  EXPECT_EQ(most, blob().bytes.size());
}

TEST_F(Fetcher, StopKeepsWhatWasVerified) {
  std::stop_source stop;
  options.stop = stop.get_token();
  auto stalls = peer(blob());
  stalls->stalls_after = 2u << 20;
  options.on_progress = [&stop](const FetchReport& report) {
    if (report.verified_bytes > 0) stop.request_stop();
  };
  const auto report = fetch(blob(), {stalls}, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::cancelled);
  options.stop = {};
  options.on_progress = {};
  const auto after = fetch(blob(), {peer(blob())}, {});
  ASSERT_TRUE(after.ok());
  EXPECT_GE(after.resumed_bytes, 1u << 20);
}

TEST_F(Fetcher, NoSourceIsNotFound) {
  const auto report = fetch(blob(), {}, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::not_found);
}

TEST_F(Fetcher, MalformedOriginUrlIsBadInput) {
  const auto report = fetch(blob(), {}, {origin("not a url")});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::bad_input);
}

TEST_F(Fetcher, TheSecondOriginHelpsWhenTheFirstLies) {
  BlobOrigin bad(blob()), good(blob());
  bad.fault = [](int) {
    Fault out;
    out.flip = 5;
    return out;
  };
  good.fault = [](int n) {  // late enough that the other's lie is heard
    Fault out;
    if (n < 3) out.status = 503;
    return out;
  };
  const auto report = fetch(blob(), {}, {origin(bad.url()), origin(good.url())});
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_TRUE(report.sources[0].lied);
  expect_held(blob());
}

// An origin without hashes collects; a peer that gave something is asked for one group per 1 MiB,
// and with the hashes that come along even what was collected is verified piece by piece.
TEST_F(Fetcher, HashesFromAPeerSpareTheOriginItsQuarantine) {
  // The first 2 MiB and their hashes leave everything beyond 16 MiB unknown.
  static const Blob large(40 * (1u << 20) + 99, 4);
  auto slow = peer(large, "slow");
  slow->drops_after = 2u << 20;
  std::stop_source stop;
  options.stop = stop.get_token();
  options.on_progress = [&](const FetchReport& report) {
    if (report.sources[1].lied) stop.request_stop();
  };
  options.scheduler.back_off = {60s, 60s};  // it is not asked for groups again
  BlobOrigin server(large);
  server.sidecar = false;
  server.fault = [](int) {
    Fault out;
    out.flip = (30u << 20) + 500000;  // a lie that is told at once, not at the end
    return out;
  };
  const auto report = fetch(large, {slow}, {origin(server.url())});
  ASSERT_EQ(slow->asked_for.size(), 2u);
  const auto asked = slow->asked_for[1].count_below(1u << 20);
  EXPECT_GT(asked, 0u);
  EXPECT_LE(asked, 40u * 16);
  EXPECT_TRUE(report.sources[1].lied);
  EXPECT_GT(report.sources[1].verified_bytes, 20u << 20);
  // What was collected before the hashes came was not fetched twice.
  EXPECT_LT(server.body_bytes, 40u << 20);
  options.stop = {};
  options.on_progress = {};
  slow->drops_after.reset();
  const auto after = fetch(large, {slow}, {});
  ASSERT_TRUE(after.ok()) << why(after);
  expect_held(large);
}

#ifdef ARCHY_TEST_HOOKS
TEST_F(Fetcher, APlantedBugAsksALiarAgain) {
  auto liar = peer(blob(), "liar");
  liar->flip = 8 + 10;
  test_hooks::plant("liar_not_dropped");
  const auto report = fetch(blob(), {liar}, {});
  test_hooks::plant("");
  EXPECT_GT(liar->asked, 1);
  EXPECT_FALSE(report.sources[0].lied);
}
#endif

}  // namespace
}  // namespace archy::fetch
