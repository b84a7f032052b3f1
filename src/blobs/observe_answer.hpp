// The answer to one Observe: what is held of a blob now, then every change, until the observer
// stops.
#pragma once

#include "blobs/observe_item.hpp"
#include "blobs/provider.hpp"

namespace archy::blobs {

// Thread: the loop. Lifetime: everything referenced outlives it.
class ObserveAnswer {
 public:
  struct Context {
    rt::Env& env;
    store::BlobStore& store;
    Admission& admission;
    rt::Duration poll;
  };
  ObserveAnswer(Context context, quic::Connection& connection, quic::Stream& stream,
                RequestContext request)
      : context_(context), connection_(connection), stream_(stream), request_(request) {}

  // allow: the observer or the connection went. Else the code to refuse with; a hidden hash is
  // shown as an unknown one.
  boost::asio::awaitable<Verdict> run();

 private:
  ObserveItem current();
  rt::Task<> send(ObserveItem item);

  Context context_;
  quic::Connection& connection_;
  quic::Stream& stream_;
  RequestContext request_;
  std::unique_ptr<store::BlobReader> reader_;  // of a partial blob: its bitfield is live
  ObserveItem shown_;
};

}  // namespace archy::blobs
