#include "fedimint/fmcd_round.hpp"

#include <algorithm>

#include "cashu/bolt11.hpp"
#include "fedimint/fmcd_requests.hpp"

namespace archy::fedimint {
namespace {

using Finding = FmcdMatch::Finding;
using Stage = FederationStage;
using Sent = FmcdReply::Outcome;
using Outcome = FmcdEntry::Outcome;

// No expiry is believed to be later: the year 2200.
constexpr std::int64_t kLatestExpiry_s = 7'258'118'400;
constexpr std::size_t kLogLimits[] = {100, 1000, 10000};

std::int64_t ms(std::chrono::milliseconds duration) { return duration.count(); }

Result<> save(FmcdDesk& desk, FederationOperation& operation) {
  return desk.book.update(operation, desk.clock.unix_ms());
}

Result<> end(FmcdDesk& desk, FederationOperation& operation, Stage stage, std::string note) {
  operation.stage = stage;
  operation.note = std::move(note);
  return save(desk, operation);
}

void name(FederationOperation& operation, const std::string& daemon_operation) {
  if (!operation.daemon_operation) operation.daemon_operation = daemon_operation;
}

// A payment's copy can do harm for as long as the invoice can be paid.
bool is_copy_on_its_way(const FmcdDesk& desk, const FederationOperation& operation) {
  if (!operation.lost_ms) return false;
  std::int64_t from = *operation.lost_ms;
  if (operation.kind == IssuerAction::pay && operation.expires_s)
    from = std::max(from, std::min(*operation.expires_s, kLatestExpiry_s) * 1000);
  return desk.clock.unix_ms() < from + ms(desk.times.copy_life);
}

// By then the daemon has taken back what nobody redeemed.
bool is_time_of_notes_over(const FmcdDesk& desk, const FederationOperation& operation) {
  return operation.sent_ms && desk.clock.unix_ms() >= *operation.sent_ms + ms(desk.times.notes) +
                                                          ms(desk.times.copy_life);
}

// An invoice that is not what was asked for is never shown.
bool is_for(const std::string& invoice, Msat amount) {
  const auto read = cashu::parse_invoice(invoice);
  return read && read->amount_msat == amount.value();
}

// --- the log -------------------------------------------------------------------------------------

bool reaches(const FmcdLog& log, const FederationOperation& operation) {
  const auto has = [&log](const std::optional<std::string>& id) {
    return id && std::ranges::find(log.entries, *id, &FmcdEntry::operation) != log.entries.end();
  };
  return log.whole || has(operation.anchor) || has(operation.daemon_operation);
}

rt::Task<FmcdLog> read_log(FmcdDesk& desk, const FederationOperation& operation,
                           std::stop_token stop) {
  FmcdLog out;
  for (const std::size_t limit : kLogLimits) {
    const Secret<std::string> body(fmcd_operations_body(desk.federation, limit));
    CO_TRY(text, co_await desk.client.post(std::string(kFmcdOperations), body, stop));
    auto entries = parse_fmcd_operations(text);
    if (!entries) co_return fail(Code::peer_fault, "the daemon's log: " + entries.error().detail);
    out.entries = std::move(*entries);
    out.whole = out.entries.size() < limit;
    if (reaches(out, operation)) break;
  }
  co_return out;
}

// --- booking -------------------------------------------------------------------------------------

Result<> book_invoice(FmcdDesk& desk, FederationOperation& operation, const std::string& invoice) {
  if (!is_for(invoice, operation.amount))
    return end(desk, operation, Stage::undone, "the daemon's invoice is for another amount");
  operation.invoice = invoice;
  return end(desk, operation, Stage::known, "to be paid");
}

Result<> book_notes(FmcdDesk& desk, FederationOperation& operation,
                    const Secret<std::string>& notes) {
  operation.stage = Stage::handed;
  operation.take_back_ms = *operation.sent_ms + ms(desk.times.notes);
  operation.note = {};
  return desk.book.update(operation, desk.clock.unix_ms(), notes);
}

Result<> book_paid(FmcdDesk& desk, FederationOperation& operation) {
  const bool is_over = operation.fee && operation.most_fee && *operation.fee > *operation.most_fee;
  return end(desk, operation, Stage::done,
             is_over ? "the gateway took more than the cap" : std::string());
}

Result<> book_pay_entry(FmcdDesk& desk, FederationOperation& operation, const FmcdEntry& entry) {
  operation.fee = entry.fee;
  operation.preimage = entry.preimage;
  switch (entry.outcome) {
    case Outcome::succeeded:
      return book_paid(desk, operation);
    case Outcome::none:
      return end(desk, operation, Stage::known, "the daemon has begun to pay and names no outcome");
    case Outcome::failed:
      break;
  }
  // A copy that comes late would be another attempt.
  if (!is_copy_on_its_way(desk, operation))
    return end(desk, operation, Stage::undone, "not paid, the money is back");
  operation.note = "this attempt failed, but a copy of the request may still be on its way";
  return save(desk, operation);
}

Result<> book_entry(FmcdDesk& desk, FederationOperation& operation, const FmcdEntry& entry) {
  name(operation, entry.operation);
  switch (operation.kind) {
    case IssuerAction::receive:
      if (entry.outcome == Outcome::none) return book_invoice(desk, operation, entry.invoice);
      operation.invoice = entry.invoice;
      return entry.outcome == Outcome::succeeded
                 ? end(desk, operation, Stage::done, {})
                 : end(desk, operation, Stage::undone, "the invoice was not paid");
    case IssuerAction::pay:
      return book_pay_entry(desk, operation, entry);
    case IssuerAction::spend:
      if (entry.outcome == Outcome::failed)
        return end(desk, operation, Stage::undone, "the daemon has taken the notes back");
      if (entry.outcome == Outcome::succeeded) return end(desk, operation, Stage::done, {});
      if (operation.stage == Stage::sent) return book_notes(desk, operation, *entry.notes);
      return {};
    case IssuerAction::reissue:
      if (entry.outcome == Outcome::none)
        return end(desk, operation, Stage::known,
                   "the daemon has begun to reissue and names no outcome");
      return entry.outcome == Outcome::succeeded
                 ? end(desk, operation, Stage::done, {})
                 : end(desk, operation, Stage::undone, "the federation does not take the notes");
  }
  return fail(Code::internal, "an operation of no kind");
}

// False: the answer cannot be read, so that nothing is known from it.
Result<bool> book_answer(FmcdDesk& desk, FederationOperation& operation, const std::string& body) {
  switch (operation.kind) {
    case IssuerAction::receive: {
      const auto said = parse_fmcd_invoice(body);
      if (!said) break;
      desk.book.note_answer(operation);
      name(operation, said->operation);
      TRY_OK(book_invoice(desk, operation, said->invoice));
      return true;
    }
    case IssuerAction::pay: {
      const auto said = parse_fmcd_payment(body);
      if (!said) break;
      desk.book.note_answer(operation);
      name(operation, said->operation);
      operation.fee = said->fee;
      operation.preimage = said->preimage;
      TRY_OK(book_paid(desk, operation));
      return true;
    }
    case IssuerAction::spend: {
      const auto said = parse_fmcd_notes(body);
      if (!said) break;
      desk.book.note_answer(operation);
      name(operation, said->operation);
      TRY_OK(book_notes(desk, operation, said->notes));
      return true;
    }
    case IssuerAction::reissue: {
      const auto said = parse_fmcd_amount(body);
      if (!said) break;
      desk.book.note_answer(operation);
      TRY_OK(end(desk, operation, Stage::done,
                 *said == operation.amount
                     ? std::string()
                     : "the daemon says " + std::to_string(said->value()) + " msat"));
      return true;
    }
  }
  operation.note = "an answer that cannot be read";
  return false;
}

// --- rounds --------------------------------------------------------------------------------------

bool may_send_again(const FmcdDesk& desk, const FederationOperation& operation, Resend resend) {
  // The last sending was answered: there is nothing to find out by another one.
  if (operation.stage != Stage::sent || operation.lost_ms != operation.sent_ms) return false;
  switch (operation.kind) {
    case IssuerAction::receive:
    case IssuerAction::reissue:
      return resend != Resend::nothing;
    case IssuerAction::pay:
      return resend == Resend::wanted && operation.expires_s &&
             desk.clock.unix_ms() / 1000 < *operation.expires_s;
    case IssuerAction::spend:
      break;
  }
  return false;
}

// Nowhere in the log. True: it is to be sent again.
Result<bool> book_absence(FmcdDesk& desk, FederationOperation& operation, Resend resend) {
  if (operation.stage == Stage::handed) {
    TRY_OK(end(desk, operation, Stage::lapsed, "redeemed, or taken back by the daemon"));
    return false;
  }
  if (operation.stage == Stage::known) {
    operation.note = "the daemon's log has it no more";
    TRY_OK(save(desk, operation));
    return false;
  }
  if (!operation.lost_ms) {
    TRY_OK(end(desk, operation, Stage::undone,
               operation.note.empty() ? "the daemon did nothing" : operation.note));
    return false;
  }
  if (may_send_again(desk, operation, resend)) return true;
  if (!is_copy_on_its_way(desk, operation)) {
    TRY_OK(end(desk, operation, Stage::undone, "the daemon has never heard of it"));
    return false;
  }
  operation.note = "the daemon has not heard of it; a copy may still be on its way";
  TRY_OK(save(desk, operation));
  return false;
}

// True: it is to be sent again.
rt::Task<bool> look(FmcdDesk& desk, FederationOperation& operation, Resend resend,
                    std::stop_token stop) {
  CO_TRY(log, co_await read_log(desk, operation, stop));
  CO_TRY(named, desk.book.named(desk.federation));
  const FmcdMatch match = look_for(operation, log, named);
  switch (match.finding) {
    case Finding::found:
      CO_TRY_OK(book_entry(desk, operation, *match.entry));
      if (operation.stage == Stage::handed && is_time_of_notes_over(desk, operation))
        CO_TRY_OK(end(desk, operation, Stage::lapsed, "redeemed, or taken back by the daemon"));
      co_return false;
    case Finding::not_there:
      co_return book_absence(desk, operation, resend);
    case Finding::too_short:
      operation.note = "the daemon's log is too long to be searched";
      break;
    case Finding::unclear:
      operation.note = "the daemon's log has several that it could be";
      break;
    case Finding::other_log:
      operation.note = "the daemon has lost its log";
      break;
  }
  const bool shown = operation.stage == Stage::handed;
  // A daemon that has lost its log takes nothing back.
  if (operation.kind == IssuerAction::spend && is_time_of_notes_over(desk, operation) &&
      (shown || match.finding != Finding::other_log)) {
    CO_TRY_OK(end(desk, operation, shown ? Stage::lapsed : Stage::undone,
                  shown ? "redeemed, or taken back by the daemon"
                        : "never shown: the daemon has taken the notes back"));
    co_return false;
  }
  CO_TRY_OK(save(desk, operation));
  co_return false;
}

rt::Task<> send(FmcdDesk& desk, FederationOperation& operation, std::stop_token stop) {
  const rt::Duration patience =
      operation.kind == IssuerAction::pay ? desk.times.payment : desk.times.answer;
  CO_TRY(reply, co_await desk.client.send(desk.book, operation, desk.clock, patience, stop));
  if (reply.outcome == Sent::answered) {
    CO_TRY(booked, book_answer(desk, operation, reply.body));
    if (booked) co_return Result<>{};
  } else {
    operation.note = reply.why;
  }
  if (reply.outcome == Sent::not_sent && operation.stage == Stage::armed)
    co_return end(desk, operation, Stage::undone, "nothing was sent: " + reply.why);
  if (reply.outcome == Sent::refused || reply.outcome == Sent::gave_up)
    desk.book.note_answer(operation);
  // Before the log is asked, so that a crash meanwhile does not forget that this copy is used up.
  CO_TRY_OK(save(desk, operation));
  if (reply.outcome == Sent::refused && !operation.lost_ms)
    co_return end(desk, operation, Stage::undone, operation.note);
  auto again = co_await look(desk, operation, Resend::nothing, stop);
  if (!again) co_return fail(again.error());
  co_return Result<>{};
}

// As send, some time after the gateways were asked what they take. A payment keeps its cap: it goes
// out only when its gateway still does.
rt::Task<> send_late(FmcdDesk& desk, FederationOperation& operation, std::stop_token stop) {
  if (operation.kind != IssuerAction::pay) co_return co_await send(desk, operation, stop);
  const bool is_expired =
      !operation.expires_s || desk.clock.unix_ms() / 1000 >= *operation.expires_s;
  bool keeps_cap = false;
  if (!is_expired) {
    CO_TRY(body, desk.book.body(operation));
    CO_TRY(id, fmcd_gateway_of(body));
    CO_TRY(all, co_await fmcd_gateways(desk, stop));
    const auto gateway = std::ranges::find(all, id, &FmcdGateway::id);
    const auto fee = gateway == all.end() ? std::nullopt : gateway->fee_for(operation.amount);
    keeps_cap = fee && operation.most_fee && *fee <= *operation.most_fee;
  }
  if (keeps_cap) co_return co_await send(desk, operation, stop);
  const char* why = is_expired ? "not sent: the invoice has expired"
                               : "not sent again: the gateway takes more than the cap, or is gone";
  if (operation.stage == Stage::armed) co_return end(desk, operation, Stage::undone, why);
  operation.note = why;
  co_return save(desk, operation);
}

rt::Task<> ask_receipt(FmcdDesk& desk, FederationOperation& operation, std::stop_token stop) {
  CO_TRY(text, co_await desk.client.get(
                   fmcd_receipt_path(*operation.daemon_operation, desk.federation), stop));
  const auto receipt = parse_fmcd_receipt(text);
  if (!receipt) co_return fail(Code::peer_fault, "the daemon's answer: " + receipt.error().detail);
  if (*receipt == FmcdReceipt::claimed) co_return end(desk, operation, Stage::done, {});
  if (*receipt == FmcdReceipt::canceled)
    co_return end(desk, operation, Stage::undone, "the invoice was not paid");
  co_return Result<>{};
}

}  // namespace

rt::Task<> fmcd_round(FmcdDesk& desk, FederationOperation& operation, Resend resend,
                      std::stop_token stop) {
  switch (operation.stage) {
    case Stage::armed:
      if (resend == Resend::first || operation.kind == IssuerAction::reissue)
        co_return co_await send(desk, operation, stop);
      if (resend != Resend::wanted)
        co_return end(desk, operation, Stage::undone, "the program ended before it was sent");
      co_return co_await send_late(desk, operation, stop);
    case Stage::known:
      if (operation.kind == IssuerAction::receive && operation.daemon_operation)
        co_return co_await ask_receipt(desk, operation, stop);
      break;
    case Stage::handed:
      if (!is_time_of_notes_over(desk, operation)) co_return Result<>{};
      break;
    case Stage::sent:
      break;
    case Stage::done:
    case Stage::undone:
    case Stage::lapsed:
      co_return Result<>{};
  }
  CO_TRY(again, co_await look(desk, operation, resend, stop));
  if (again) co_return co_await send_late(desk, operation, stop);
  co_return Result<>{};
}

rt::Task<std::vector<FmcdGateway>> fmcd_gateways(FmcdDesk& desk, std::stop_token stop) {
  const Secret<std::string> body(fmcd_gateways_body(desk.federation));
  CO_TRY(text, co_await desk.client.post(std::string(kFmcdGateways), body, stop));
  auto out = parse_fmcd_gateways(text);
  if (!out) co_return fail(Code::peer_fault, "the daemon's gateways: " + out.error().detail);
  if (out->empty()) co_return fail(Code::try_later, "the federation has no gateway now");
  co_return std::move(*out);
}

rt::Task<std::optional<std::string>> newest_operation(FmcdDesk& desk, std::stop_token stop) {
  const Secret<std::string> body(fmcd_operations_body(desk.federation, 1));
  CO_TRY(text, co_await desk.client.post(std::string(kFmcdOperations), body, stop));
  const auto entries = parse_fmcd_operations(text);
  if (!entries) co_return fail(Code::peer_fault, "the daemon's log: " + entries.error().detail);
  if (entries->empty()) co_return std::optional<std::string>{};
  co_return std::optional(entries->front().operation);
}

}  // namespace archy::fedimint
