// Calling wallet.* from a command: a wallet is made where there is none, and the person is told how
// to keep it.
#pragma once

#include "cli/caller.hpp"
#include "cli/wallet_view.hpp"

namespace archy::cli {

// The parameters of a method that needs none.
extern const rpc::Json kNothing;

class WalletCaller {
 public:
  enum class Missing : unsigned char { make, leave };
  // Errors: as Caller::open.
  static Result<WalletCaller> open(const GlobalOptions& global, Missing missing = Missing::make);

  // Errors: what the method answered.
  Result<rpc::Json> call(std::string_view method, const rpc::Json& params);

 private:
  explicit WalletCaller(std::unique_ptr<Caller> caller) : caller_(std::move(caller)) {}
  std::unique_ptr<Caller> caller_;
};

// One call whose result is shown: the exit code. `show` gets the result.
int call_wallet(const GlobalOptions& global, std::string_view method, const rpc::Json& params,
                const std::function<int(const Output&, const rpc::Json&)>& show,
                WalletCaller::Missing missing = WalletCaller::Missing::make);

// A file, or - for standard input, without the white space around. Errors: not_found, io;
// bad_input: more than a token can be.
Result<std::string> read_secret(const std::string& file);

}  // namespace archy::cli
