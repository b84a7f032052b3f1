// wallet: words, mints, balances, and looking at what was done.
#include "cli/wallet_commands.hpp"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"
#include "cli/wallet_caller.hpp"
#include "rpc/message.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

}  // namespace

Result<std::string> read_words_file(const std::string& file) {
  TRY(text, read_secret(file));
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) out += c;
    if (space && !out.ends_with(' ')) out += ' ';
  }
  return out;
}

// --- words ---------------------------------------------------------------------------------------

int wallet_init(const GlobalOptions& global, const std::string& words_file) {
  const Output out = global.output();
  Json params = kNothing;
  if (!words_file.empty()) {
    auto words = read_words_file(words_file);
    if (!words) return out.error(words.error());
    params = {{"words", *words}, {"show", false}};
  }
  CallerOptions options;
  options.create = app::DataDir::Create::if_missing;
  auto caller = Caller::open(global, std::move(options));
  if (!caller) return out.error(caller.error());
  auto made = (*caller)->call("wallet.create", params);
  if (!made) return out.error(made.error());
  if (!made->at("created").get<bool>()) {
    show(out, *made, "there is a wallet already (archipelago wallet words shows its words)");
  } else if (!words_file.empty()) {
    show(out, *made,
         "the wallet of these words lives here now; archipelago wallet restore --mint URL "
         "brings back its ecash");
  } else {
    note(out, "Write these words down: whoever has them has the ecash, without them it is lost.");
    show(out, *made, string_of(*made, "words"));
  }
  return kOk;
}

int wallet_words(const GlobalOptions& global) {
  return call_wallet(
      global, "wallet.words", kNothing,
      [](const Output& out, const Json& answer) {
        show(out, answer, string_of(answer, "words"));
        return kOk;
      },
      WalletCaller::Missing::leave);
}

int wallet_pubkey(const GlobalOptions& global) {
  return call_wallet(global, "wallet.lock_key", kNothing,
                     [](const Output& out, const Json& answer) {
                       show(out, answer, string_of(answer, "pubkey"));
                       return kOk;
                     });
}

int wallet_restore(const GlobalOptions& global, const std::string& words_file,
                   const std::vector<std::string>& mints) {
  const Output out = global.output();
  if (!words_file.empty()) {
    auto words = read_words_file(words_file);
    if (!words) return out.error(words.error());
    CallerOptions options;
    options.create = app::DataDir::Create::if_missing;
    auto caller = Caller::open(global, std::move(options));
    if (!caller) return out.error(caller.error());
    auto made = (*caller)->call("wallet.create", Json{{"words", *words}, {"show", false}});
    if (!made) return out.error(made.error());
  }
  auto wallet = WalletCaller::open(global, WalletCaller::Missing::leave);
  if (!wallet) return wallet_error(out, wallet.error());
  std::vector<std::string> urls = mints;
  if (urls.empty()) {
    auto known = wallet->call("wallet.mints", kNothing);
    if (!known) return wallet_error(out, known.error());
    for (const Json& row : known->at("mints"))
      if (row.at("trusted").get<bool>()) urls.push_back(row.at("url").get<std::string>());
  }
  if (urls.empty())
    return wallet_error(out, {Code::bad_input, "no mint is trusted yet: name one with --mint URL"});
  int exit = kOk;
  for (const std::string& url : urls) {
    Result<Json> answer = kNothing;
    // Whoever names a mint here trusts it.
    if (!mints.empty()) answer = wallet->call("wallet.mint_add", Json{{"url", url}});
    if (answer) answer = wallet->call("wallet.restore", Json{{"url", url}});
    if (answer) {
      const auto count = [&](const char* name) { return answer->at(name).get<std::uint64_t>(); };
      show(out, *answer,
           fmt::format("{}: {} sat in {} proofs, {} proofs of before are spent", url,
                       count("restored_sats"), count("proofs"), count("spent_proofs")));
      continue;
    }
    const Error error{answer.error().code, fmt::format("{}: {}", url, to_string(answer.error()))};
    const int code = wallet_error(out, error);
    if (exit == kOk) exit = code;
    if (error.code == Code::cancelled) return code;
  }
  return exit;
}

int wallet_doctor(const GlobalOptions& global) {
  return call_wallet(
      global, "wallet.doctor", kNothing,
      [](const Output& out, const Json& answer) {
        std::uint64_t warnings = 0, failures = 0;
        for (const Json& one : answer.at("findings")) {
          const std::string health = string_of(one, "health");
          warnings += health == "warning" ? 1 : 0;
          failures += health == "failure" ? 1 : 0;
          show(out, one,
               fmt::format("{:<8} {:<11} {}", health, string_of(one, "check"),
                           string_of(one, "text")));
        }
        show(out, Json{{"warnings", warnings}, {"failures", failures}},
             fmt::format("{} warnings, {} failures", warnings, failures));
        return failures == 0 ? kOk : kMoneyAttention;
      },
      WalletCaller::Missing::leave);
}

// --- mints ---------------------------------------------------------------------------------------

int wallet_mints(const GlobalOptions& global) {
  return call_wallet(global, "wallet.mints", kNothing, [](const Output& out, const Json& answer) {
    show_mints(out, answer);
    return kOk;
  });
}

int wallet_balance(const GlobalOptions& global) {
  return call_wallet(global, "wallet.balance", kNothing, [](const Output& out, const Json& answer) {
    show_balance(out, answer);
    return kOk;
  });
}

int wallet_mint_add(const GlobalOptions& global, const std::string& url) {
  return call_wallet(global, "wallet.mint_add", Json{{"url", url}},
                     [](const Output& out, const Json& answer) {
                       const bool home = answer.at("became_home").get<bool>();
                       show(out, answer,
                            fmt::format("{} is trusted{}", string_of(answer, "url"),
                                        home ? "; the first mint, so it is home" : ""));
                       return kOk;
                     });
}

int wallet_mint_home(const GlobalOptions& global, const std::string& url) {
  return call_wallet(global, "wallet.mint_home", Json{{"url", url}},
                     [](const Output& out, const Json& answer) {
                       show(out, answer, fmt::format("{} is home", string_of(answer, "url")));
                       return kOk;
                     });
}

int wallet_mint_cap(const GlobalOptions& global, const std::string& url, const std::string& sats) {
  Json params{{"url", url}};
  if (sats != "none") {
    std::int64_t cap = -1;
    const auto [end, error] = std::from_chars(sats.data(), sats.data() + sats.size(), cap);
    if (error != std::errc() || end != sats.data() + sats.size() || cap < 0)
      return global.output().error({Code::bad_input, "a cap is a number of sats, or none"});
    params["cap_sats"] = cap;
  }
  return call_wallet(global, "wallet.mint_cap", params, [](const Output& out, const Json& answer) {
    const Json& cap = answer.at("cap_sats");
    show(out, answer,
         cap.is_null() ? fmt::format("{} has no cap", string_of(answer, "url"))
                       : fmt::format("at most {} sat lie at {}", cap.get<std::uint64_t>(),
                                     string_of(answer, "url")));
    return kOk;
  });
}

int wallet_mint_remove(const GlobalOptions& global, const std::string& url) {
  return call_wallet(global, "wallet.mint_remove", Json{{"url", url}},
                     [](const Output& out, const Json& answer) {
                       show(out, answer,
                            fmt::format("{} is not trusted any more; what lies there can be spent",
                                        string_of(answer, "url")));
                       return kOk;
                     });
}

// --- operations ----------------------------------------------------------------------------------

int wallet_history(const GlobalOptions& global, std::uint64_t limit) {
  return call_wallet(global, "wallet.history", Json{{"limit", limit}},
                     [](const Output& out, const Json& answer) {
                       for (const Json& row : answer.at("operations"))
                         show(out, row, operation_line(row));
                       return kOk;
                     });
}

int wallet_operation(const GlobalOptions& global, std::uint64_t operation) {
  return call_wallet(global, "wallet.operation", Json{{"operation", operation}},
                     [](const Output& out, const Json& answer) {
                       show(out, answer, operation_page(answer));
                       return kOk;
                     });
}

}  // namespace archy::cli
