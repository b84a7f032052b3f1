#include "app/core.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <exception>

#include "app/mender.hpp"
#include "base/check.hpp"
#include "rt/asio/asio_clock.hpp"
#include "rt/asio/asio_datagram.hpp"
#include "rt/posix/os_random.hpp"
#include "rt/posix/posix_files.hpp"
#include "store/file_store.hpp"

namespace archy::app {

// Declaration order is construction order: the loop first, what runs on it after it.
struct Core::Parts {
  boost::asio::io_context loop{1};
  rt::AsioClock clock{loop.get_executor()};
  rt::OsRandom random;
  rt::PosixFiles files;
  rt::AsioDatagramNetwork network{loop.get_executor()};
  rt::Env env{loop.get_executor(), clock, random, files, network};
  std::stop_source stop;
  boost::asio::signal_set signals{loop};
  std::optional<DataDir> data_dir;
  std::unique_ptr<store::BlobStore> store;
  std::unique_ptr<http::Client> http;
  std::optional<Mender> mender;  // it has a thread: not before it is needed

  void catch_interrupts() {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    wait_for_signal();
  }
  void wait_for_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (stop.stop_requested()) _exit(128 + number);
      stop.request_stop();
      wait_for_signal();
    });
  }
};

Core::Core(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Core::~Core() = default;

Result<std::unique_ptr<Core>> Core::open(const CoreOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->catch_interrupts();
  TRY(data_dir, DataDir::open(parts->files, parts->random, options.data_dir, options.create));
  parts->data_dir.emplace(std::move(data_dir));
  TRY(store, store::open_file_store(parts->env, options.data_dir, {}));
  parts->store = std::move(store);
  parts->http = http::make_curl_client(parts->loop.get_executor(), parts->clock);
  return std::unique_ptr<Core>(new Core(std::move(parts)));
}

rt::Env& Core::env() { return parts_->env; }
store::BlobStore& Core::store() { return *parts_->store; }
http::Client& Core::http() { return *parts_->http; }
const DataDir& Core::data_dir() const { return *parts_->data_dir; }

void Core::set_connector(http::ConnectorOptions options) {
  parts_->http =
      http::make_curl_client(parts_->loop.get_executor(), parts_->clock, std::move(options));
}

void Core::damage_found(const Blake3Hash& hash) {
  if (!parts_->mender) parts_->mender.emplace(parts_->loop.get_executor(), *parts_->store);
  parts_->mender->damage_found(hash);
}

std::stop_token Core::interrupted() const { return parts_->stop.get_token(); }

void Core::poll() {
  parts_->loop.restart();
  parts_->loop.poll();
}

void Core::run_erased(boost::asio::awaitable<void> flow) {
  std::exception_ptr thrown;
  bool done = false;
  boost::asio::co_spawn(parts_->loop, std::move(flow), [&](std::exception_ptr error) {
    thrown = error;
    done = true;
    parts_->loop.stop();
  });
  while (!done) {
    parts_->loop.restart();
    const std::size_t handled = parts_->loop.run();
    CHECK(handled > 0 || done);  // a flow that nothing can ever resume
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace archy::app
