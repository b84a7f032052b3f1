// Every way an origin can be good or bad, over real sockets, into a real store.
#include "fetch/origin_source.hpp"

#include "base/test_hooks.hpp"
#include "fetch/test_world.hpp"

namespace archy::fetch {
namespace {

// 3 MiB and a bit: several 1 MiB subtrees, a short last group.
const Blob& medium() {
  static const Blob blob(3 * (1u << 20) + 5000);
  return blob;
}
// Beyond what is verified in memory: quarantine without a sidecar.
const Blob& large() {
  static const Blob blob(20 * (1u << 20) + 77, 2);
  return blob;
}

struct OriginFetch : FetchWorld {
  FetchReport from(BlobOrigin& server, const Blob& blob) {
    return fetch(blob, {}, {origin(server.url())});
  }
};

std::string why(const FetchReport& report) {
  return report.error ? to_string(*report.error) : explain(report);
}

TEST_F(OriginFetch, BringsBlobsOfEverySizeWithAndWithoutSidecar) {
  for (const bool sidecar : {true, false}) {
    for (const std::size_t size : {0u, 1u, 1023u, 1024u, 1025u, 16383u, 16384u, 16385u, 32768u,
                                   1048576u, 1048577u, 1064960u, 2097152u, 9000000u}) {
      const Blob blob(size, sidecar ? 10 : 11);
      BlobOrigin server(blob);
      server.sidecar = sidecar;
      const auto report = from(server, blob);
      ASSERT_TRUE(report.ok()) << size << ": " << why(report);
      EXPECT_EQ(report.size, size);
      EXPECT_EQ(report.verified_bytes, size);
      EXPECT_EQ(report.sources[0].verified_bytes, size);
      expect_held(blob);
      if (size > 0) EXPECT_EQ(server.body_bytes, size) << "fetched more than once";
      (void)store->remove(blob.hash, true);
    }
  }
}

TEST_F(OriginFetch, AsksNothingWhenTheBlobIsHeld) {
  BlobOrigin server(medium());
  ASSERT_TRUE(from(server, medium()).ok());
  const auto requests = server.server().requests().size();
  const auto report = from(server, medium());
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.was_local);
  EXPECT_EQ(server.server().requests().size(), requests);
}

// One row: what goes wrong, and how the fetch ends.
struct Row {
  const char* name;
  std::function<Fault(int n)> fault;
  std::optional<Code> error;  // none: ends verified
  bool lied = false;
  bool known_size = false;  // a peer proved the size before
};

Fault made(std::function<void(Fault&)> change) {
  Fault out;
  change(out);
  return out;
}
// The fault at the first `count` requests, honest afterwards.
std::function<Fault(int)> at_first(int count, std::function<void(Fault&)> change) {
  return [count, change](int n) { return n < count ? made(change) : Fault{}; };
}
std::function<Fault(int)> always(std::function<void(Fault&)> change) {
  return [change](int) { return made(change); };
}
std::function<Fault(int)> status(int code) {
  return always([code](Fault& f) { f.status = code; });
}

class OriginFault : public OriginFetch, public testing::WithParamInterface<std::tuple<Row, bool>> {
 protected:
  // 20 MiB and no sidecar goes through quarantine, the sidecar through the tree.
  void run(const Blob& blob) {
    const auto& [row, sidecar] = GetParam();
    BlobOrigin server(blob);
    server.sidecar = sidecar;
    server.fault = row.fault;
    origin_options.max_bytes = blob.bytes.size() + (8u << 20);
    const std::string_view name = row.name;
    if (name.starts_with("Stalls") || name == "Drips") options.no_progress_limit = 300ms;
    std::vector<std::shared_ptr<Source>> peers;
    if (row.known_size) {
      auto last = peer(blob, "tail");
      last->holds = bao::ChunkRanges::from(ChunkIndex(bao::Tree(blob.bytes.size()).chunks() - 1))
                        .rounded_to_groups();
      peers.push_back(last);
    }
    const auto report = fetch(blob, peers, {origin(server.url())});
    const auto& source = report.sources.back();
    if (!row.error) {
      ASSERT_TRUE(report.ok()) << why(report);
      EXPECT_FALSE(source.lied);
      expect_held(blob);
      return;
    }
    ASSERT_FALSE(report.ok());
    // A lie of any kind makes the fetch end as corrupt; the row tells which kind.
    const auto overall = row.lied ? Code::corrupt : *row.error;
    EXPECT_EQ(to_string(report.error->code), to_string(overall)) << why(report);
    ASSERT_TRUE(source.last_error);
    if (row.lied) EXPECT_EQ(to_string(source.last_error->code), to_string(*row.error));
    EXPECT_EQ(source.lied, row.lied) << why(report);
    expect_not_held(blob);
    expect_no_temporary_files();
    // What was believed on the way is right: an honest origin finishes it.
    options.no_progress_limit = 10s;
    BlobOrigin honest(blob);
    const auto after = fetch(blob, {}, {origin(honest.url())});
    ASSERT_TRUE(after.ok()) << why(after);
    expect_held(blob);
  }
};

TEST_P(OriginFault, MediumBlob) { run(medium()); }
TEST_P(OriginFault, LargeBlob) { run(large()); }

INSTANTIATE_TEST_SUITE_P(
    Rows, OriginFault,
    testing::Combine(
        testing::Values(
            Row{"WrongByteAtTheStart", always([](Fault& f) { f.flip = 0; }), Code::corrupt, true},
            Row{"WrongByteInTheMiddle", always([](Fault& f) { f.flip = 2u << 20; }), Code::corrupt,
                true},
            Row{"WrongLastByte", always([](Fault& f) { f.flip = 3 * (1u << 20) + 4999; }),
                Code::corrupt, true},
            Row{"BreaksOffOnce", at_first(1, [](Fault& f) { f.cut = 1500000; }), std::nullopt},
            Row{"ResetOnce",
                at_first(1,
                         [](Fault& f) {
                           f.cut = 1500000;
                           f.reset = true;
                         }),
                std::nullopt},
            Row{"BreaksOffAgainAndAgain", always([](Fault& f) { f.cut = 1100000; }), std::nullopt},
            Row{"BreaksOffBeforeTheFirstByte", always([](Fault& f) { f.cut = 0; }),
                Code::unreachable},
            Row{"StallsOnce", at_first(1, [](Fault& f) { f.stall = 1500000; }), std::nullopt},
            Row{"StallsAlways", always([](Fault& f) { f.stall = 0; }), Code::unreachable},
            Row{"Drips", always([](Fault& f) { f.drip = true; }), Code::unreachable},
            Row{"NotFound", status(404), Code::not_found}, Row{"Gone", status(410), Code::not_found},
            Row{"Forbidden", status(403), Code::denied},
            Row{"UnavailableForEver", status(503), Code::unreachable},
            Row{"ErrorTwiceThenFine", at_first(2, [](Fault& f) { f.status = 500; }), std::nullopt},
            Row{"TooManyRequestsOnce", at_first(1, [](Fault& f) { f.status = 429; }), std::nullopt},
            Row{"AnswersNoContent", status(204), Code::peer_fault, true},
            Row{"GzipEncoding", always([](Fault& f) { f.extra_headers = "Content-Encoding: gzip\r\n"; }),
                Code::peer_fault, true},
            Row{"RedirectLoop",
                always([](Fault& f) {
                  f.status = 302;
                  f.extra_headers = "Location: /blob\r\n";
                }),
                Code::denied},
            Row{"RedirectToMetadataService",
                always([](Fault& f) {
                  f.status = 302;
                  f.extra_headers = "Location: http://169.254.169.254/\r\n";
                }),
                Code::denied},
            Row{"RedirectsTwice",
                at_first(2,
                         [](Fault& f) {
                           f.status = 302;
                           f.extra_headers = "Location: /blob\r\n";
                         }),
                std::nullopt},
            Row{"RangeIgnoredAfterABreak",
                [](int n) {
                  return made([n](Fault& f) {
                    f.ignore_range = true;
                    if (n < 2) f.cut = 1500000 + static_cast<std::uint64_t>(n) * 1000000;
                  });
                },
                std::nullopt},
            Row{"WrongContentRangeAfterABreak",
                always([](Fault& f) {
                  f.shift_range = true;
                  f.cut = 1500000;
                }),
                Code::peer_fault, true},
            Row{"NoLength", always([](Fault& f) { f.chunked = true; }), std::nullopt},
            Row{"NoLengthAndBreaksOff",
                [](int n) {
                  return made([n](Fault& f) {
                    f.chunked = true;
                    if (n == 0) f.cut = 1500000;
                  });
                },
                std::nullopt},
            Row{"Endless", always([](Fault& f) { f.endless = true; }), Code::denied},
            Row{"OneByteTooLong", always([](Fault& f) { f.announce = 1; }), Code::corrupt, true},
            Row{"OneByteTooShort", always([](Fault& f) { f.announce = -1; }), Code::corrupt, true},
            Row{"OneGroupTooShort", always([](Fault& f) { f.announce = -16384; }), Code::corrupt,
                true},
            Row{"TooLongAgainstAKnownSize", always([](Fault& f) { f.announce = 1; }),
                Code::peer_fault, true, true},
            Row{"TooShortAgainstAKnownSize", always([](Fault& f) { f.announce = -1; }),
                Code::peer_fault, true, true},
            Row{"KnownSizeAndHonest", [](int) { return Fault{}; }, std::nullopt, false, true}),
        testing::Bool()),
    [](const auto& row) {
      return std::string(std::get<0>(row.param).name) +
             (std::get<1>(row.param) ? "WithSidecar" : "WithoutSidecar");
    });

TEST_F(OriginFetch, GoesWithoutASidecarThatIsWrong) {
  for (const auto& bad :
       {made([](Fault& f) { f.flip = 100; }), made([](Fault& f) { f.announce = -64; }),
        made([](Fault& f) { f.announce = 64; }), made([](Fault& f) { f.status = 500; }),
        made([](Fault& f) { f.stall = 640; }), made([](Fault& f) { f.endless = true; }),
        made([](Fault& f) { f.extra_headers = "Content-Encoding: br\r\n"; })}) {
    BlobOrigin server(large());
    server.sidecar_fault = [bad](int) { return bad; };
    const auto report = from(server, large());
    ASSERT_TRUE(report.ok()) << why(report);
    EXPECT_FALSE(report.sources[0].lied);
    expect_held(large());
    (void)store->remove(large().hash, true);
  }
}

TEST_F(OriginFetch, KeepsTheGoodGroupsBeforeAWrongOneWhenThereIsASidecar) {
  BlobOrigin bad(large());
  bad.fault = always([](Fault& f) { f.flip = 15u << 20; });
  const auto failed = from(bad, large());
  EXPECT_TRUE(failed.sources[0].lied);
  EXPECT_GE(failed.verified_bytes, 15u << 20);
  EXPECT_LE(failed.verified_bytes, 16u << 20);
  BlobOrigin good(large());
  const auto report = from(good, large());
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_EQ(report.resumed_bytes, failed.verified_bytes);
  EXPECT_EQ(good.body_bytes, large().bytes.size() - failed.verified_bytes);
}

TEST_F(OriginFetch, AsksAgainOnlyForWhatABreakLost) {
  BlobOrigin server(large());
  server.sidecar = false;
  server.fault = at_first(3, [](Fault& f) { f.cut = 5000000; });
  const auto report = from(server, large());
  ASSERT_TRUE(report.ok()) << why(report);
  EXPECT_EQ(report.sources[0].attempts, 1u);
  EXPECT_LE(server.body_bytes, large().bytes.size() + (1u << 20));
}

TEST_F(OriginFetch, BeginsAnewWhenTheFileChangesOnTheWay) {
  BlobOrigin server(large());
  server.sidecar = false;
  server.fault = [](int n) {
    return made([n](Fault& f) {
      f.etag = n == 0 ? "\"old\"" : "\"new\"";
      if (n == 0) f.flip = 10;
      if (n == 0) f.cut = 9000000;
    });
  };
  const auto report = from(server, large());
  ASSERT_TRUE(report.ok()) << why(report);
  expect_held(large());
}

TEST_F(OriginFetch, VerifiesOnlyTheMissingSpansWhenPeersGaveTheRest) {
  // Two peers' worth of the blob: the first 8 MiB and some groups in the middle.
  auto half = peer(large());
  half->holds = bao::ChunkRanges::from_bytes(0, 8u << 20) |
                bao::ChunkRanges::from_bytes(12u << 20, 13u << 20);
  for (const bool sidecar : {true, false}) {
    BlobOrigin server(large());
    server.sidecar = sidecar;
    const auto report = fetch(large(), {half}, {origin(server.url())});
    ASSERT_TRUE(report.ok()) << why(report);
    EXPECT_EQ(report.sources[0].verified_bytes, 9u << 20);
    EXPECT_EQ(server.body_bytes, large().bytes.size() - (9u << 20)) << sidecar;
    EXPECT_EQ(report.sources[1].verified_bytes, large().bytes.size() - (9u << 20));
    expect_held(large());
    (void)store->remove(large().hash, true);
  }
}

TEST_F(OriginFetch, RefusesBlobsAboveTheAllowedSize) {
  BlobOrigin server(large());
  origin_options.max_bytes = 1u << 20;
  const auto report = from(server, large());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::denied);
  EXPECT_EQ(report.verified_bytes, 0u);
  EXPECT_LT(server.body_bytes, large().bytes.size());  // what the kernel took, and no more
}

TEST_F(OriginFetch, LeavesTheDiskItsReserve) {
  BlobOrigin server(large());
  server.sidecar = false;
  origin_options.min_free_bytes = ~std::uint64_t{0} / 2;
  const auto report = from(server, large());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::no_space);
  expect_no_temporary_files();
}

TEST_F(OriginFetch, RefusesAPrivateOriginUnlessTheOperatorGaveIt) {
  BlobOrigin server(medium());
  origin_options.allow_private = false;
  const auto report = from(server, medium());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error->code, Code::denied);
  EXPECT_EQ(server.server().connections, 0);
}

TEST(SidecarUrl, GoesBeforeTheQuery) {
  EXPECT_EQ(sidecar_url("http://h/a/b"), "http://h/a/b.obao4");
  EXPECT_EQ(sidecar_url("http://h/b?x=1#f"), "http://h/b.obao4?x=1#f");
}

#ifdef ARCHY_TEST_HOOKS
TEST_F(OriginFetch, APlantedBugTakesAShortBodyForWhole) {
  BlobOrigin server(large());
  server.sidecar = false;
  server.fault = at_first(1, [](Fault& f) { f.cut = 5000000; });
  test_hooks::plant("origin_length_unchecked");
  const auto report = from(server, large());
  test_hooks::plant("");
  EXPECT_FALSE(report.ok());  // and so an honest origin does not end verified
}
#endif

}  // namespace
}  // namespace archy::fetch
