// The gate's inside. gate.cpp: services, and what is kept in memory; gate_ask.cpp: the negotiation;
// gate_meter.cpp: blob requests; gate_sessions.cpp: listing, closing, giving back.
#pragma once

#include <map>
#include <set>
#include <unordered_map>

#include "rt/signal.hpp"
#include "streaming/account.hpp"
#include "streaming/gate.hpp"
#include "streaming/grace.hpp"
#include "streaming/quotes.hpp"
#include "streaming/refusals.hpp"
#include "streaming/service_book.hpp"
#include "streaming/token_check.hpp"

namespace archy::streaming {

class Gate::Impl {
 public:
  Impl(const rt::Env& env, Purse& purse) : env_(env), purse_(purse), redeemed_(env.executor) {}

  Result<std::vector<Service>> services();
  Result<Service> configure(Service service, std::uint64_t expected_revision);
  Result<bool> is_on(ServiceId id);
  Result<Quote> quote(ServiceId id, std::uint64_t units);

  boost::asio::awaitable<GateAnswer> ask(Want want, std::optional<Secret<std::string>> token,
                                         std::stop_token stop);

  Begun begin(const Want& want);
  MeterAnswer take(GateTicket ticket, std::uint64_t payload);
  void settle(GateTicket ticket);

  Result<std::vector<SessionView>> sessions(bool open_only);
  rt::Task<Closed> close_session(std::uint64_t id, std::stop_token stop);
  Result<std::vector<UsageLine>> usage(std::int64_t from_day, std::int64_t to_day);
  Result<> write_used();

 private:
  // What is sold just now, and where it is written.
  struct Shop {
    wallet::WalletDb* db = nullptr;
    Service service;
  };
  // A session in memory: from its first use until what was used is written and nobody needs it.
  struct Live {
    wallet::WalletDb* db = nullptr;
    SessionId id;
    Scope scope;
    Account account;
    std::string terms_of;
    std::uint64_t units_before = 0;
    std::int64_t expires_ms = 0;
    std::uint64_t unwritten = 0;  // units
    bool terms_unwritten = false;
    int tickets = 0;
    rt::Instant touched{};
  };
  enum class Mode : unsigned char { free, grace, paid };
  struct Request {
    Want want;
    Mode mode = Mode::paid;
    Live* live = nullptr;  // paid
    std::uint64_t reserved = 0;
    std::uint64_t epoch = 0;
    std::uint64_t owed = 0;  // of a planted bug
    rt::Instant begun{};
    std::uint64_t charged = 0;  // of milliseconds and requests
    std::optional<rt::Instant> dry = std::nullopt;
  };

  static Scope scope_of(const Want& want) { return {want.peer, want.service, want.hash}; }
  rt::Instant now() const { return env_.clock.now(); }
  std::int64_t now_ms() const { return env_.clock.unix_ms(); }

  Result<Shop> shop(ServiceId id);
  // The service's mints that are trusted now.
  Result<std::vector<std::string>> accepted(const Service& service);
  // Null: there is no session with credit.
  Result<Live*> load(wallet::WalletDb& db, const Scope& scope);
  // What the database says of it since.
  Result<> refresh(Live& live);
  Result<> write(Live& live);
  // Writes and forgets those that nobody has used for a while.
  void sweep();

  GateAnswer on_error(const Want& want, const Error& error);
  GateAnswer failed(std::string reason) const {
    return {GateVerdict::failed, {}, {}, std::move(reason)};
  }
  GateAnswer decide(const Want& want, const Shop& shop, const std::optional<Payment>& paid);
  Result<Quote> quote_for(const Want& want, const Shop& shop, std::uint64_t unused);
  rt::Task<GateAnswer> pay(Want want, Secret<std::string> token, std::stop_token stop);
  rt::Task<GateAnswer> redeem(Want want, Secret<std::string> token, SeenToken seen,
                              std::stop_token stop);
  Result<> begin_payment(const Want& want, const SeenToken& seen, const Price& terms,
                         wallet::OperationId operation);
  // How a payment of this name stands now; none: it is not known, and none of its proofs is.
  Result<std::optional<GateAnswer>> standing(const Want& want, const SeenToken& seen);
  void note_trouble(const Want& want);
  bool has_trouble(const Scope& scope) const;

  Begun admit(const Want& want, Mode mode, Live* live = nullptr);
  Begun begin_on_error(const Want& want, wallet::WalletDb* db);
  MeterAnswer take_paid(Request& request, std::uint64_t payload);
  MeterAnswer take_grace(Request& request, std::uint64_t payload);
  // Errors, and what is known to be in trouble: grace where the class has any.
  MeterAnswer take_on_error(Request& request, std::uint64_t payload);
  static std::uint64_t units_due(const Request& request, const Price& terms, std::uint64_t payload,
                                 rt::Instant now);
  bool reserve(Request& request, std::uint64_t units);

  SessionView view_of(const Session& session) const;
  Result<> end_session(wallet::WalletDb& db, const Session& session);
  rt::Task<wallet::OperationView> hand_out(Session session, std::stop_token stop);

  rt::Env env_;
  Purse& purse_;
  rt::Signal redeemed_;
  std::map<Scope, Live> live_;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::uint64_t last_ticket_ = 0;
  Quotes quotes_;
  Grace grace_;
  Refusals refusals_;
  std::set<std::string> redeeming_;       // names of payments
  std::multiset<Scope> paying_;           // whose they are
  std::map<Scope, rt::Instant> trouble_;  // metered: the gate could not decide, until then
  std::optional<Shop> shops_[std::size(kServices)];  // as last read
  std::set<std::uint64_t> closing_;                  // sessions
  rt::Instant swept_{};
};

}  // namespace archy::streaming
