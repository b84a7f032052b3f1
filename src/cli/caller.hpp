// One way to call a method from a command: over the Unix socket when a node runs on the data
// directory, else in this process.
#pragma once

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
};

// Blocking. Thread: the command's. The error of a call is what the method answered, whoever ran it.
class Caller {
 public:
  // Errors: not_found (no data directory), locked (a process without a control socket uses it),
  // bad_input (the configuration), and as Core::open().
  static Result<std::unique_ptr<Caller>> open(const GlobalOptions& global, CallerOptions options);
  ~Caller();
  Caller(const Caller&) = delete;

  Result<rpc::Json> call(std::string_view method, const rpc::Json& params);
  // `params`: JSON text as a person gave it. Errors: bad_input when it is none.
  Result<rpc::Json> call_text(std::string_view method, std::string_view params);

 private:
  struct InProcess;
  Caller(rt::Path socket, std::unique_ptr<InProcess> own);

  rt::Path socket_;
  std::unique_ptr<InProcess> own_;  // none: a node answers at socket_
};

}  // namespace archy::cli
