#include "wallet/cashu_issuer.hpp"

#include "cashu/token.hpp"
#include "wallet/ledger/mint_url.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

constexpr std::uint64_t kMsatOfSat = 1000;

Result<Amount> sats_of(Msat amount) {
  if (amount == Msat(0) || amount > kMostMsat) return fail(Code::bad_input, "no such amount");
  if (amount.value() % kMsatOfSat != 0)
    return fail(Code::bad_input, "a Cashu mint of sats has no parts of a sat");
  return Amount(amount.value() / kMsatOfSat);
}

// An amount beyond all money is no reason to wrap around.
Msat msat_of(Amount amount) {
  return amount.value() > kMostMsat.value() / kMsatOfSat ? kMostMsat
                                                         : Msat(amount.value() * kMsatOfSat);
}

IssuerAction action_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::mint:
      return IssuerAction::receive;
    case OperationKind::melt:
      return IssuerAction::pay;
    case OperationKind::send:
      return IssuerAction::spend;
    case OperationKind::swap:
    case OperationKind::receive:
    case OperationKind::restore:
    case OperationKind::cross_swap:
      break;
  }
  return IssuerAction::reissue;
}

IssuerState state_of(const Operation& operation) {
  // A token that is out may be an open operation or one that is done, as the mint has said.
  if (operation.stage == Stage::handed) return IssuerState::handed;
  switch (operation.state) {
    case OperationState::done:
      return IssuerState::done;
    case OperationState::failed:
      return IssuerState::failed;
    case OperationState::open:
      return operation.stage == Stage::begun || operation.stage == Stage::quoted
                 ? IssuerState::open
                 : IssuerState::unknown;
    case OperationState::needs_attention:
      break;
  }
  return IssuerState::unknown;
}

}  // namespace

Result<IssuerOperation> CashuIssuer::view_of(OperationId id) {
  TRY(seen, wallet_.show(id));
  if (seen.mint_url != url_) return fail(Code::not_found, "no such operation at this mint");
  IssuerOperation out{IssuerHandle(id.value()), action_of(seen.operation.kind),
                      state_of(seen.operation), msat_of(seen.operation.amount)};
  if (seen.operation.has_ended()) out.fee = msat_of(seen.operation.fee);
  if (seen.quote) {
    out.invoice = seen.quote->invoice;
    out.preimage = seen.quote->preimage;
  }
  out.note = seen.operation.note;
  return out;
}

rt::Task<IssuerBalance> CashuIssuer::balance(std::stop_token) {
  CO_TRY(all, wallet_.balances());
  for (const MintBalance& each : all) {
    if (each.mint.url != url_) continue;
    co_return IssuerBalance{msat_of(each.spendable), msat_of(each.reserved), msat_of(each.given)};
  }
  co_return fail(Code::not_found, "the wallet does not know this mint");
}

rt::Task<IssuerOperation> CashuIssuer::receive_invoice(Msat amount, std::string key,
                                                       std::stop_token stop) {
  CO_TRY(sats, sats_of(amount));
  CO_TRY(operation, co_await wallet_.mint(sats, caller(std::move(key)), stop));
  co_return view_of(operation.id);
}

rt::Task<IssuerOperation> CashuIssuer::pay_invoice(std::string invoice, Msat most_fee,
                                                   std::string key, std::stop_token stop) {
  // A cap is kept when it is rounded down.
  MeltTerms terms{std::move(invoice), Amount(most_fee.value() / kMsatOfSat)};
  CO_TRY(operation,
         co_await wallet_.melt(std::move(terms), caller(std::move(key)), patience_, stop));
  co_return view_of(operation.id);
}

rt::Task<IssuerOperation> CashuIssuer::spend(Msat amount, std::string key, std::stop_token stop) {
  CO_TRY(sats, sats_of(amount));
  SendTerms terms{sats};
  CO_TRY(operation, co_await wallet_.send(std::move(terms), std::nullopt, caller(std::move(key)),
                                          patience_, stop));
  co_return view_of(operation.id);
}

rt::Task<IssuerOperation> CashuIssuer::reissue(Secret<std::string> notes, std::stop_token stop) {
  CO_TRY(token, cashu::parse_token(notes.reveal()));
  CO_TRY(url, normal_mint_url(token.mint));
  if (url != url_) co_return fail(Code::denied, "a token of another mint");
  CO_TRY(operation, co_await wallet_.receive(std::move(notes), false, patience_, stop));
  co_return view_of(operation.id);
}

rt::Task<IssuerOperation> CashuIssuer::status(IssuerHandle handle, std::stop_token stop) {
  const OperationId id(handle.value());
  CO_TRY(before, view_of(id));
  if (before.state == IssuerState::handed) {
    CO_TRY_OK(co_await wallet_.look_after_handed(stop));
    co_return view_of(id);
  }
  // One round: what is said now, and no waiting.
  Patience once = patience_;
  once.all = {};
  CO_TRY_OK(co_await wallet_.go_on(id, once, stop));
  co_return view_of(id);
}

Result<Secret<std::string>> CashuIssuer::notes_of(IssuerHandle handle) {
  const OperationId id(handle.value());
  TRY_OK(view_of(id));
  return wallet_.token_of(id);
}

rt::Task<> CashuIssuer::recover(std::stop_token stop) {
  CO_TRY_OK(co_await wallet_.resume(patience_, stop));
  co_return Result<>{};
}

}  // namespace archy::wallet
