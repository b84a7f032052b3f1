// wallet.*: backups, taking one in, and what has to be asked before anything is spent then.
#include <nlohmann/json.hpp>

#include "rpc/message.hpp"
#include "rpc/method.hpp"
#include "rpc/wallet_json.hpp"

namespace archy::rpc {
namespace {

constexpr std::int64_t kPathBytes = 4096;
constexpr std::int64_t kWordsBytes = 1024;

Json facts_json(const wallet::BackupFacts& facts) {
  return {{"made_ms", facts.made_ms},
          {"mints", facts.mints},
          {"open_operations", facts.open_operations},
          {"tokens_out", facts.tokens_out},
          {"bytes", facts.bytes}};
}

std::vector<ResultField> facts_fields() {
  return {{"made_ms", "since 1970"},
          {"mints", "that are trusted"},
          {"open_operations", ""},
          {"tokens_out", "that nobody had redeemed"},
          {"bytes", "of the file"}};
}

Json recovery_json(const WalletApi::RecoveryView& view) {
  return {{"url", view.mint_url},
          {"state", to_string(view.recovery.state)},
          {"found_sats", view.recovery.found.value()},
          {"spent_sats", view.recovery.spent.value()},
          {"unknown_sats", view.unknown.value()},
          {"note", view.recovery.note}};
}

rt::Task<Json> backup(Context& context, const Grant& grant, const Json& params) {
  std::optional<rt::Path> file;
  if (has(params, "file")) file = rt::Path(text(params, "file"));
  CO_TRY(made, context.node.wallet().back_up(std::move(file)));
  Json out = facts_json(made.facts);
  out["files"] = Json::array();
  for (const rt::Path& path : made.files) out["files"].push_back(shown_path(path, grant));
  co_return out;
}

rt::Task<Json> restore_backup(Context& context, const Grant&, const Json& params) {
  std::optional<Secret<std::string>> words;
  if (has(params, "words")) words.emplace(text(params, "words"));
  CO_TRY(facts, context.node.wallet().take_in_backup(text(params, "file"), std::move(words)));
  co_return facts_json(facts);
}

Result<std::optional<wallet::RepairWay>> way_of(const Json& params) {
  if (!has(params, "way")) return std::optional<wallet::RepairWay>{};
  using wallet::RepairWay;
  for (const RepairWay way : {RepairWay::backup, RepairWay::rows, RepairWay::words})
    if (text(params, "way") == to_string(way)) return std::optional(way);
  return fail(Code::bad_input, "way: wants backup, rows or words");
}

rt::Task<Json> repair(Context& context, const Grant& grant, const Json& params) {
  CO_TRY(way, way_of(params));
  CO_TRY(report, context.node.wallet().repair(way));
  const bool backup = report.backup.has_value();
  co_return Json{{"way", to_string(report.way)},
                 {"set_aside", shown_path(report.set_aside, grant)},
                 {"backup", backup ? Json(shown_path(report.backup->path, grant)) : Json(nullptr)},
                 {"backup_made_ms", backup ? Json(report.backup->facts.made_ms) : Json(nullptr)},
                 {"left_out", report.left_out}};
}

rt::Task<Json> recover(Context& context, const Grant&, const Json&) {
  CO_TRY(views, co_await context.node.wallet().recover(context.stop));
  Json list = Json::array();
  for (const WalletApi::RecoveryView& view : views) list.push_back(recovery_json(view));
  co_return Json{{"mints", list}};
}

rt::Task<Json> set_aside(Context& context, const Grant&, const Json& params) {
  const std::string url = text(params, "url");
  CO_TRY_OK(context.node.wallet().set_aside(url));
  co_return Json{{"url", url}, {"state", "set_aside"}};
}

std::vector<ResultField> backup_fields() {
  auto out = facts_fields();
  out.push_back({"files", "that were written, each read back and opened; over TCP their names"});
  return out;
}

}  // namespace

std::vector<Method> backup_methods() {
  return {
      {.name = "wallet.backup",
       .scope = Scope::admin,
       .changes = true,
       .help =
           "Writes a backup, sealed with the words: everything that the words alone do not bring "
           "back. Backups are also made by themselves, after each change and every hour.",
       .params = {{"file", Type::text, false,
                   "where to; an older backup there is replaced. Left out: the folders of backups",
                   1, kPathBytes}},
       .result = backup_fields(),
       .errors = {Code::not_found, Code::denied, Code::corrupt, Code::io, Code::no_space},
       .handler = backup},
      {.name = "wallet.restore_backup",
       .scope = Scope::admin,
       .changes = true,
       .help = "Makes the wallet of a backup where there is none yet. Nothing is spent before "
               "wallet.recover has asked its mints.",
       .params = {{"file", Type::text, true, "the backup", 1, kPathBytes},
                  {"words", Type::text, false, "its words, where they are not there yet", 0,
                   kWordsBytes}},
       .result = facts_fields(),
       .errors = {Code::not_found, Code::denied, Code::unsupported, Code::corrupt, Code::try_later,
                  Code::io, Code::no_space},
       .handler = restore_backup},
      {.name = "wallet.repair",
       .scope = Scope::admin,
       .changes = true,
       .help =
           "Sets a damaged database aside, untouched, and makes a new one: of the newest backup "
           "that opens, of the rows that can still be read, or of the mints alone. The words "
           "bring back the rest (wallet.recover).",
       .params = {{"way", Type::text, false,
                   "backup, rows or words; left out: the first that can be gone", 0, 16}},
       .result = {{"way", "that was gone"},
                  {"set_aside", "the folder with the damaged files; over TCP its name"},
                  {"backup", "that was taken in, or null; over TCP its name"},
                  {"backup_made_ms", "since 1970, or null"},
                  {"left_out", "rows: operations and proofs that could not be kept"}},
       .errors = {Code::not_found, Code::denied, Code::try_later, Code::corrupt, Code::io,
                  Code::no_space},
       .handler = repair},
      {.name = "wallet.recover",
       .scope = Scope::spend,
       .changes = true,
       .help = "After a backup or an older copy of the database was put back: asks each mint what "
               "was signed and spent since. A node does it by itself, every minute.",
       .result = {{"mints[].url", ""},
                  {"mints[].state",
                   "needed: nothing is spent anywhere; set_aside: nothing is spent there; checked: "
                   "only operations from before are open; done"},
                  {"mints[].found_sats", "that the wallet did not know of"},
                  {"mints[].spent_sats", "that it took for its own"},
                  {"mints[].unknown_sats", "in operations from before that are not decided"},
                  {"mints[].note", "why it is not done yet"}},
       .errors = {Code::not_found, Code::corrupt, Code::io},
       .handler = recover},
      {.name = "wallet.set_aside",
       .scope = Scope::admin,
       .changes = true,
       .help = "A mint that does not answer holds up the others no longer. Nothing is spent there "
               "until it has answered.",
       .params = {url_param()},
       .result = {{"url", ""}, {"state", "set_aside"}},
       .errors = {Code::not_found},
       .handler = set_aside},
  };
}

}  // namespace archy::rpc
