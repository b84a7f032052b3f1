#include "app/mender.hpp"

#include <boost/asio/post.hpp>

#include "base/log.hpp"

namespace archy::app {
namespace {

void mend(store::BlobStore& store, const Blake3Hash& hash, const std::stop_token& stop) {
  auto report = store.verify({.repair = true, .only = hash}, {}, stop);
  if (!report) {
    log::warn("store", "{} is damaged and could not be looked at: {}", hash.hex(),
              to_string(report.error()));
  } else if (report->damage.empty()) {
    log::warn("store", "{} did not hash when it was read, and does now", hash.hex());
  }
  for (const store::Damage& damage : report ? report->damage : std::vector<store::Damage>{}) {
    log::warn("store", "{} is damaged: {}; {}", hash.hex(), damage.what,
              damage.repaired ? "fetch it again for what is missing" : "it could not be set right");
  }
}

}  // namespace

Mender::Mender(rt::Executor executor, store::BlobStore& store)
    : executor_(std::move(executor)), store_(store) {}

void Mender::damage_found(const Blake3Hash& hash) {
  if (waiting_->size() >= kMostWaiting || !waiting_->insert(hash).second) return;
  worker_.submit(
      [&store = store_, executor = executor_, waiting = waiting_, hash, stop = stop_.get_token()] {
        mend(store, hash, stop);
        boost::asio::post(executor, [waiting, hash] { waiting->erase(hash); });
      });
}

}  // namespace archy::app
