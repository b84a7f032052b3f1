// One connection being served: takes streams while the peer has a free slot, reads each request
// whole, and has it answered. A private part of the provider.
#pragma once

#include "blobs/provider.hpp"
#include "rt/scope.hpp"

namespace archy::blobs {

// Holds one of a peer's slots; gives it back at the end or earlier.
class SlotHold {
 public:
  SlotHold(std::shared_ptr<PeerSlots> slots, std::size_t PeerSlots::* count)
      : slots_(std::move(slots)), count_(count) {
    ++((*slots_).*count_);
  }
  SlotHold(SlotHold&& other) noexcept = default;
  ~SlotHold() { release(); }
  void release() {
    if (!slots_) return;
    --((*slots_).*count_);
    slots_->freed.notify();
    slots_.reset();
  }

 private:
  std::shared_ptr<PeerSlots> slots_;
  std::size_t PeerSlots::* count_;
};

// Thread: the loop. Lifetime: run() has returned before the destructor.
class ProviderSession {
 public:
  ProviderSession(Provider& provider, std::shared_ptr<quic::Connection> connection,
                  std::shared_ptr<PeerSlots> slots);
  // Returns when the connection is gone and every request has ended.
  boost::asio::awaitable<void> run();

 private:
  boost::asio::awaitable<void> handle(std::shared_ptr<quic::Stream> stream, SlotHold slot);
  // Errors: denied (a push), bad_input (malformed, late or too long), the transport's.
  rt::Task<Request> read_request(quic::Stream& stream);
  boost::asio::awaitable<void> answer_data(std::shared_ptr<quic::Stream> stream, Request request,
                                           SlotHold slot);
  boost::asio::awaitable<void> answer_observe(std::shared_ptr<quic::Stream> stream,
                                              ObserveRequest request);
  void count(RequestKind kind);
  void report(RequestReport report, rt::Instant begun);

  Provider& provider_;
  std::shared_ptr<quic::Connection> connection_;
  std::shared_ptr<PeerSlots> slots_;
  rt::Scope scope_;
};

}  // namespace archy::blobs
