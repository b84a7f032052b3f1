// The commands of `archipelago wallet`, each over the methods wallet.* (doc/rpc.md): options in, an
// exit code out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace archy::cli {

// Files of words and tokens: a path, or - for standard input. Empty text: not given.
// Words as the methods take them: one space between two.
Result<std::string> read_words_file(const std::string& file);

int wallet_init(const GlobalOptions& global, const std::string& words_file);
int wallet_words(const GlobalOptions& global);
int wallet_pubkey(const GlobalOptions& global);
int wallet_restore(const GlobalOptions& global, const std::string& words_file,
                   const std::vector<std::string>& mints);
int wallet_restore_backup(const GlobalOptions& global, const std::string& file,
                          const std::string& words_file);
// `to`: empty: the folders of backups.
int wallet_backup(const GlobalOptions& global, const std::string& to);
int wallet_recover(const GlobalOptions& global, const std::vector<std::string>& set_aside);
// `way`: empty: the first that can be gone.
int wallet_repair(const GlobalOptions& global, const std::string& way);
int wallet_doctor(const GlobalOptions& global);

int wallet_mints(const GlobalOptions& global);
int wallet_balance(const GlobalOptions& global);
int wallet_mint_add(const GlobalOptions& global, const std::string& url);
int wallet_mint_home(const GlobalOptions& global, const std::string& url);
int wallet_mint_cap(const GlobalOptions& global, const std::string& url, const std::string& sats);
int wallet_mint_remove(const GlobalOptions& global, const std::string& url);

struct PayOptions {
  std::uint64_t amount = 0;
  std::string invoice;  // melt
  std::string mint;
  std::string key;
  std::optional<std::uint64_t> max_fee;
  // mint
  bool no_wait = false;
  std::optional<std::uint64_t> timeout_s;
  // send
  std::string memo, lock;
  bool include_fee = false;
  bool qr = false;
};
int wallet_mint(const GlobalOptions& global, const PayOptions& options);
int wallet_melt(const GlobalOptions& global, const PayOptions& options);
int wallet_send(const GlobalOptions& global, const PayOptions& options);
int wallet_receive(const GlobalOptions& global, const std::string& file, bool offline);
int wallet_reclaim(const GlobalOptions& global, std::uint64_t operation);
int wallet_token(const GlobalOptions& global, std::uint64_t operation);

struct SwapOptions {
  std::uint64_t amount = 0;
  std::string from, to, key;
  std::optional<std::uint64_t> max_fee;
};
int wallet_swap(const GlobalOptions& global, const SwapOptions& options);
int wallet_cancel(const GlobalOptions& global, std::uint64_t operation);
struct PlanOptions {
  std::uint64_t amount = 0;
  std::vector<std::string> accepted;
  std::optional<std::uint64_t> max_fee;
};
int wallet_plan(const GlobalOptions& global, const PlanOptions& options);
int wallet_routes(const GlobalOptions& global);

// 0: all that are open.
int wallet_resume(const GlobalOptions& global, std::uint64_t operation);
int wallet_history(const GlobalOptions& global, std::uint64_t limit);
int wallet_operation(const GlobalOptions& global, std::uint64_t operation);

}  // namespace archy::cli
