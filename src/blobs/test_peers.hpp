// A served store and a client over real QUIC on loopback, and raw streams for those who misbehave.
// For tests only.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "blobs/getter.hpp"
#include "blobs/provider.hpp"
#include "quic/test_world.hpp"
#include "store/memory_store.hpp"
#include "store/store_fixture.hpp"

namespace archy::blobs {

using store::some_bytes;

// Lifetime: every flow has ended when TearDown returns.
class PeersTest : public testing::Test {
 protected:
  quic::World world;
  store::TempFolder folder;
  std::unique_ptr<store::BlobStore> served = new_store();
  std::unique_ptr<store::BlobStore> kept = new_store();
  AllowOffered offered{*served};
  std::unique_ptr<Provider> provider;
  std::unique_ptr<quic::Endpoint> server;
  std::unique_ptr<quic::Endpoint> client;
  std::shared_ptr<quic::Connection> connection;

  void SetUp() override {
    quic::Config config = quic::server_config();
    config.alpns = {std::string(kAlpn)};
    server = world.endpoint(1, config);
    client = world.endpoint(2, quic::client_config());
  }
  void TearDown() override {
    connection.reset();
    if (client) world.run(client->close(0, ""));
    if (server) world.run(server->close(0, ""));
    world.run(world.scope.close(world.clock));
  }

  std::unique_ptr<store::BlobStore> new_store() {
    return store::make_memory_store(world.files, world.clock, world.random, folder.path);
  }

  // Serves `served`; then connects.
  void serve(Admission* admission = nullptr, ProviderConfig config = {}) {
    provider =
        std::make_unique<Provider>(world.env, *served, admission ? *admission : offered, config);
    world.scope.start(provider->serve_endpoint(*server, world.scope.stop_token()));
    connect();
  }
  void connect() {
    auto made = run(client->connect(server->id(), server->addresses(), std::string(kAlpn)));
    ASSERT_TRUE(made.has_value()) << to_string(made.error());
    connection = *made;
  }
  GetOptions options() { return GetOptions{world.clock, std::chrono::seconds(5)}; }

  Blake3Hash add(ByteView bytes, bool offer = true, store::Format format = store::Format::raw) {
    const Blake3Hash hash = served->add_bytes(bytes).value().hash;
    if (offer)
      EXPECT_TRUE(served->set_offer({hash, format}, store::OfferClass::public_).has_value());
    return hash;
  }

  template <class T>
  static boost::asio::awaitable<void> keep(rt::Task<T> flow, std::optional<Result<T>>& out) {
    out.emplace(co_await std::move(flow));
  }
  template <class T>
  Result<T> run(rt::Task<T> flow) {
    std::optional<Result<T>> out;
    world.run(keep(std::move(flow), out));
    if (!out) return fail(Code::internal, "the flow did not end");
    return std::move(*out);
  }

  struct RawAnswer {
    Bytes bytes;
    bool clean_end = false;
    std::optional<std::uint64_t> reset_code;
    std::optional<std::uint64_t> stop_code;
  };
  // Sends `request` on a fresh stream and reads whatever comes. `finish`: with FIN.
  RawAnswer raw(Bytes request, bool finish = true) {
    auto got = run(raw_flow(connection, std::move(request), finish));
    return got ? std::move(*got) : RawAnswer{};
  }
  static rt::Task<RawAnswer> raw_flow(std::shared_ptr<quic::Connection> over, Bytes request,
                                      bool finish) {
    RawAnswer out;
    CO_TRY(stream, co_await over->open_bi());
    (void)co_await stream->write(std::move(request));
    if (finish) stream->finish();
    for (;;) {
      auto got = co_await stream->fill(1);
      append(out.bytes, stream->buffered());
      stream->consume(stream->buffered().size());
      if (got && *got > 0) continue;
      out.clean_end = got.has_value();
      break;
    }
    out.reset_code = stream->reset_code();
    out.stop_code = stream->stop_code();
    co_return out;
  }
};

}  // namespace archy::blobs
