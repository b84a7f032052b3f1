#include "cli/wallet_caller.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

namespace archy::cli {
namespace {

constexpr std::size_t kMostBytes = 1'000'000;

}  // namespace

const rpc::Json kNothing = rpc::Json::object();

Result<WalletCaller> WalletCaller::open(const GlobalOptions& global, Missing missing) {
  CallerOptions options;
  const bool make = missing == Missing::make;
  options.create = make ? app::DataDir::Create::if_missing : app::DataDir::Create::never;
  TRY(caller, Caller::open(global, std::move(options)));
  WalletCaller out(std::move(caller));
  if (!make) return out;
  TRY(made, out.call("wallet.create", rpc::Json{{"show", false}}));
  if (made.at("created").get<bool>()) {
    // Also beside JSON: nobody could know of it otherwise.
    std::fputs("a wallet was made; its words are its only backup: archipelago wallet words\n",
               stderr);
  }
  return out;
}

Result<rpc::Json> WalletCaller::call(std::string_view method, const rpc::Json& params) {
  auto answer = caller_->call(method, params);
  if (!answer && answer.error().code == Code::cancelled) {
    return fail(Code::cancelled,
                "interrupted; what was begun stays in the book: archipelago wallet resume");
  }
  return answer;
}

int call_wallet(const GlobalOptions& global, std::string_view method, const rpc::Json& params,
                const std::function<int(const Output&, const rpc::Json&)>& show,
                WalletCaller::Missing missing) {
  const Output out = global.output();
  auto wallet = WalletCaller::open(global, missing);
  if (!wallet) return wallet_error(out, wallet.error());
  auto answer = wallet->call(method, params);
  if (!answer) return wallet_error(out, answer.error());
  return show(out, *answer);
}

Result<std::string> read_secret(const std::string& file) {
  const bool from_stdin = file == "-";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      from_stdin ? stdin : std::fopen(file.c_str(), "rb"),
      [](std::FILE* one) { return one == stdin ? 0 : std::fclose(one); });
  if (!opened) {
    if (errno == ENOENT) return fail(Code::not_found, fmt::format("there is no file {}", file));
    return fail(Code::io, fmt::format("{} cannot be read", file));
  }
  std::string text(kMostBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), opened.get()));
  if (std::ferror(opened.get())) return fail(Code::io, fmt::format("{} cannot be read", file));
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return fail(Code::bad_input, "there is nothing to read");
  text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  if (text.size() > kMostBytes) return fail(Code::bad_input, "more than 1 MB: no token, no words");
  return text;
}

}  // namespace archy::cli
