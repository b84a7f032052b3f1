#include <fmt/format.h>

#include <algorithm>

#include "base/test_hooks.hpp"
#include "streaming/gate_impl.hpp"

namespace archy::streaming {
namespace {

using namespace std::chrono_literals;

constexpr wallet::Patience kPatience{.all = 30s, .answer = 10s};

// What becomes of a mint's doubts: another one is tried.
bool is_not_to_be_had_there(Code code) {
  return code == Code::payment_needed || code == Code::denied || code == Code::not_found ||
         code == Code::unsupported;
}

}  // namespace

SessionView Gate::Impl::view_of(const Session& session) const {
  SessionView out;
  out.id = static_cast<std::uint64_t>(session.id.value());
  out.peer = session.scope.peer;
  out.service = session.scope.service;
  out.hash = session.scope.hash;
  out.credit = session.credit;
  out.used = session.used;
  out.units = session.units_before + session.units;
  out.opened_ms = session.opened_ms;
  out.expires_ms = session.expires_ms;
  out.closed = session.closed_ms.has_value();
  if (session.refund) out.refund = session.refund->operation;
  return out;
}

Result<std::vector<SessionView>> Gate::Impl::sessions(bool open_only) {
  TRY(db, purse_.database());
  TRY_OK(write_used());
  TRY(sessions, SessionBook(*db).list(open_only));
  std::vector<SessionView> out;
  for (const Session& session : sessions) out.push_back(view_of(session));
  return out;
}

Result<std::vector<UsageLine>> Gate::Impl::usage(std::int64_t from_day, std::int64_t to_day) {
  TRY(db, purse_.database());
  TRY_OK(write_used());
  TRY(days, SessionBook(*db).days(from_day, to_day));
  std::vector<UsageLine> out;
  for (const SessionBook::Day& day : days)
    out.push_back({day.service, day.day, day.units_paid, day.units_grace, day.sessions, day.earned,
                   day.refunded});
  return out;
}

// From here on nothing is sent for it; what is to be given back stands in its row.
Result<> Gate::Impl::end_session(wallet::WalletDb& db, const Session& session) {
  SessionBook book(db);
  TRY(busy, book.has_open_payment(session.id));
  if (busy || paying_.contains(session.scope))
    return fail(Code::try_later, "a payment for it is not decided yet");
  if (const auto live = live_.find(session.scope);
      live != live_.end() && live->second.id == session.id && live->second.db == &db) {
    if (live->second.tickets > 0) return fail(Code::try_later, "a request runs on it");
    TRY_OK(write(live->second));
    live_.erase(live);
  }
  TRY(transaction, db.begin());
  TRY(written, book.find(session.id));
  if (!written->closed_ms) TRY_OK(book.close(session.id, now_ms()));
  const Amount left((written->credit - written->used).value() / 1000);
  TRY(mints, book.mints_of(session.id));
  TRY_OK(book.begin_refund(session.id, left, mints.empty() ? "" : mints.front()));
  return transaction.commit();
}

rt::Task<wallet::OperationView> Gate::Impl::hand_out(Session session, std::stop_token stop) {
  CO_TRY(mints, purse_.accepted_mints());
  std::vector<std::string> tried;
  for (;;) {
    const Refund& refund = *session.refund;
    std::string key = fmt::format("refund of session {} ({}, {})", session.id.value(),
                                  session.opened_ms, refund.tries);
    if (test_hooks::planted("gate_refunds_twice")) key += Quotes::new_id(env_.random);
    auto sent =
        co_await purse_.hand_out(refund.mint, refund.amount, std::move(key), kPatience, stop);
    if (sent && sent->operation.state != wallet::OperationState::failed) co_return sent;
    // One that failed has given nothing, and its key is used up.
    if (sent) session.refund->tries += 1;
    if (!sent && !is_not_to_be_had_there(sent.error().code)) co_return sent;
    tried.push_back(session.refund->mint);
    const auto next = std::ranges::find_if(mints, [&](const std::string& mint) {
      return std::ranges::find(tried, mint) == tried.end();
    });
    if (next != mints.end()) session.refund->mint = *next;
    CO_TRY(db, purse_.database());
    CO_TRY_OK(
        SessionBook(*db).retry_refund(session.id, session.refund->mint, session.refund->tries));
    if (next == mints.end() && !sent) co_return sent;
    if (next == mints.end()) co_return fail(Code::try_later, sent->operation.note);
  }
}

rt::Task<Gate::Closed> Gate::Impl::close_session(std::uint64_t id, std::stop_token stop) {
  const SessionId session_id(static_cast<std::int64_t>(id));
  CO_TRY(db, purse_.database());
  CO_TRY(found, SessionBook(*db).find(session_id));
  if (!found) co_return fail(Code::not_found, "no session has this number");
  if (!found->refund) {
    CO_TRY_OK(end_session(*db, *found));
    CO_TRY(ended, SessionBook(*db).find(session_id));
    found = std::move(ended);
  }
  const bool again = test_hooks::planted("gate_refunds_twice");
  if (found->refund->operation && !again) {
    Closed out{view_of(*found), {}};
    CO_TRY(token, purse_.token_of(*found->refund->operation));
    out.token = std::move(token);
    co_return out;
  }
  if (found->refund->amount == Amount(0)) co_return Closed{view_of(*found), {}};
  if (!closing_.insert(id).second) co_return fail(Code::try_later, "it is being given back now");
  auto sent = co_await hand_out(*found, std::move(stop));
  closing_.erase(id);
  if (!sent) co_return fail(sent.error());
  const wallet::Operation& operation = sent->operation;
  if (operation.state != wallet::OperationState::done && operation.stage != wallet::Stage::handed)
    co_return fail(Code::try_later, "the mint has not answered yet: " + operation.note);
  CO_TRY(token, purse_.token_of(operation.id));
  CO_TRY(now_db, purse_.database());
  const Amount cost(operation.amount.value() + operation.fee.value());
  auto noted = SessionBook(*now_db).end_refund(*found, operation.id, cost, now_ms());
  if (!noted && !again) co_return fail(noted.error());
  CO_TRY(last, SessionBook(*now_db).find(session_id));
  co_return Closed{view_of(*last), std::move(token)};
}

}  // namespace archy::streaming
