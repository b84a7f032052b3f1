// wallet: backup, restore --from, recover.
#include <fmt/core.h>

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"
#include "cli/wallet_caller.hpp"
#include "cli/wallet_commands.hpp"
#include "rpc/message.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

std::string facts_text(const Json& facts) {
  const auto seconds = static_cast<std::time_t>(facts.at("made_ms").get<std::int64_t>() / 1000);
  std::tm parts{};
  char at[32] = {};
  if (::localtime_r(&seconds, &parts)) std::strftime(at, sizeof at, "%Y-%m-%d %H:%M", &parts);
  return fmt::format("of {}: {} mints, {} open operations, {} tokens that are out", at,
                     number_of(facts, "mints"), number_of(facts, "open_operations"),
                     number_of(facts, "tokens_out"));
}

// 8 while something is not asked yet.
int show_recovery(const Output& out, const Json& answer) {
  int exit = kOk;
  for (const Json& row : answer.at("mints")) {
    const std::string state = string_of(row, "state"), why = string_of(row, "note");
    if (state == "needed" || state == "set_aside") exit = kMoneyAttention;
    show(out, row,
         fmt::format("{}: {}, {} sat found, {} sat were spent, {} sat not known yet{}{}",
                     string_of(row, "url"), state == "needed" ? "not asked yet" : state,
                     number_of(row, "found_sats"), number_of(row, "spent_sats"),
                     number_of(row, "unknown_sats"), why.empty() ? "" : ": ", why));
  }
  if (answer.at("mints").empty()) note(out, "no mint has to be asked");
  return exit;
}

}  // namespace

int wallet_backup(const GlobalOptions& global, const std::string& to) {
  Json params = kNothing;
  if (!to.empty()) params["file"] = std::filesystem::absolute(to).lexically_normal().string();
  return call_wallet(
      global, "wallet.backup", params,
      [](const Output& out, const Json& answer) {
        std::string text;
        for (const Json& file : answer.at("files"))
          text += (text.empty() ? "" : "\n") + escape_for_terminal(file.get<std::string>());
        show(out, answer, text);
        note(out, fmt::format("{}; it opens with the wallet's words alone", facts_text(answer)));
        return kOk;
      },
      WalletCaller::Missing::leave);
}

int wallet_restore_backup(const GlobalOptions& global, const std::string& file,
                          const std::string& words_file) {
  const Output out = global.output();
  Json params{{"file", std::filesystem::absolute(file).lexically_normal().string()}};
  if (!words_file.empty()) {
    auto words = read_words_file(words_file);
    if (!words) return out.error(words.error());
    params["words"] = *words;
  }
  CallerOptions options;
  options.create = app::DataDir::Create::if_missing;
  auto caller = Caller::open(global, std::move(options));
  if (!caller) return out.error(caller.error());
  auto taken = (*caller)->call("wallet.restore_backup", params);
  if (!taken) return wallet_error(out, taken.error());
  show(out, *taken, facts_text(*taken));
  auto recovered = (*caller)->call("wallet.recover", kNothing);
  if (!recovered) return wallet_error(out, recovered.error());
  return show_recovery(out, *recovered);
}

int wallet_repair(const GlobalOptions& global, const std::string& way) {
  const Output out = global.output();
  auto wallet = WalletCaller::open(global, WalletCaller::Missing::leave);
  if (!wallet) return wallet_error(out, wallet.error());
  Json params = kNothing;
  if (!way.empty()) params["way"] = way;
  auto repaired = wallet->call("wallet.repair", params);
  if (!repaired) return wallet_error(out, repaired.error());
  const std::string gone = string_of(*repaired, "way");
  const std::string of =
      gone == "backup" ? "of " + string_of(*repaired, "backup")
      : gone == "rows" ? fmt::format("of its rows, {} left out", number_of(*repaired, "left_out"))
                       : "of the words alone";
  show(out, *repaired,
       fmt::format("a new database {}; the damaged one is in {}", of,
                   string_of(*repaired, "set_aside")));
  auto recovered = wallet->call("wallet.recover", kNothing);
  if (!recovered) return wallet_error(out, recovered.error());
  return show_recovery(out, *recovered);
}

int wallet_recover(const GlobalOptions& global, const std::vector<std::string>& set_aside) {
  const Output out = global.output();
  auto wallet = WalletCaller::open(global, WalletCaller::Missing::leave);
  if (!wallet) return wallet_error(out, wallet.error());
  for (const std::string& url : set_aside) {
    auto aside = wallet->call("wallet.set_aside", Json{{"url", url}});
    if (!aside) return wallet_error(out, aside.error());
  }
  auto answer = wallet->call("wallet.recover", kNothing);
  if (!answer) return wallet_error(out, answer.error());
  return show_recovery(out, *answer);
}

}  // namespace archy::cli
