// The content port's source over a fetch job of a real node: a blob is read while it arrives.
#include "app/content_while_fetched.hpp"

#include "app/fetch_jobs.hpp"
#include "fetch/test_world.hpp"

namespace archy::app {
namespace {

using rpc::ContentPart;

const fetch::Blob& blob() {
  static const fetch::Blob made(6 * (1u << 20) + 321, 21);
  return made;
}

struct WhileFetched : testing::Test {
  WhileFetched() {
    char folder[] = "/tmp/archy-content-XXXXXX";
    CHECK(::mkdtemp(folder) != nullptr);
    directory = folder;
    auto opened = Core::open({.data_dir = directory / "data"});
    CHECK(opened.has_value());
    core = std::move(*opened);
    events.emplace(core->env().executor);
    auto loaded =
        settings::ConfigFile::load(core->env().files, {.given = {}, .data_dir = directory}, {});
    CHECK(loaded.has_value());
    config.emplace(std::move(*loaded));
    jobs.emplace(*core, *events, nullptr, FetchJobRules{}, *config);
    content.emplace(core->store(), jobs->arrivals(), core->env().clock,
                    [this]() -> Result<bool> { return is_free; });
    server.fault = [](int) {
      fetch::Fault slow;
      slow.slow = std::chrono::milliseconds(3);
      return slow;
    };
  }
  ~WhileFetched() override {
    auto close = [](FetchJobs& all) -> rt::Task<> {
      co_await all.close();
      co_return Result<>{};
    };
    EXPECT_TRUE(core->run(close(*jobs)));
    content.reset();
    jobs.reset();
    events.reset();
    core.reset();
    std::filesystem::remove_all(directory);
  }

  Result<std::uint64_t> start(bool seed) {
    rpc::FetchRequest request;
    request.target = blob().hash.hex();
    request.origins = {server.url()};
    request.seed = seed;
    request.allow_private = true;
    return jobs->start(request);
  }
  rt::Task<> read_all(bool& end_came_early) {
    const Blake3Hash hash = blob().hash;
    CO_TRY(reader, co_await content->open(hash, ContentPart::data, {}));
    CO_TRY(size, co_await reader->size({}));
    EXPECT_EQ(size, blob().bytes.size());
    CO_TRY(last, co_await reader->read(size - 7, 100, {}));
    EXPECT_TRUE(equal(last, ByteView(blob().bytes).subspan(size - 7)));
    end_came_early = jobs->all().back().state == rpc::FetchState::running;
    for (std::uint64_t at = 0; at < size;) {
      CO_TRY(bytes, co_await reader->read(at, 1u << 20, {}));
      EXPECT_TRUE(equal(bytes, ByteView(blob().bytes).subspan(at, bytes.size()))) << at;
      at += bytes.size();
    }
    co_return Result<>{};
  }
  rt::Task<> open_part(ContentPart part) {
    const Blake3Hash hash = blob().hash;
    CO_TRY(reader, co_await content->open(hash, part, {}));
    CO_TRY_OK(co_await reader->size({}));
    co_return Result<>{};
  }

  std::filesystem::path directory;
  fetch::BlobOrigin server{blob()};
  std::unique_ptr<Core> core;
  bool is_free = true;
  std::optional<rpc::Events> events;
  std::optional<settings::ConfigFile> config;
  std::optional<FetchJobs> jobs;
  std::optional<ContentWhileFetched> content;
};

TEST_F(WhileFetched, ABlobIsReadWhileItsFetchBringsIt) {
  ASSERT_TRUE(start(true));
  bool early = false;
  auto read = core->run(read_all(early));
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_TRUE(early);
  // And afterwards, from the store.
  EXPECT_TRUE(core->run(read_all(early)));
  EXPECT_TRUE(core->run(open_part(ContentPart::outboard)));
}

TEST_F(WhileFetched, WhatIsNotOfferedIsNotFoundThoughItArrives) {
  ASSERT_TRUE(start(false));
  auto opened = core->run(open_part(ContentPart::data));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Code::not_found);
}

TEST_F(WhileFetched, WhatIsSoldIsNotFoundThoughItArrives) {
  is_free = false;
  ASSERT_TRUE(start(true));
  auto opened = core->run(open_part(ContentPart::data));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Code::not_found);
}

TEST_F(WhileFetched, ASeedKeepsTheClassItIsOfferedAs) {
  const Blake3Hash hash = blob().hash;
  ASSERT_TRUE(core->store().set_offer({hash, store::Format::raw}, store::OfferClass::paid));
  ASSERT_TRUE(start(true));
  EXPECT_EQ(*core->store().offer(hash), store::OfferClass::paid);
  EXPECT_FALSE(core->run(open_part(ContentPart::data)).has_value());
}

TEST_F(WhileFetched, WhatNobodyFetchesIsNotFound) {
  ASSERT_TRUE(
      core->store().set_offer({blob().hash, store::Format::raw}, store::OfferClass::public_));
  auto opened = core->run(open_part(ContentPart::data));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Code::not_found);
}

TEST_F(WhileFetched, AFetchThatEndsBadlyEndsItsReaders) {
  server.fault = [](int) {
    fetch::Fault gone;
    gone.status = 404;
    return gone;
  };
  ASSERT_TRUE(start(true));
  auto opened = core->run(open_part(ContentPart::data));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, Code::not_found);
}

}  // namespace
}  // namespace archy::app
