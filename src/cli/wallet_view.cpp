#include "cli/wallet_view.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"
#include "rpc/message.hpp"

namespace archy::cli {
namespace {

std::string text_of(const rpc::Json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end() || !found->is_string()) return {};
  return escape_for_terminal(found->get<std::string>());
}

std::string time_of(const rpc::Json& row, const char* name) {
  const auto seconds = static_cast<std::time_t>(row.at(name).get<std::int64_t>() / 1000);
  std::tm parts{};
  char out[32] = {};
  if (::localtime_r(&seconds, &parts)) std::strftime(out, sizeof out, "%Y-%m-%d %H:%M", &parts);
  return out;
}

// Of a swap between mints and its parts also where it goes to or comes from.
std::string both_mints(const rpc::Json& operation) {
  const std::string here = text_of(operation, "mint"), there = text_of(operation, "counterpart");
  if (there.empty()) return here;
  const bool is_target = text_of(operation, "kind") == "mint";
  return fmt::format("{} {} {}", here, is_target ? "<-" : "->", there);
}

std::size_t widest(const rpc::Json& rows, const char* name) {
  std::size_t out = 0;
  for (const rpc::Json& row : rows) out = std::max(out, text_of(row, name).size());
  return out;
}

}  // namespace

void show(const Output& out, const rpc::Json& row, std::string_view text) {
  out.raw(out.json() ? std::string_view(rpc::to_text(row)) : text);
}

void note(const Output& out, std::string_view text) {
  if (!out.json()) fmt::print(stderr, "{}\n", text);
}

Result<> judge(const rpc::Json& operation) {
  const std::string state = text_of(operation, "state"), kind = text_of(operation, "kind");
  const auto id = operation.at("operation").get<std::int64_t>();
  const std::string why = text_of(operation, "note");
  const std::string colon_why = why.empty() ? "" : ": " + why;
  // Ours already: it is redeemed when its mint is met.
  const bool accepted = text_of(operation, "stage") == "accepted";
  if (state == "done" || accepted) return {};
  if (state == "failed") {
    const Code code = kind == "receive" ? Code::bad_input : Code::unreachable;
    const auto fee = number_of(operation, "fee_sats");
    const std::string lost =
        fee == 0 ? "nothing was lost" : fmt::format("{} sat were lost in fees", fee);
    return fail(code, fmt::format("{} {} failed, and {}{}", kind, id, lost, colon_why));
  }
  const bool open = state == "open";
  return fail(Code::unknown_outcome,
              fmt::format("{} {} {}{} (archipelago wallet resume {} goes on with it)", kind, id,
                          open ? "is still open" : "needs attention", colon_why, id));
}

int show_ended(const Output& out, const rpc::Json& operation, const std::string& text) {
  const auto judged = judge(operation);
  if (judged) {
    show(out, operation, text);
    return kOk;
  }
  if (out.json()) out.raw(rpc::to_text(operation));
  return wallet_error(out, judged.error());
}

std::string string_of(const rpc::Json& row, const char* name) {
  return escape_for_terminal(row.at(name).get<std::string>());
}
std::uint64_t number_of(const rpc::Json& row, const char* name) {
  return row.at(name).get<std::uint64_t>();
}

std::string operation_line(const rpc::Json& operation) {
  const auto fee = number_of(operation, "fee_sats");
  const std::string note = text_of(operation, "note");
  return fmt::format("{:>5}  {}  {:<10}  {:<15}  {:>10} sat  {:<8}  {}{}",
                     number_of(operation, "operation"), time_of(operation, "created_ms"),
                     text_of(operation, "kind"), text_of(operation, "state"),
                     number_of(operation, "amount_sats"), fee ? fmt::format("fee {}", fee) : "",
                     both_mints(operation), note.empty() ? "" : "  " + note);
}

std::string operation_page(const rpc::Json& operation) {
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out += fmt::format("{}{:<10} {}", out.empty() ? "" : "\n", name, value);
  };
  const auto sats = [&](const char* name) {
    return fmt::format("{} sat", number_of(operation, name));
  };
  line("operation",
       fmt::format("{} {}", text_of(operation, "kind"), number_of(operation, "operation")));
  line("state", fmt::format("{} ({})", text_of(operation, "state"), text_of(operation, "stage")));
  line("amount", sats("amount_sats"));
  line("fee", sats("fee_sats"));
  line("mint", text_of(operation, "mint"));
  line("other end", text_of(operation, "counterpart"));
  if (!operation.at("part_of").is_null())
    line("part of", fmt::format("cross_swap {}", number_of(operation, "part_of")));
  line("memo", text_of(operation, "memo"));
  line("begun", time_of(operation, "created_ms"));
  line("changed", time_of(operation, "changed_ms"));
  line("invoice", text_of(operation, "invoice"));
  line("preimage", text_of(operation, "preimage"));
  for (const rpc::Json& request : operation.at("requests")) {
    line("request", fmt::format("{} {}{}", text_of(request, "path"), text_of(request, "state"),
                                request.at("unanswered").get<bool>() ? ", unanswered" : ""));
  }
  line("note", text_of(operation, "note"));
  return out;
}

void show_mints(const Output& out, const rpc::Json& answer) {
  const rpc::Json& rows = answer.at("mints");
  const std::size_t width = widest(rows, "url");
  for (const rpc::Json& row : rows) {
    std::string more = row.at("home").get<bool>() ? "  home" : "";
    if (!row.at("trusted").get<bool>()) more += "  not trusted";
    if (number_of(row, "asked_again_s") > 0)
      more += fmt::format("  no answer {} times, asked again in {} s", number_of(row, "unanswered"),
                          number_of(row, "asked_again_s"));
    if (!row.at("cap_sats").is_null()) more += fmt::format("  cap {}", number_of(row, "cap_sats"));
    show(out, row,
         fmt::format("{:<{}}  {:>10} sat{}", text_of(row, "url"), width,
                     number_of(row, "balance_sats"), more));
  }
  if (rows.empty()) note(out, "no mints yet: archipelago wallet mints add URL");
}

void show_balance(const Output& out, const rpc::Json& answer) {
  const rpc::Json& rows = answer.at("mints");
  const std::size_t width = std::max(widest(rows, "url"), std::string_view("total").size());
  std::string text;
  for (const rpc::Json& row : rows) {
    text += fmt::format("{:<{}}  {:>10} sat", text_of(row, "url"), width,
                        number_of(row, "balance_sats"));
    if (row.at("home").get<bool>()) text += "  home";
    if (!row.at("trusted").get<bool>()) text += "  not trusted";
    const std::pair<const char*, std::string_view> parts[] = {
        {"given_sats", "in tokens given away"},
        {"in_recovery_sats", "not decided yet"},
        {"quarantined_sats", "not taken by the mint"}};
    for (const auto& [name, what] : parts) {
      if (number_of(row, name) > 0) text += fmt::format("  {} {}", number_of(row, name), what);
    }
    text += '\n';
  }
  text += fmt::format("{:<{}}  {:>10} sat", "total", width, number_of(answer, "total_sats"));
  show(out, answer, text);
}

int wallet_error(const Output& out, const Error& error) {
  const int code = out.error(error);
  return error.code == Code::denied ? static_cast<int>(kPrice) : code;
}

}  // namespace archy::cli
