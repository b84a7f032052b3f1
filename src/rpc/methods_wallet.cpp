// wallet.*: its words, its mints, what lies there, and whether all is well.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rpc/message.hpp"
#include "rpc/method.hpp"
#include "rpc/wallet_json.hpp"

namespace archy::rpc {
namespace {

using cashu::Amount;

// Longest text of words that is looked at. Units: bytes.
constexpr std::int64_t kWordsBytes = 1024;

rt::Task<Json> create(Context& context, const Grant&, const Json& params) {
  std::optional<Secret<std::string>> given;
  if (has(params, "words")) given.emplace(text(params, "words"));
  CO_TRY(created, context.node.wallet().create(std::move(given)));
  Json shown = nullptr;
  if (created && flag(params, "show", true)) {
    CO_TRY(words, context.node.wallet().words());
    shown = words.reveal();
  }
  co_return Json{{"created", created}, {"words", shown}};
}

rt::Task<Json> words(Context& context, const Grant&, const Json&) {
  CO_TRY(words, context.node.wallet().words());
  co_return Json{{"words", words.reveal()}};
}

rt::Task<Json> lock_key(Context& context, const Grant&, const Json&) {
  CO_TRY(key, context.node.wallet().lock_key());
  co_return Json{{"pubkey", key}};
}

// A mint that is not trusted is of interest while something lies there.
Result<std::vector<wallet::MintBalance>> shown_balances(WalletApi& wallet) {
  TRY(all, wallet.balances());
  std::erase_if(all, [](const wallet::MintBalance& one) {
    const Amount none;
    return !one.mint.trusted && one.spendable == none && one.reserved == none &&
           one.given == none && one.quarantined == none;
  });
  return all;
}

rt::Task<Json> balance(Context& context, const Grant&, const Json&) {
  CO_TRY(balances, shown_balances(context.node.wallet()));
  Amount total;
  Json list = Json::array();
  for (const wallet::MintBalance& one : balances) {
    total = total.plus(one.spendable).value_or(Amount(UINT64_MAX));
    list.push_back(balance_json(one));
  }
  co_return Json{{"total_sats", total.value()}, {"mints", list}};
}

rt::Task<Json> mints(Context& context, const Grant&, const Json&) {
  CO_TRY(balances, shown_balances(context.node.wallet()));
  Json list = Json::array();
  for (const wallet::MintBalance& one : balances) list.push_back(mint_json(one));
  co_return Json{{"mints", list}};
}

// The row of wallet.mints that the mint has now.
Result<Json> row_of(WalletApi& wallet, wallet::MintId id) {
  TRY(balances, wallet.balances());
  for (const wallet::MintBalance& one : balances)
    if (one.mint.id == id) return mint_json(one);
  return fail(Code::not_found, "no such mint");
}

rt::Task<Json> mint_add(Context& context, const Grant&, const Json& params) {
  WalletApi& wallet = context.node.wallet();
  CO_TRY(row, co_await wallet.add_mint(text(params, "url"), context.stop));
  CO_TRY(balances, wallet.balances());
  bool has_home = false;
  for (const wallet::MintBalance& one : balances) has_home = has_home || one.mint.home;
  if (!has_home) CO_TRY_OK(wallet.set_home(row.url));
  CO_TRY(shown, row_of(wallet, row.id));
  shown["became_home"] = !has_home;
  co_return shown;
}

rt::Task<Json> mint_home(Context& context, const Grant&, const Json& params) {
  const std::string url = text(params, "url");
  CO_TRY_OK(context.node.wallet().set_home(url));
  co_return Json{{"url", url}, {"home", true}};
}

rt::Task<Json> mint_cap(Context& context, const Grant&, const Json& params) {
  const std::string url = text(params, "url");
  std::optional<Amount> cap;
  if (has(params, "cap_sats"))
    cap = Amount(static_cast<std::uint64_t>(integer(params, "cap_sats", 0)));
  CO_TRY_OK(context.node.wallet().set_cap(url, cap));
  co_return Json{{"url", url}, {"cap_sats", cap ? Json(cap->value()) : Json(nullptr)}};
}

rt::Task<Json> mint_remove(Context& context, const Grant&, const Json& params) {
  const std::string url = text(params, "url");
  CO_TRY_OK(context.node.wallet().remove_mint(url));
  co_return Json{{"url", url}, {"trusted", false}};
}

rt::Task<Json> restore(Context& context, const Grant&, const Json& params) {
  const std::string url = text(params, "url");
  CO_TRY(report, co_await context.node.wallet().restore(url, context.stop));
  co_return Json{{"mint", url},
                 {"restored_sats", report.found.value()},
                 {"proofs", report.proofs},
                 {"known_proofs", report.known},
                 {"spent_proofs", report.spent},
                 {"pending_proofs", report.pending},
                 {"lost_sats", report.lost.value()},
                 {"wrong_signatures", report.refused},
                 {"counters", report.counters}};
}

// --- doctor --------------------------------------------------------------------------------------

// What may name files of ours.
std::string shown_trouble(const std::string& text, const Grant& grant) {
  return grant.local ? text : std::string(kSeeTheLog);
}

class Findings {
 public:
  void say(std::string_view check, std::string_view health, std::string text) {
    list_.push_back({{"check", check}, {"health", health}, {"text", std::move(text)}});
  }
  Json take() { return std::move(list_); }

 private:
  Json list_ = Json::array();
};

void judge_operations(Findings& findings, const std::vector<WalletLine>& open) {
  for (const WalletLine& line : open) {
    const wallet::Operation& one = line.operation;
    const bool trouble = one.state == wallet::OperationState::needs_attention;
    findings.say("operation", trouble ? "failure" : "warning",
                 fmt::format("{} {} of {} sat at {} is {}{}{}", to_string(one.kind), one.id.value(),
                             one.amount.value(), line.mint_url, to_string(one.state),
                             one.note.empty() ? "" : ": ", one.note));
  }
  if (open.empty()) findings.say("operation", "ok", "none is open");
}

void judge_recoveries(Findings& findings, const std::vector<WalletApi::RecoveryView>& all) {
  for (const WalletApi::RecoveryView& one : all) {
    if (one.recovery.state == wallet::RecoveryState::done) continue;
    const bool holds_up = one.recovery.state == wallet::RecoveryState::needed;
    findings.say("recovery", holds_up ? "failure" : "warning",
                 fmt::format("{}: {}{}{}", one.mint_url,
                             holds_up ? "nothing is spent before it has answered (wallet recover)"
                                      : to_string(one.recovery.state),
                             one.recovery.note.empty() ? "" : ": ", one.recovery.note));
  }
}

void judge_backups(Findings& findings, const WalletApi::BackupState& state, std::int64_t now_ms,
                   const Grant& grant) {
  if (!state.trouble.empty())
    findings.say("backup", "failure",
                 "the last one was not made: " + shown_trouble(state.trouble, grant));
  if (!state.newest)
    return findings.say("backup", "warning", "there is none yet (archipelago wallet backup)");
  const std::int64_t hours =
      std::max<std::int64_t>(now_ms / 3'600'000 - state.newest->facts.made_ms / 3'600'000, 0);
  findings.say("backup", "ok",
               fmt::format("{} is {} hours old", shown_path(state.newest->path, grant), hours));
}

void judge_ending(Findings& findings, const std::vector<wallet::Wallet::Ending>& all,
                  std::uint64_t now_s) {
  for (const wallet::Wallet::Ending& one : all) {
    const bool over = one.final_expiry <= now_s;
    findings.say("keyset", over ? "failure" : "warning",
                 fmt::format("{} sat at {} are in keyset {}, which {}", one.here.value(),
                             one.mint_url, one.keyset,
                             over ? std::string("has ended")
                                  : fmt::format("ends in {} hours (wallet resume swaps them)",
                                                (one.final_expiry - now_s) / 3600)));
  }
}

void judge_mint(Findings& findings, const wallet::MintBalance& balance,
                const Result<wallet::MintSummary>& summary, const Grant& grant) {
  const std::string& url = balance.mint.url;
  if (!summary || !summary->reachable) {
    const std::string why =
        summary ? summary->why : from_error(summary.error(), grant.local).message;
    findings.say("mint", "warning", fmt::format("{} does not answer: {}", url, why));
  } else {
    std::string missing;
    const auto lacks = [&](bool has, std::string_view what) {
      if (!has) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", what);
    };
    lacks(summary->info.restore && summary->info.states, "restoring from words");
    lacks(summary->info.change, "change of payments");
    lacks(summary->info.dleq, "proofs of its signatures");
    if (!missing.empty())
      findings.say("mint", "warning", fmt::format("{} does not offer {}", url, missing));
    else
      findings.say(
          "mint", "ok",
          fmt::format("{} answers, input fee {} ppk", url, summary->input_fee_ppk.value_or(0)));
  }
  if (balance.quarantined > Amount(0))
    findings.say(
        "quarantine", "failure",
        fmt::format("{} does not take {} sat of its ecash", url, balance.quarantined.value()));
  if (balance.mint.cap && balance.spendable > *balance.mint.cap)
    findings.say("cap", "warning",
                 fmt::format("{} sat at {}, more than its cap of {}", balance.spendable.value(),
                             url, balance.mint.cap->value()));
}

rt::Task<Json> doctor(Context& context, const Grant& grant, const Json&) {
  WalletApi& wallet = context.node.wallet();
  Findings findings;
  CO_TRY(there, wallet.exists());
  if (!there) {
    findings.say("wallet", "ok", "there is none yet");
    co_return Json{{"findings", findings.take()}};
  }
  // All of it, as every week: whoever asks the doctor wants to know.
  if (auto sound = wallet.check(); !sound && sound.error().code == Code::corrupt) {
    findings.say("database", "failure", shown_trouble(sound.error().detail, grant));
    co_return Json{{"findings", findings.take()}};
  } else if (!sound) {
    co_return fail(sound.error());
  }
  findings.say("database", "ok", "every page and every row of it is sound");
  CO_TRY(old, wallet.is_old_copy());
  findings.say(
      "wallet", old ? "warning" : "ok",
      old ? "db/wallet.db was put back from an older copy: mints are asked before anything "
            "is spent"
          : "opens, and is the newest copy");
  CO_TRY(recoveries, wallet.recoveries());
  judge_recoveries(findings, recoveries);
  CO_TRY(backups, wallet.backup_state());
  judge_backups(findings, backups, context.clock.unix_ms(), grant);
  CO_TRY(audit, wallet.audit());
  for (std::string& line : audit) findings.say("ledger", "failure", std::move(line));
  if (audit.empty()) findings.say("ledger", "ok", "adds up with the ecash, mint by mint");
  CO_TRY(ending, wallet.ending_keysets());
  judge_ending(
      findings, ending,
      static_cast<std::uint64_t>(std::max<std::int64_t>(context.clock.unix_ms(), 0)) / 1000);
  CO_TRY(open, wallet.open_operations());
  judge_operations(findings, open);
  CO_TRY(balances, shown_balances(wallet));
  for (const wallet::MintBalance& balance : balances) {
    auto summary = co_await wallet.examine(balance.mint.url, context.stop);
    if (!summary && summary.error().code == Code::cancelled) co_return fail(summary.error());
    judge_mint(findings, balance, summary, grant);
  }
  co_return Json{{"findings", findings.take()}};
}

const std::vector<ResultField> kMintRow = {
    {"url", ""},
    {"trusted", "false: its ecash can only be spent"},
    {"home", "where ecash is kept by preference"},
    {"cap_sats", "the most that may lie there, or null"},
    {"balance_sats", "to be spent"},
    {"unanswered", "so many times in a row it has not answered this node"},
    {"asked_again_s", "it is left alone for so long"}};

std::vector<ResultField> mint_fields(const std::string& prefix) {
  std::vector<ResultField> out = kMintRow;
  for (ResultField& field : out) field.name.insert(0, prefix);
  return out;
}

std::vector<ResultField> added_fields() {
  std::vector<ResultField> out = kMintRow;
  out.push_back({"became_home", "because there was no home mint"});
  return out;
}

}  // namespace

std::vector<Method> wallet_methods() {
  return {
      {.name = "wallet.create",
       .scope = Scope::admin,
       .changes = true,
       .help = "Makes a wallet where there is none: twelve words in keys/wallet.words, and its "
               "database. Words that were never used are put aside for given ones, not lost.",
       .params = {{"words", Type::text, false, "of a wallet that is to live on here", 0,
                   kWordsBytes},
                  {"show", Type::boolean, false, "fresh words in the answer, default true"}},
       .result = {{"created", "false: there was a wallet"},
                  {"words", "when it was created; else null, and wallet.words has them"}},
       .errors = {Code::denied, Code::try_later, Code::corrupt, Code::io, Code::no_space},
       .handler = create},
      {.name = "wallet.words",
       .scope = Scope::admin,
       .help = "The words. Whoever has them has all the ecash.",
       .result = {{"words", ""}},
       .errors = {Code::not_found, Code::corrupt},
       .handler = words},
      {.name = "wallet.lock_key",
       .scope = Scope::read,
       .help = "The public key that others lock ecash to for this wallet.",
       .result = {{"pubkey", "66 hex digits"}},
       .errors = {Code::not_found},
       .handler = lock_key},
      {.name = "wallet.balance",
       .scope = Scope::read,
       .help = "What lies where. Units: sat.",
       .result = {{"total_sats", "to be spent, at all mints"},
                  {"mints[].url", ""},
                  {"mints[].home", ""},
                  {"mints[].trusted", ""},
                  {"mints[].balance_sats", "to be spent"},
                  {"mints[].given_sats", "in tokens that nobody has redeemed yet"},
                  {"mints[].in_recovery_sats", "in operations that are not decided yet"},
                  {"mints[].quarantined_sats", "the mint does not take it"}},
       .errors = {Code::not_found},
       .handler = balance},
      {.name = "wallet.mints",
       .scope = Scope::read,
       .help = "The mints that are trusted, and those where something still lies.",
       .result = mint_fields("mints[]."),
       .errors = {Code::not_found},
       .handler = mints},
      {.name = "wallet.mint_add",
       .scope = Scope::admin,
       .changes = true,
       .help = "Trusts a mint, once it has answered as one. The first becomes the home mint.",
       .params = {url_param()},
       .result = added_fields(),
       .errors = {Code::not_found, Code::denied, Code::unreachable, Code::timed_out,
                  Code::peer_fault, Code::unsupported},
       .handler = mint_add},
      {.name = "wallet.mint_home",
       .scope = Scope::admin,
       .changes = true,
       .help = "Makes a trusted mint the one that is used where none is named.",
       .params = {url_param()},
       .result = {{"url", ""}, {"home", "true"}},
       .errors = {Code::not_found},
       .handler = mint_home},
      {.name = "wallet.mint_cap",
       .scope = Scope::admin,
       .changes = true,
       .help = "Says how much may lie at a mint; more is not taken in there.",
       .params = {url_param(),
                  {"cap_sats", Type::integer, false, "left out: no cap", 0, kMostSats}},
       .result = {{"url", ""}, {"cap_sats", "or null"}},
       .errors = {Code::not_found},
       .handler = mint_cap},
      {.name = "wallet.mint_remove",
       .scope = Scope::admin,
       .changes = true,
       .help = "Trusts a mint no longer. What lies there stays and can be spent.",
       .params = {url_param()},
       .result = {{"url", ""}, {"trusted", "false"}},
       .errors = {Code::not_found, Code::denied},
       .handler = mint_remove},
      {.name = "wallet.restore",
       .scope = Scope::admin,
       .changes = true,
       .help = "Asks a trusted mint for all ecash that the words stand for.",
       .params = {url_param()},
       .result = {{"mint", ""},
                  {"restored_sats", "new in this wallet"},
                  {"proofs", "of them"},
                  {"known_proofs", "were here already"},
                  {"spent_proofs", "once signed, and spent"},
                  {"pending_proofs", "in a request that is not decided"},
                  {"lost_sats", "that the wallet took for its own, and that are spent"},
                  {"wrong_signatures", "of the mint's: nothing else is kept back for them"},
                  {"counters", "asked about"}},
       .errors = {Code::not_found, Code::denied, Code::unreachable, Code::timed_out,
                  Code::peer_fault, Code::unsupported},
       .handler = restore},
      {.name = "wallet.doctor",
       .scope = Scope::operate,
       .help = "Whether all is well with the wallet; asks its mints.",
       .result = {{"findings[].check",
                   "database, wallet, recovery, backup, ledger, keyset, operation, mint, "
                   "quarantine or cap"},
                  {"findings[].health", "ok, warning or failure"},
                  {"findings[].text", ""}},
       .errors = {Code::corrupt, Code::io},
       .handler = doctor},
  };
}

}  // namespace archy::rpc
