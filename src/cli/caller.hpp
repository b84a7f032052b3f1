// One way to call a method from a command: over the Unix socket when a node runs on the data
// directory, else in this process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/local_node.hpp"
#include "cli/command.hpp"
#include "rpc/json.hpp"

namespace archy::cli {

struct CallerOptions {
  app::DataDir::Create create = app::DataDir::Create::never;
  app::ImportProgressFn import_progress = nullptr;  // in this process only
  store::ProgressFn verify_progress = nullptr;
  app::ExportProgressFn export_progress = nullptr;
};

// As the API names content.
std::string content_text(const store::HashAndFormat& content);

// Blocking. Thread: the command's. The error of a call is what the method answered, whoever ran it;
// `cancelled` when the person pressed Ctrl-C meanwhile, which ends what the call was doing.
class Caller {
 public:
  // Errors: not_found (no data directory), locked (a process without a control socket uses it),
  // bad_input (the configuration), and as Core::open().
  static Result<std::unique_ptr<Caller>> open(const GlobalOptions& global, CallerOptions options);
  ~Caller();
  Caller(const Caller&) = delete;

  // A caller of the node that runs on the data directory; null when none does. Errors: denied.
  static Result<std::unique_ptr<Caller>> to_running_node(const GlobalOptions& global);
  bool is_node() const { return own_ == nullptr; }

  Result<rpc::Json> call(std::string_view method, const rpc::Json& params);
  // `params`: JSON text as a person gave it. Errors: bad_input when it is none.
  Result<rpc::Json> call_text(std::string_view method, std::string_view params);

  // Until a fetch has ended; its row of fetch.status then. `show` hears such rows (of events: fewer
  // fields) meanwhile. Ctrl-C cancels the fetch if it is `ours`, else it only ends the waiting.
  // Errors: unreachable (the node went away), cancelled (and not ours), not_found.
  Result<rpc::Json> follow_fetch(std::uint64_t fetch, bool ours,
                                 const std::function<void(const rpc::Json&)>& show);

 private:
  struct InProcess;
  class Interruption;
  Caller(rt::Path socket, std::unique_ptr<InProcess> own);
  // Its row of fetch.status.
  Result<rpc::Json> row_of(std::uint64_t fetch);

  rt::Path socket_;
  std::unique_ptr<InProcess> own_;              // none: a node answers at socket_
  std::unique_ptr<Interruption> interruption_;  // beside a node
};

}  // namespace archy::cli
