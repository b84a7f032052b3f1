#include "fedimint/fmcd_federation.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "cashu/bolt11.hpp"
#include "crypto/sha256.hpp"
#include "fedimint/fmcd_requests.hpp"
#include "http/url.hpp"

namespace archy::fedimint {
namespace {

constexpr std::string_view kNotesKey = "notes ";

Result<> check_key(std::string_view key) {
  if (key.empty() || key.size() > 128 || key.starts_with(kNotesKey))
    return fail(Code::bad_input, "a key of 1 to 128 characters");
  return {};
}

Result<> check_amount(Msat amount) {
  if (amount == Msat(0) || amount > kMostMsat) return fail(Code::bad_input, "no such amount");
  return {};
}

Sha256Digest digest_of(std::string_view kind, const std::vector<std::string>& parts) {
  std::string all(kind);
  for (const std::string& part : parts) all += '\n' + part;
  return crypto::sha256(as_bytes(all));
}

// What the daemon does or does not do, as against what we could not do ourselves.
bool is_of_the_daemon(Code code) {
  switch (code) {
    case Code::unreachable:
    case Code::timed_out:
    case Code::peer_fault:
    case Code::denied:
    case Code::try_later:
    case Code::not_found:
    case Code::bad_input:
      return true;
    default:
      return false;
  }
}

IssuerState state_of(FederationStage stage) {
  switch (stage) {
    case FederationStage::armed:
    case FederationStage::known:
      return IssuerState::open;
    case FederationStage::sent:
      return IssuerState::unknown;
    case FederationStage::handed:
      return IssuerState::handed;
    case FederationStage::done:
      return IssuerState::done;
    case FederationStage::undone:
      return IssuerState::failed;
    case FederationStage::lapsed:
      return IssuerState::lapsed;
  }
  return IssuerState::unknown;
}

IssuerOperation view_of(const FederationOperation& operation) {
  return {operation.id,       operation.kind,         state_of(operation.stage),
          operation.amount,   operation.fee,          operation.invoice,
          operation.preimage, operation.take_back_ms, operation.note};
}

}  // namespace

// In hand of one task from its making to its end.
class FmcdFederation::Turn {
 public:
  Turn(Amounts& all, IssuerAction kind, Msat amount) : all_(all), mine_(kind, amount) {
    has_it_ = all_.insert(mine_).second;
  }
  ~Turn() {
    if (has_it_) all_.erase(mine_);
  }
  Turn(const Turn&) = delete;
  Result<> check() const {
    if (has_it_) return {};
    return fail(Code::try_later, "another one of the same amount is under way");
  }

 private:
  Amounts& all_;
  std::pair<IssuerAction, Msat> mine_;
  bool has_it_ = false;
};

Result<std::unique_ptr<FmcdFederation>> FmcdFederation::open(const rt::Env& env, http::Client& http,
                                                             WalletDb& db,
                                                             const crypto::SealKey& key,
                                                             const FmcdPlace& place,
                                                             const FmcdTimes& times) {
  TRY(url, http::parse_url(place.url));
  std::string text = url.text;
  while (text.ends_with('/')) text.pop_back();
  if (text.find_first_of("?#") != std::string::npos)
    return fail(Code::bad_input, "the daemon's URL has no query");
  if (!is_fmcd_id(place.federation))
    return fail(Code::bad_input, "a federation's id is 64 lower-case hex digits");
  TRY(password, read_fmcd_password(env.files, place.password_file));
  return std::unique_ptr<FmcdFederation>(new FmcdFederation(
      {FederationBook(db, key, env.random), FmcdClient(http, std::move(text), password), env.clock,
       place.federation, times}));
}

// --- questions -----------------------------------------------------------------------------------

rt::Task<IssuerBalance> FmcdFederation::balance(std::stop_token stop) {
  CO_TRY(text, co_await desk_.client.get(std::string(kFmcdInfo), stop));
  auto spendable = parse_fmcd_balance(text, desk_.federation);
  if (!spendable && spendable.error().code == Code::not_found) co_return fail(spendable.error());
  if (!spendable)
    co_return fail(Code::peer_fault, "the daemon's balance: " + spendable.error().detail);
  IssuerBalance out{*spendable, {}, {}};
  CO_TRY(open, desk_.book.open(desk_.federation));
  for (const FederationOperation& operation : open) {
    const bool takes = operation.kind == IssuerAction::pay || operation.kind == IssuerAction::spend;
    if (operation.stage == FederationStage::handed) {
      out.given += operation.amount;
    } else if (takes) {
      out.undecided += operation.amount;
    }
  }
  co_return out;
}

// --- beginning -----------------------------------------------------------------------------------

Result<std::optional<FederationOperation>> FmcdFederation::begun_before(
    std::string_view key, const Sha256Digest& request) {
  return desk_.book.find(desk_.federation, key, request);
}

NewFederationOperation FmcdFederation::order(IssuerAction kind, std::string key,
                                             const Sha256Digest& request, Msat amount,
                                             std::string_view path) {
  return {.federation = desk_.federation,
          .kind = kind,
          .key = std::move(key),
          .request = request,
          .mark = desk_.book.new_mark(),
          .amount = amount,
          .path = std::string(path),
          .body = Secret<std::string>("")};
}

rt::Task<IssuerOperation> FmcdFederation::begin(NewFederationOperation order,
                                                std::stop_token stop) {
  // Before the anchor is asked for too: what ends meanwhile would stand behind it without a name.
  CO_TRY_OK(desk_.book.check_alone(order.federation, order.kind, order.amount));
  CO_TRY(anchor, co_await newest_operation(desk_, stop));
  order.anchor = std::move(anchor);
  // Another caller may have begun it while the daemon was asked.
  CO_TRY(before, begun_before(order.key, order.request));
  const bool is_new_offer =
      before && order.kind == IssuerAction::reissue && before->stage == FederationStage::undone;
  if (before && !is_new_offer) co_return co_await go_on(before->id, Resend::wanted, false, stop);
  CO_TRY(operation, desk_.book.begin(order, desk_.clock.unix_ms()));
  co_return co_await go_on(operation.id, Resend::first, false, stop);
}

rt::Task<IssuerOperation> FmcdFederation::receive_invoice(Msat amount, std::string key,
                                                          std::stop_token stop) {
  CO_TRY_OK(check_key(key));
  CO_TRY_OK(check_amount(amount));
  const auto request = digest_of("receive", {std::to_string(amount.value())});
  CO_TRY(before, begun_before(key, request));
  if (before) co_return co_await go_on(before->id, Resend::wanted, false, stop);
  CO_TRY(all, co_await fmcd_gateways(desk_, stop));
  const auto gateway = std::ranges::min_element(all, {}, [amount](const FmcdGateway& each) {
    return std::pair(!each.vetted, each.fee_for(amount).value_or(kMostMsat));
  });
  auto made = order(IssuerAction::receive, std::move(key), request, amount, kFmcdInvoice);
  made.body = fmcd_invoice_body(desk_.federation, amount, gateway->id,
                                static_cast<std::uint64_t>(desk_.times.invoice.count()), made.mark);
  co_return co_await begin(std::move(made), stop);
}

rt::Task<IssuerOperation> FmcdFederation::pay_invoice(std::string invoice, Msat most_fee,
                                                      std::string key, std::stop_token stop) {
  CO_TRY_OK(check_key(key));
  const auto request = digest_of("pay", {invoice, std::to_string(most_fee.value())});
  CO_TRY(before, begun_before(key, request));
  if (before) co_return co_await go_on(before->id, Resend::wanted, false, stop);
  CO_TRY(read, cashu::parse_invoice(invoice));
  if (!read.amount_msat) co_return fail(Code::bad_input, "an invoice without an amount");
  const Msat amount(*read.amount_msat);
  CO_TRY_OK(check_amount(amount));
  const auto expires_s =
      static_cast<std::int64_t>(std::min<std::uint64_t>(read.expires_at(), INT64_MAX));
  if (expires_s <= desk_.clock.unix_ms() / 1000)
    co_return fail(Code::bad_input, "the invoice has expired");
  CO_TRY(all, co_await fmcd_gateways(desk_, stop));
  const auto fee_of = [amount](const FmcdGateway& each) {
    return each.fee_for(amount).value_or(kMostMsat);
  };
  const auto gateway = std::ranges::min_element(all, {}, fee_of);
  if (fee_of(*gateway) > most_fee)
    co_return fail(Code::denied, "it would cost " + std::to_string(fee_of(*gateway).value()) +
                                     " msat in fees, more than " +
                                     std::to_string(most_fee.value()));
  auto made = order(IssuerAction::pay, std::move(key), request, amount, kFmcdPay);
  made.body = fmcd_pay_body(desk_.federation, invoice, gateway->id);
  made.most_fee = std::min(most_fee, kMostMsat);
  made.invoice = std::move(invoice);
  made.payment_hash = read.payment_hash;
  made.expires_s = expires_s;
  co_return co_await begin(std::move(made), stop);
}

rt::Task<IssuerOperation> FmcdFederation::spend(Msat amount, std::string key,
                                                std::stop_token stop) {
  CO_TRY_OK(check_key(key));
  CO_TRY_OK(check_amount(amount));
  const auto request = digest_of("spend", {std::to_string(amount.value())});
  CO_TRY(before, begun_before(key, request));
  if (before) co_return co_await go_on(before->id, Resend::wanted, false, stop);
  const Turn turn(under_way_, IssuerAction::spend, amount);
  CO_TRY_OK(turn.check());
  auto made = order(IssuerAction::spend, std::move(key), request, amount, kFmcdSpend);
  made.body = fmcd_spend_body(desk_.federation, amount,
                              static_cast<std::uint64_t>(desk_.times.notes.count()));
  co_return co_await begin(std::move(made), stop);
}

rt::Task<IssuerOperation> FmcdFederation::reissue(Secret<std::string> notes, std::stop_token stop) {
  const auto request = digest_of("reissue", {notes.reveal()});
  std::string key = std::string(kNotesKey) + to_hex(request.view());
  CO_TRY(before, begun_before(key, request));
  // Notes that were not taken may be offered again: that is a new operation.
  if (before && before->stage != FederationStage::undone)
    co_return co_await go_on(before->id, Resend::wanted, false, stop);
  const Secret<std::string> body = fmcd_notes_body(notes);
  CO_TRY(decoded, co_await desk_.client.post(std::string(kFmcdDecode), body, stop));
  CO_TRY(prefix, parse_fmcd_notes_prefix(decoded));
  if (!desk_.federation.starts_with(prefix))
    co_return fail(Code::denied, "notes of another federation");
  CO_TRY(validated, co_await desk_.client.post(std::string(kFmcdValidate), body, stop));
  CO_TRY(amount, parse_fmcd_amount(validated));
  const Turn turn(under_way_, IssuerAction::reissue, amount);
  CO_TRY_OK(turn.check());
  auto made = order(IssuerAction::reissue, std::move(key), request, amount, kFmcdReissue);
  made.body = body;
  co_return co_await begin(std::move(made), stop);
}

// --- going on ------------------------------------------------------------------------------------

rt::Task<IssuerOperation> FmcdFederation::go_on(IssuerHandle id, Resend resend, bool is_question,
                                                std::stop_token stop) {
  CO_TRY(found, desk_.book.find(id));
  if (!found || found->federation != desk_.federation)
    co_return fail(Code::not_found, "no such operation");
  if (found->has_ended() || driven_.contains(id)) co_return view_of(*found);
  struct Driving {
    std::set<IssuerHandle>& all;
    IssuerHandle id;
    Driving(std::set<IssuerHandle>& a, IssuerHandle i) : all(a), id(i) { all.insert(id); }
    ~Driving() { all.erase(id); }
    Driving(const Driving&) = delete;
  } driving(driven_, id);
  auto went = co_await fmcd_round(desk_, *found, resend, stop);
  if (!went && (is_question || !is_of_the_daemon(went.error().code))) co_return fail(went.error());
  CO_TRY(now, desk_.book.find(id));
  IssuerOperation out = view_of(*now);
  if (!went && out.note.empty()) out.note = went.error().detail;
  co_return out;
}

rt::Task<IssuerOperation> FmcdFederation::status(IssuerHandle handle, std::stop_token stop) {
  co_return co_await go_on(handle, Resend::harmless, true, stop);
}

Result<Secret<std::string>> FmcdFederation::notes_of(IssuerHandle handle) {
  TRY(found, desk_.book.find(handle));
  if (!found || found->kind != IssuerAction::spend || found->federation != desk_.federation)
    return fail(Code::not_found, "no such notes of ours");
  TRY(notes, desk_.book.notes(*found));
  if (!notes) return fail(Code::not_found, "there are no notes yet");
  if (found->stage != FederationStage::handed ||
      desk_.clock.unix_ms() >= found->take_back_ms.value_or(0))
    return fail(Code::denied, "the time of these notes is over");
  return std::move(*notes);
}

rt::Task<> FmcdFederation::recover(std::stop_token stop) {
  CO_TRY(open, desk_.book.open(desk_.federation));
  std::optional<Error> first;
  for (const FederationOperation& operation : open) {
    auto went = co_await go_on(operation.id, Resend::harmless, true, stop);
    if (went) continue;
    if (!is_of_the_daemon(went.error().code)) co_return fail(went.error());
    if (!first) first = went.error();
  }
  if (first) co_return fail(*first);
  co_return Result<>{};
}

}  // namespace archy::fedimint
