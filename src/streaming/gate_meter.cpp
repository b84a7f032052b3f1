#include <algorithm>

#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "streaming/gate_impl.hpp"

namespace archy::streaming {
namespace {

using namespace std::chrono_literals;

// A buyer who pays in instalments has so long for the next one.
constexpr auto kTopUp = 10s;
constexpr auto kAskAgain = 250ms;

// What is free is shared by all requests of a session: one takes a part of it ahead.
constexpr std::uint64_t kShare = 4;

}  // namespace

Gate::Begun Gate::Impl::admit(const Want& want, Mode mode, Live* live) {
  Request request{.want = want, .mode = mode, .live = live, .begun = now()};
  if (live != nullptr) {
    ++live->tickets;
    request.epoch = live->account.epoch();
  }
  requests_.emplace(++last_ticket_, std::move(request));
  return {MeterVerdict::go_on, {last_ticket_}};
}

Gate::Begun Gate::Impl::begin_on_error(const Want& want, wallet::WalletDb* db) {
  if (test_hooks::planted("gate_error_is_allow")) return admit(want, Mode::free);
  if (want.klass != ContentClass::metered || db == nullptr) return {MeterVerdict::later, {}};
  const auto room = grace_.has_room(*db, want.peer, want.prefix, now_ms());
  if (!room || !*room) return {MeterVerdict::later, {}};
  return admit(want, Mode::grace);
}

Gate::Begun Gate::Impl::begin(const Want& want) {
  sweep();
  const auto shop = this->shop(want.service);
  if (!shop) {
    const auto db = purse_.database();
    return begin_on_error(want, db ? *db : nullptr);
  }
  if (!shop->service.enabled && want.klass == ContentClass::paid) return {MeterVerdict::later, {}};
  if (!shop->service.enabled || shop->service.price.per_step == Amount(0))
    return admit(want, Mode::free);
  const Scope scope = scope_of(want);
  const auto loaded = load(*shop->db, scope);
  if (!loaded) return begin_on_error(want, shop->db);
  Live* const live = *loaded;
  if (live != nullptr && live->account.unused() == 0)
    if (auto fresh = refresh(*live); !fresh) return begin_on_error(want, shop->db);
  if (live != nullptr && (live->account.unused() > 0 || paying_.contains(scope)))
    return admit(want, Mode::paid, live);
  if (has_trouble(scope)) return begin_on_error(want, shop->db);
  return {MeterVerdict::payment, {}};
}

MeterAnswer Gate::Impl::take(GateTicket ticket, std::uint64_t payload) {
  const auto found = requests_.find(ticket.number);
  if (found == requests_.end()) return {MeterVerdict::later, {}};
  Request& request = found->second;
  switch (request.mode) {
    case Mode::free:
      return {MeterVerdict::go_on, {}};
    case Mode::grace:
      return take_grace(request, payload);
    case Mode::paid:
      break;
  }
  return take_paid(request, payload);
}

MeterAnswer Gate::Impl::take_grace(Request& request, std::uint64_t payload) {
  const auto db = purse_.database();
  if (!db) return {MeterVerdict::later, {}};
  const Want& want = request.want;
  const auto taken = grace_.take(**db, want.peer, want.prefix, want.service, payload, now_ms());
  if (!taken) log::debug("streaming", "grace is not counted: {}", to_string(taken.error()));
  return {taken && *taken ? MeterVerdict::go_on : MeterVerdict::later, {}};
}

MeterAnswer Gate::Impl::take_on_error(Request& request, std::uint64_t payload) {
  if (test_hooks::planted("gate_error_is_allow")) return {MeterVerdict::go_on, {}};
  if (request.want.klass != ContentClass::metered) return {MeterVerdict::later, {}};
  return take_grace(request, payload);
}

std::uint64_t Gate::Impl::units_due(const Request& request, const Price& terms,
                                    std::uint64_t payload, rt::Instant now) {
  switch (terms.metric) {
    case Metric::bytes:
      return payload;
    case Metric::milliseconds: {
      const auto passed =
          std::chrono::duration_cast<std::chrono::milliseconds>(now - request.begun).count();
      const auto all = static_cast<std::uint64_t>(std::max<std::int64_t>(passed, 1));
      return all - std::min(all, request.charged);
    }
    case Metric::requests:
      return request.charged == 0 ? 1 : 0;
  }
  return payload;
}

// By one change that either has it or has not: nothing suspends between the look and the taking.
bool Gate::Impl::reserve(Request& request, std::uint64_t units) {
  Account& account = request.live->account;
  if (request.epoch != account.epoch()) {
    request.epoch = account.epoch();
    request.reserved = 0;
  }
  if (request.reserved >= units) return true;
  const std::uint64_t missing = units - request.reserved;
  std::uint64_t ahead = missing;
  if (account.terms().metric == Metric::bytes)
    ahead = std::max(missing, std::min(kStepBytes - std::min(kStepBytes, request.reserved),
                                       account.free() / kShare));
  if (!account.reserve(ahead)) return false;
  request.reserved += ahead;
  return true;
}

MeterAnswer Gate::Impl::take_paid(Request& request, std::uint64_t payload) {
  Live& live = *request.live;
  live.touched = now();
  if (test_hooks::planted("meter_after_send")) {
    request.owed += payload;
    return {live.account.unused() > 0 ? MeterVerdict::go_on : MeterVerdict::payment, {}};
  }
  // Before more is used, so that a disk that does not write ends the request.
  if (live.unwritten + payload > kUnwrittenBytes)
    if (auto written = write(live); !written) return take_on_error(request, payload);
  const std::uint64_t units = units_due(request, live.account.terms(), payload, now());
  if (!reserve(request, units)) {
    if (auto fresh = refresh(live); !fresh) return take_on_error(request, payload);
    if (!reserve(request, units)) {
      if (has_trouble(live.scope)) return take_on_error(request, payload);
      if (!request.dry) request.dry = now();
      if (now() >= *request.dry + kTopUp) return {MeterVerdict::payment, {}};
      return {MeterVerdict::wait, now() + kAskAgain};
    }
  }
  request.dry.reset();
  request.reserved -= units;
  request.charged += units;
  live.account.use(units);
  live.unwritten += units;
  return {MeterVerdict::go_on, {}};
}

void Gate::Impl::settle(GateTicket ticket) {
  const auto found = requests_.find(ticket.number);
  if (found == requests_.end()) return;
  const Request request = std::move(found->second);
  requests_.erase(found);
  if (request.live == nullptr) return;
  Live& live = *request.live;
  --live.tickets;
  if (request.epoch == live.account.epoch()) live.account.release(request.reserved);
  if (test_hooks::planted("meter_after_send")) {
    const std::uint64_t paid_for = std::min(request.owed, live.account.free());
    if (live.account.reserve(paid_for)) live.account.use(paid_for);
    live.unwritten += paid_for;
  }
}

}  // namespace archy::streaming
