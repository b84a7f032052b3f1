#include "cli/caller.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "rpc/answer.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/message.hpp"
#include "rpc/socket_client.hpp"

namespace archy::cli {
namespace {

// How long nothing may be heard of a fetch before it is asked about.
constexpr std::chrono::seconds kSilence{1};

rt::Task<std::string> answer(rpc::Dispatcher& dispatcher, std::string_view text) {
  std::string out = co_await dispatcher.answer(text, rpc::Grant::own_user());
  co_return out;
}

rt::Task<> close_node(app::LocalNode& node) {
  co_await node.close();
  co_return Result<>{};
}

bool has_ended(std::string_view state) { return state != "waiting" && state != "running"; }

// What an event says, when it is one of this fetch.
std::optional<rpc::Json> of_fetch(const rpc::Event& event, std::uint64_t fetch) {
  if (!event.name.starts_with("fetch.")) return std::nullopt;
  rpc::Json data = rpc::parse_trusted(event.data);
  if (!data.is_object() || data.value("fetch", std::uint64_t{0}) != fetch) return std::nullopt;
  return data;
}

using ShowFn = std::function<void(const rpc::Json&)>;

// Until the fetch has ended in this process.
rt::Task<> wait_for_fetch(app::Core& core, app::LocalNode& node, rpc::Events& events,
                          std::uint64_t fetch, const ShowFn& show) {
  const auto heard = events.listen();
  const std::stop_token stop = core.interrupted();
  const std::stop_callback wake(stop, [&heard] { heard->wake(); });
  for (;;) {
    CO_TRY(now, node.fetch(fetch));
    if (has_ended(rpc::to_string(now.state))) co_return Result<>{};
    if (stop.stop_requested()) (void)node.cancel_fetch(fetch);
    const rt::Instant until = core.env().clock.now() + kSilence;
    (void)co_await heard->wait(core.env().clock, until);
    while (!heard->empty()) {
      if (const auto said = of_fetch(heard->take(), fetch)) show(*said);
    }
  }
}

}  // namespace

std::string content_text(const store::HashAndFormat& content) {
  return (content.format == store::Format::hash_seq ? "s" : "") + content.hash.hex();
}

struct Caller::InProcess {
  InProcess(std::unique_ptr<app::Core> opened, settings::ConfigFile loaded,
            app::LocalNodeOptions options)
      : core(std::move(opened)),
        config(std::move(loaded)),
        events(core->env().executor),
        node(*core, config, events, std::move(options)),
        dispatcher({node, events, nullptr, core->env().clock}) {}
  ~InProcess() { (void)core->run(close_node(node)); }
  InProcess(const InProcess&) = delete;

  std::unique_ptr<app::Core> core;
  settings::ConfigFile config;
  rpc::Events events;
  app::LocalNode node;
  rpc::Dispatcher dispatcher;
};

// Ctrl-C while this process has nothing to do but wait for a node: a descriptor that can be read
// then. The first one is ours to act on, a second one ends the process.
class Caller::Interruption {
 public:
  Interruption() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    fd_ = ::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Interruption() {
    take();
    if (fd_ >= 0) ::close(fd_);
  }
  Interruption(const Interruption&) = delete;

  int fd() const { return taken_ ? -1 : fd_; }
  void take() {
    signalfd_siginfo first;
    if (!taken_ && fd_ >= 0) (void)!::read(fd_, &first, sizeof first);
    taken_ = true;
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  sigset_t signals_;
  int fd_ = -1;
  bool taken_ = false;
};

Caller::Caller(rt::Path socket, std::unique_ptr<InProcess> own)
    : socket_(std::move(socket)),
      own_(std::move(own)),
      interruption_(own_ ? nullptr : std::make_unique<Interruption>()) {}
Caller::~Caller() = default;

Result<std::unique_ptr<Caller>> Caller::to_running_node(const GlobalOptions& global) {
  const rt::Path socket = global.data_dir_path() / "run" / "sock";
  std::error_code ignored;
  if (!std::filesystem::is_socket(socket, ignored)) return std::unique_ptr<Caller>();
  // One that nobody listens on was left by a node that was killed.
  auto alive = rpc::call_over_socket(socket, rpc::call_text("node.info", "{}"));
  if (alive) return std::unique_ptr<Caller>(new Caller(socket, nullptr));
  if (alive.error().code == Code::not_found) return std::unique_ptr<Caller>();
  return fail(alive.error());
}

Result<std::unique_ptr<Caller>> Caller::open(const GlobalOptions& global, CallerOptions options) {
  TRY(node, to_running_node(global));
  if (node) return node;
  TRY(core, global.open(options.create));
  TRY(config, global.load_config(*core));
  app::LocalNodeOptions how;
  how.import_progress = std::move(options.import_progress);
  how.verify_progress = std::move(options.verify_progress);
  how.export_progress = std::move(options.export_progress);
  auto own = std::make_unique<InProcess>(std::move(core), std::move(config), std::move(how));
  return std::unique_ptr<Caller>(
      new Caller(global.data_dir_path() / "run" / "sock", std::move(own)));
}

Result<rpc::Json> Caller::call(std::string_view method, const rpc::Json& params) {
  return call_text(method, rpc::to_text(params));
}

Result<rpc::Json> Caller::call_text(std::string_view method, std::string_view params) {
  const std::string text = rpc::call_text(method, params);
  if (!own_) {
    TRY(answered, rpc::call_over_socket(socket_, text, interruption_->fd()));
    return rpc::result_of(answered);
  }
  auto answered = own_->core->run(answer(own_->dispatcher, text));
  if (!answered) return fail(answered.error());
  return rpc::result_of(*answered);
}

Result<rpc::Json> Caller::row_of(std::uint64_t fetch) {
  TRY(status, call("fetch.status", rpc::Json{{"fetch", fetch}}));
  return status.at("fetches").at(0);
}

Result<rpc::Json> Caller::follow_fetch(std::uint64_t fetch, bool ours, const ShowFn& show) {
  if (own_) {
    auto waited =
        own_->core->run(wait_for_fetch(*own_->core, own_->node, own_->events, fetch, show));
    if (!waited) return fail(waited.error());
    return row_of(fetch);
  }
  TRY(events, rpc::EventStream::open(socket_, interruption_->fd()));
  for (;;) {
    auto row = row_of(fetch);
    if (row && has_ended(row->at("state").get<std::string>())) return row;
    Result<std::optional<rpc::Event>> event = fail(Code::cancelled);
    if (row || row.error().code != Code::cancelled) {
      if (!row) return row;
      event = events.next(kSilence);
    }
    while (event && *event && (*event)->name != "fetch.done") {
      if (const auto said = of_fetch(**event, fetch)) show(*said);
      event = events.next(kSilence);
    }
    if (event) continue;
    if (event.error().code != Code::cancelled || !ours) return fail(event.error());
    interruption_->take();
    events.heed_no_stop();
    TRY_OK(call("fetch.cancel", rpc::Json{{"fetch", fetch}}));
  }
}

}  // namespace archy::cli
