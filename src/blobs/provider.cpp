#include "blobs/provider.hpp"

#include "base/log.hpp"
#include "blobs/provider_session.hpp"
#include "rt/scope.hpp"
#include "wire/id_text.hpp"

namespace archy::blobs {

Provider::Provider(rt::Env& env, store::BlobStore& store, Admission& admission,
                   ProviderConfig config)
    : env_(env), store_(store), admission_(admission), config_(config) {}

std::shared_ptr<PeerSlots> Provider::slots_of(const EndpointId& peer) {
  std::erase_if(slots_, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = slots_[peer];
  auto held = slot.lock();
  if (!held) {
    held = std::make_shared<PeerSlots>(env_.executor);
    slot = held;
  }
  return held;
}

boost::asio::awaitable<void> Provider::serve(std::shared_ptr<quic::Connection> connection,
                                             std::stop_token stop) {
  ++counters_.connections;
  const Verdict verdict = admission_.on_connection(connection->peer());
  if (verdict == Verdict::limit) {
    connection->close(static_cast<std::uint64_t>(ResetCode::limit), "limit");
    co_return;
  }
  if (verdict != Verdict::allow) {
    connection->close(static_cast<std::uint64_t>(ResetCode::permission), "permission");
    co_return;
  }
  log::debug("blobs", "serving {} at {}", wire::short_id(connection->peer()),
             rt::to_string(connection->remote_address()));
  ProviderSession session(*this, connection, slots_of(connection->peer()));
  std::stop_callback on_stop(stop, [&connection] { connection->close(0, ""); });
  co_await session.run();
}

boost::asio::awaitable<void> Provider::serve_endpoint(quic::Endpoint& endpoint,
                                                      std::stop_token stop) {
  rt::Scope scope(env_.executor);
  while (!stop.stop_requested()) {
    auto accepted = co_await endpoint.accept();
    if (!accepted) break;
    std::shared_ptr<quic::Connection> connection = std::move(*accepted);
    if (connection->alpn() != kAlpn) {
      connection->close(0, "");
      continue;
    }
    scope.start(serve(std::move(connection), stop));
  }
  co_await scope.close(env_.clock);
}

}  // namespace archy::blobs
