#include "streaming/gate.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "streaming/gate_impl.hpp"
#include "wallet/ledger/mint_url.hpp"

namespace archy::streaming {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenSweeps = 1s;
constexpr auto kIdle = 5s;

}  // namespace

std::string_view to_string(GateVerdict verdict) {
  constexpr std::string_view kNames[] = {"allowed",      "paid_and_allowed", "payment_required",
                                         "insufficient", "failed",           "unavailable"};
  return kNames[static_cast<std::size_t>(verdict)];
}

// --- what is sold --------------------------------------------------------------------------------

Result<std::vector<Service>> Gate::Impl::services() {
  auto db = purse_.database();
  if (!db && db.error().code == Code::not_found) {
    std::vector<Service> out;
    for (const ServiceId id : kServices) out.push_back({.id = id});
    return out;
  }
  if (!db) return fail(db.error());
  return ServiceBook(**db).list();
}

Result<Service> Gate::Impl::configure(Service service, std::uint64_t expected_revision) {
  TRY_OK(check(service.price));
  TRY(db, purse_.database());
  if (service.accepted_mints) {
    TRY(trusted, purse_.accepted_mints());
    std::vector<std::string> normal;
    for (const std::string& url : *service.accepted_mints) {
      TRY(mint, wallet::normal_mint_url(url));
      if (std::ranges::find(trusted, mint) == trusted.end())
        return fail(Code::bad_input, mint + " is none of the wallet's mints");
      if (std::ranges::find(normal, mint) == normal.end()) normal.push_back(mint);
    }
    service.accepted_mints = std::move(normal);
  }
  shops_[static_cast<std::size_t>(service.id)].reset();
  return ServiceBook(*db).put(std::move(service), expected_revision, now_ms());
}

Result<bool> Gate::Impl::is_on(ServiceId id) {
  const auto shop = this->shop(id);
  if (!shop && shop.error().code == Code::not_found) return false;
  if (!shop) return fail(shop.error());
  return shop->service.enabled;
}

Result<Quote> Gate::Impl::quote(ServiceId id, std::uint64_t units) {
  TRY(shop, this->shop(id));
  if (!shop.service.enabled)
    return fail(Code::not_found, std::string(to_string(id)) + " is not sold here");
  TRY(price, purchase_of(shop.service.price, units));
  TRY(mints, accepted(shop.service));
  return Quote{Quotes::new_id(env_.random), price, shop.service.price, std::move(mints),
               now_ms() + kQuoteMs};
}

Result<Gate::Impl::Shop> Gate::Impl::shop(ServiceId id) {
  TRY(db, purse_.database());
  auto& known = shops_[static_cast<std::size_t>(id)];
  if (known && known->db == db) return *known;
  TRY(service, ServiceBook(*db).find(id));
  known = Shop{db, std::move(service)};
  return *known;
}

Result<std::vector<std::string>> Gate::Impl::accepted(const Service& service) {
  TRY(trusted, purse_.accepted_mints());
  if (!service.accepted_mints) return trusted;
  std::erase_if(trusted, [&](const std::string& mint) {
    return std::ranges::find(*service.accepted_mints, mint) == service.accepted_mints->end();
  });
  return trusted;
}

// --- what is kept in memory ----------------------------------------------------------------------

Result<Gate::Impl::Live*> Gate::Impl::load(wallet::WalletDb& db, const Scope& scope) {
  if (const auto known = live_.find(scope); known != live_.end()) {
    Live& live = known->second;
    if (live.db == &db && (live.tickets > 0 || live.expires_ms > now_ms())) {
      live.touched = now();
      return &live;
    }
    if (live.tickets > 0) return fail(Code::try_later, "the wallet's database is another one now");
    if (live.db == &db) TRY_OK(write(live));
    live_.erase(known);
  }
  SessionBook book(db);
  TRY(session, book.open(scope));
  if (!session || session->expires_ms <= now_ms()) return nullptr;
  TRY(account, Account::of(session->terms, session->credit, session->base, session->units));
  Live live{&db,
            session->id,
            scope,
            std::move(account),
            session->terms_of,
            session->units_before,
            session->expires_ms};
  TRY_OK(refresh(live));
  live.touched = now();
  return &live_.insert_or_assign(scope, std::move(live)).first->second;
}

Result<> Gate::Impl::refresh(Live& live) {
  TRY(db, purse_.database());
  if (db != live.db) return fail(Code::try_later, "the wallet's database is another one now");
  SessionBook book(*db);
  TRY(session, book.find(live.id));
  if (!session || session->closed_ms) return fail(Code::denied, "this session was closed");
  TRY(last, book.last_credited(live.id));
  live.account.set_credit(session->credit);
  live.expires_ms = session->expires_ms;
  if (!last || last->name == live.terms_of) return {};
  if (last->terms != live.account.terms()) {
    live.units_before += live.account.units();
    TRY_OK(live.account.set_terms(last->terms));
  }
  live.terms_of = last->name;
  live.terms_unwritten = true;
  return {};
}

Result<> Gate::Impl::write(Live& live) {
  if (live.unwritten == 0 && !live.terms_unwritten) return {};
  TRY(db, purse_.database());
  if (db != live.db) return fail(Code::try_later, "the wallet's database is another one now");
  const Account& account = live.account;
  TRY_OK(SessionBook(*db).write_used({.id = live.id,
                                      .service = live.scope.service,
                                      .terms = account.terms(),
                                      .terms_of = live.terms_of,
                                      .base = account.base(),
                                      .used = account.used(),
                                      .units = account.units(),
                                      .units_before = live.units_before,
                                      .units_new = live.unwritten},
                                     now_ms()));
  live.unwritten = 0;
  live.terms_unwritten = false;
  return {};
}

void Gate::Impl::sweep() {
  if (now() < swept_ + kBetweenSweeps) return;
  swept_ = now();
  const auto is_over = [&](Live& live) {
    if (live.tickets > 0 || now() < live.touched + kIdle) return false;
    if (const auto db = purse_.database(); db && *db != live.db) return true;
    const auto written = write(live);
    if (!written)
      log::warn("streaming", "what was used is not written: {}", to_string(written.error()));
    return written.has_value();
  };
  for (auto each = live_.begin(); each != live_.end();)
    each = is_over(each->second) ? live_.erase(each) : std::next(each);
  std::erase_if(trouble_, [&](const auto& each) { return each.second <= now(); });
}

Result<> Gate::Impl::write_used() {
  std::optional<Error> first;
  for (auto& [scope, live] : live_)
    if (auto written = write(live); !written && !first) first = written.error();
  if (first) return fail(*first);
  return {};
}

// --- the class -----------------------------------------------------------------------------------

Gate::Gate(const rt::Env& env, Purse& purse) : impl_(std::make_unique<Impl>(env, purse)) {}
Gate::~Gate() = default;
Result<std::vector<Service>> Gate::services() { return impl_->services(); }
Result<Service> Gate::configure(Service service, std::uint64_t expected_revision) {
  return impl_->configure(std::move(service), expected_revision);
}
Result<bool> Gate::is_on(ServiceId id) { return impl_->is_on(id); }
boost::asio::awaitable<GateAnswer> Gate::ask(Want want, std::optional<Secret<std::string>> token,
                                             std::stop_token stop) {
  return impl_->ask(std::move(want), std::move(token), std::move(stop));
}
Result<Quote> Gate::quote(ServiceId service, std::uint64_t units) {
  return impl_->quote(service, units);
}
Gate::Begun Gate::begin(const Want& want) { return impl_->begin(want); }
MeterAnswer Gate::take(GateTicket ticket, std::uint64_t payload) {
  return impl_->take(ticket, payload);
}
void Gate::settle(GateTicket ticket) { impl_->settle(ticket); }
Result<std::vector<SessionView>> Gate::sessions(bool open_only) {
  return impl_->sessions(open_only);
}
rt::Task<Gate::Closed> Gate::close_session(std::uint64_t id, std::stop_token stop) {
  return impl_->close_session(id, std::move(stop));
}
Result<std::vector<UsageLine>> Gate::usage(std::int64_t from_day, std::int64_t to_day) {
  return impl_->usage(from_day, to_day);
}
Result<> Gate::write_used() { return impl_->write_used(); }

}  // namespace archy::streaming
