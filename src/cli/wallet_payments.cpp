// wallet: what moves money.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"
#include "cli/qr.hpp"
#include "cli/wallet_caller.hpp"
#include "cli/wallet_commands.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

// How long one call waits for a payment; then it is asked again.
constexpr std::uint64_t kSliceS = 20;
// An invoice that does not say when it ends.
constexpr std::uint64_t kInvoiceS = 3600;
constexpr std::uint64_t kLateS = 60;  // after its end: a payment on its way

// The parameters that are not left out.
Json params_of(const PayOptions& options) {
  Json out = Json::object();
  if (options.amount > 0 || options.invoice.empty()) out["amount_sats"] = options.amount;
  const std::pair<const char*, const std::string*> texts[] = {{"invoice", &options.invoice},
                                                              {"mint", &options.mint},
                                                              {"key", &options.key},
                                                              {"memo", &options.memo},
                                                              {"lock", &options.lock}};
  for (const auto& [name, text] : texts)
    if (!text->empty()) out[name] = *text;
  if (options.max_fee) out["max_fee_sats"] = *options.max_fee;
  if (options.include_fee) out["include_fee"] = true;
  return out;
}

std::string fee_text(const Json& row) {
  const auto fee = number_of(row, "fee_sats");
  return fee == 0 ? "" : fmt::format(", fee {} sat", fee);
}

std::string mint_of(const Json& row) {
  return escape_for_terminal(row.at("mint").get<std::string>());
}

// --- mint ----------------------------------------------------------------------------------------

void show_invoice(const Output& out, const Json& row) {
  const auto invoice = row.at("invoice").get<std::string>();
  show(out,
       Json{{"operation", row.at("operation")},
            {"invoice", invoice},
            {"amount_sats", row.at("amount_sats")},
            {"mint", row.at("mint")}},
       escape_for_terminal(invoice));
  std::string upper = invoice;  // upper case takes the smaller kind of code
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (const auto code = qr_code(upper)) out.text_line(*code);
}

std::uint64_t patience_of(const PayOptions& options, const Json& row) {
  if (options.timeout_s) return *options.timeout_s;
  if (row.at("expires_unix_s").is_null()) return kInvoiceS;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto left = static_cast<std::int64_t>(number_of(row, "expires_unix_s")) - now;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)) + kLateS;
}

// Until it has ended or patience has. Errors: as the call's.
Result<Json> wait_until_paid(WalletCaller& wallet, Json row, std::uint64_t patience_s) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(patience_s);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(until - std::chrono::steady_clock::now())
            .count();
    const auto slice = std::clamp<std::int64_t>(left, 0, kSliceS);
    auto answer =
        wallet.call("wallet.go_on", Json{{"operation", row.at("operation")}, {"timeout_s", slice}});
    if (!answer && answer.error().code == Code::cancelled) {
      return fail(Code::cancelled,
                  fmt::format("interrupted; the invoice stands, and what is paid to it is claimed "
                              "by: archipelago wallet resume {}",
                              number_of(row, "operation")));
    }
    if (!answer || answer->at("state") != "open" || left <= slice) return answer;
    row = *answer;
  }
}

// --- send ----------------------------------------------------------------------------------------

// The token alone on standard output, so that it can be piped on; the rest beside it.
int show_token(const Output& out, const Json& row, bool qr) {
  const auto token = row.at("token").get<std::string>();
  show(out,
       Json{{"operation", row.at("operation")},
            {"token", token},
            {"amount_sats", row.at("amount_sats")},
            {"fee_sats", row.at("fee_sats")},
            {"mint", row.at("mint")}},
       token);
  note(out, fmt::format("{} sat of {}{}; archipelago wallet reclaim {} takes it back while nobody "
                        "has redeemed it",
                        number_of(row, "amount_sats"), mint_of(row), fee_text(row),
                        number_of(row, "operation")));
  if (!qr) return kOk;
  const auto code = qr_code(token);
  note(out, code ? *code : "the token is too long for one QR code");
  return kOk;
}

}  // namespace

int wallet_mint(const GlobalOptions& global, const PayOptions& options) {
  const Output out = global.output();
  auto wallet = WalletCaller::open(global);
  if (!wallet) return wallet_error(out, wallet.error());
  auto row = wallet->call("wallet.mint", params_of(options));
  if (!row) return wallet_error(out, row.error());
  if (row->at("invoice").is_null()) return show_ended(out, *row, "");
  show_invoice(out, *row);
  if (options.no_wait) return kOk;
  note(out, "waiting until it is paid; Ctrl-C leaves it open");
  const std::uint64_t patience_s = patience_of(options, *row);
  auto ended = wait_until_paid(*wallet, *row, patience_s);
  if (!ended) return wallet_error(out, ended.error());
  return show_ended(
      out, *ended,
      fmt::format("{} sat are here, at {}", number_of(*ended, "amount_sats"), mint_of(*ended)));
}

int wallet_melt(const GlobalOptions& global, const PayOptions& options) {
  return call_wallet(
      global, "wallet.melt", params_of(options), [](const Output& out, const Json& row) {
        return show_ended(out, row,
                          fmt::format("paid {} sat from {}{}", number_of(row, "amount_sats"),
                                      mint_of(row), fee_text(row)));
      });
}

int wallet_send(const GlobalOptions& global, const PayOptions& options) {
  return call_wallet(global, "wallet.send", params_of(options),
                     [&](const Output& out, const Json& row) {
                       if (row.at("token").is_null()) return show_ended(out, row, "");
                       return show_token(out, row, options.qr);
                     });
}

int wallet_receive(const GlobalOptions& global, const std::string& file, bool offline) {
  auto token = read_secret(file);
  if (!token) return global.output().error(token.error());
  std::erase_if(*token, [](unsigned char c) { return std::isspace(c) != 0; });
  const Json params{{"token", *token}, {"offline", offline}};
  return call_wallet(global, "wallet.receive", params, [](const Output& out, const Json& row) {
    const bool done = row.at("state") == "done";
    return show_ended(out, row,
                      fmt::format("{} sat {} {}{}", number_of(row, "amount_sats"),
                                  done ? "are here, at" : "are taken in, to be redeemed at",
                                  mint_of(row), fee_text(row)));
  });
}

int wallet_reclaim(const GlobalOptions& global, std::uint64_t operation) {
  return call_wallet(global, "wallet.take_back", Json{{"operation", operation}},
                     [](const Output& out, const Json& row) {
                       return show_ended(
                           out, row,
                           fmt::format("{} sat are back at {}{}", number_of(row, "amount_sats"),
                                       mint_of(row), fee_text(row)));
                     });
}

int wallet_token(const GlobalOptions& global, std::uint64_t operation) {
  return call_wallet(global, "wallet.token", Json{{"operation", operation}},
                     [](const Output& out, const Json& row) {
                       show(out, row, row.at("token").get<std::string>());
                       return kOk;
                     });
}

int wallet_resume(const GlobalOptions& global, std::uint64_t operation) {
  if (operation != 0) {
    return call_wallet(global, "wallet.go_on", Json{{"operation", operation}},
                       [](const Output& out, const Json& row) {
                         return show_ended(out, row, operation_line(row));
                       });
  }
  return call_wallet(global, "wallet.resume", Json::object(),
                     [](const Output& out, const Json& answer) {
                       int exit = kOk;
                       for (const Json& row : answer.at("operations")) {
                         show(out, row, operation_line(row));
                         const std::string state = row.at("state");
                         // An invoice that nobody has paid yet needs nobody.
                         const bool unpaid = row.at("stage") == "quoted" && state == "open";
                         if ((state == "open" && !unpaid) || state == "needs_attention")
                           exit = kMoneyAttention;
                       }
                       if (answer.at("operations").empty()) note(out, "nothing is open");
                       return exit;
                     });
}

}  // namespace archy::cli
