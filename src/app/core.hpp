// What every command stands on: the loop, the outside world, the data directory, the store, an HTTP
// client. The only constructor of real clocks, disks and sockets in the program. Knows nothing of
// peers.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "app/data_dir.hpp"
#include "http/client.hpp"
#include "rt/env.hpp"
#include "store/blob_store.hpp"

namespace archy::app {

struct CoreOptions {
  rt::Path data_dir;
  DataDir::Create create = DataDir::Create::if_missing;
};

// Thread: one, the caller's. Lifetime: outlives everything that was handed its Env.
class Core {
 public:
  static Result<std::unique_ptr<Core>> open(const CoreOptions& options);
  ~Core();
  Core(const Core&) = delete;

  rt::Env& env();
  store::BlobStore& store();
  http::Client& http();
  const DataDir& data_dir() const;

  // How URLs are opened from here on, by every module. Requires: no response of http() is open.
  void set_connector(http::ConnectorOptions options);

  // Somebody read what does not hash: its bad groups become missing, soon.
  void damage_found(const Blake3Hash& hash);

  // Requested by the first SIGINT or SIGTERM after open(); a second one ends the process at once.
  std::stop_token interrupted() const;

  // Handles what is due (signals among it) without waiting: for long work that runs outside the
  // loop.
  void poll();

  // Runs the loop until `flow` is done.
  template <class T>
  Result<T> run(rt::Task<T> flow) {
    std::optional<Result<T>> out;
    run_erased(keep(std::move(flow), out));
    return std::move(*out);
  }

 private:
  struct Parts;
  explicit Core(std::unique_ptr<Parts> parts);
  void run_erased(boost::asio::awaitable<void> flow);

  template <class T>
  static boost::asio::awaitable<void> keep(rt::Task<T> flow, std::optional<Result<T>>& out) {
    out.emplace(co_await std::move(flow));
  }

  std::unique_ptr<Parts> parts_;
};

}  // namespace archy::app
