// A node that sells over real QUIC on loopback, with a gate that is a map, and a client. For tests
// only.
#pragma once

#include <map>
#include <set>

#include "base/check.hpp"
#include "blobs/test_peers.hpp"
#include "paid/gate_admission.hpp"
#include "paid/paid_server.hpp"

namespace archy::paid {

using streaming::ContentClass;
using streaming::GateVerdict;

struct MapCatalog final : Catalog {
  Result<std::optional<CatalogEntry>> find(const Blake3Hash& hash) override {
    if (broken) return fail(Code::io, "broken");
    const auto at = entries.find(hash);
    return at == entries.end() ? std::nullopt : std::optional(at->second);
  }
  std::map<Blake3Hash, CatalogEntry> entries;
  bool broken = false;
};

// Sells whole steps; a token is a word that the test has made ("t1") with a value.
struct MapTill final : Till {
  explicit MapTill(rt::Clock& with_clock) : clock(with_clock) {}

  boost::asio::awaitable<streaming::GateAnswer> ask(streaming::Want want,
                                                    std::optional<Secret<std::string>> token,
                                                    std::stop_token) override {
    ++asked;
    wants.push_back(want);
    streaming::GateAnswer out;
    if (twist) {
      if (auto twisted = twist(want, token)) co_return *twisted;
    }
    std::uint64_t& credit = credits[{want.peer, want.hash}];
    if (token) {
      const auto at = values.find(token->reveal());
      const auto known = spent.find(token->reveal());
      const bool again = known != spent.end() && known->second == want.peer;
      if (at == values.end() || (known != spent.end() && !again)) {
        out.verdict = GateVerdict::failed;
        out.reason = "a token that is none";
        co_return out;
      }
      if (!again) credit += at->second * step / price;
      spent[token->reveal()] = want.peer;
      out.receipt = streaming::Receipt{"00112233445566778899aabbccddeeff",
                                       cashu::Amount(at->second), wallet::Msat(0)};
    }
    if (credit > 0) {
      out.verdict = token ? GateVerdict::paid_and_allowed : GateVerdict::allowed;
      co_return out;
    }
    out.verdict = GateVerdict::payment_required;
    const std::uint64_t steps = std::max(min_steps, (want.size + step - 1) / step);
    streaming::Price terms;
    terms.step_size = step;
    terms.per_step = cashu::Amount(price);
    terms.min_steps = min_steps;
    out.quote = streaming::Quote{"ffeeddccbbaa99887766554433221100", cashu::Amount(steps * price),
                                 terms, mints, clock.unix_ms() + streaming::kQuoteMs};
    co_return out;
  }
  streaming::Gate::Begun begin(const streaming::Want& want) override {
    ++begun;
    const streaming::GateTicket ticket{++tickets};
    if (grace && want.klass == streaming::ContentClass::metered) {
      unpaid.insert(ticket.number);
      return {streaming::MeterVerdict::go_on, ticket};
    }
    if (credits[{want.peer, want.hash}] == 0) return {streaming::MeterVerdict::payment, {}};
    open[ticket.number] = {want.peer, want.hash};
    return {streaming::MeterVerdict::go_on, ticket};
  }
  streaming::MeterAnswer take(streaming::GateTicket ticket, std::uint64_t payload) override {
    if (unpaid.contains(ticket.number)) return {streaming::MeterVerdict::go_on, {}};
    std::uint64_t& credit = credits[open.at(ticket.number)];
    if (credit < payload) {
      if (++waits > most_waits) return {streaming::MeterVerdict::payment, {}};
      return {streaming::MeterVerdict::wait, clock.now() + std::chrono::milliseconds(10)};
    }
    waits = 0;
    credit -= payload;
    taken += payload;
    return {streaming::MeterVerdict::go_on, {}};
  }
  void settle(streaming::GateTicket ticket) override {
    open.erase(ticket.number);
    unpaid.erase(ticket.number);
  }

  using Account = std::pair<EndpointId, Blake3Hash>;
  rt::Clock& clock;
  std::uint64_t step = 1u << 20, price = 1, min_steps = 1;
  std::vector<std::string> mints{"http://mint-a.test"};
  std::map<std::string, std::uint64_t> values;
  std::map<std::string, EndpointId> spent;
  std::map<Account, std::uint64_t> credits;  // Units: payload bytes
  std::map<std::uint64_t, Account> open;
  bool grace = false;  // what is metered goes unpaid
  std::set<std::uint64_t> unpaid;
  std::vector<streaming::Want> wants;
  std::function<std::optional<streaming::GateAnswer>(const streaming::Want&,
                                                     const std::optional<Secret<std::string>>&)>
      twist;
  std::uint64_t tickets = 0, taken = 0;
  int asked = 0, begun = 0, waits = 0, most_waits = 50;
};

// Of whatever is called, a test fails.
struct NoTill final : Till {
  boost::asio::awaitable<streaming::GateAnswer> ask(streaming::Want,
                                                    std::optional<Secret<std::string>>,
                                                    std::stop_token) override {
    CHECK(false && "the gate was asked");
    co_return streaming::GateAnswer{};
  }
  streaming::Gate::Begun begin(const streaming::Want&) override {
    CHECK(false && "the gate was asked");
    return {};
  }
  streaming::MeterAnswer take(streaming::GateTicket, std::uint64_t) override {
    CHECK(false && "the gate was asked");
    return {};
  }
  void settle(streaming::GateTicket) override { CHECK(false && "the gate was asked"); }
};

// Lifetime: every flow has ended when TearDown returns.
class SellersTest : public blobs::PeersTest {
 protected:
  MapCatalog catalog;
  MapTill till{world.clock};
  NoTill no_till;
  std::unique_ptr<GateAdmission> admission;
  std::unique_ptr<PaidServer> asked;
  bool speaks_of_money = true;

  void SetUp() override {
    server = world.endpoint(1, with_alpns());
    client = world.endpoint(2, quic::client_config());
  }
  static quic::Config with_alpns() {
    quic::Config config = quic::server_config();
    config.alpns = {std::string(blobs::kAlpn), std::string(kAlpn)};
    return config;
  }
  void sell() { sell_by(till); }
  void sell_by(Till& by) {
    admission = std::make_unique<GateAdmission>(catalog, by);
    provider = std::make_unique<blobs::Provider>(world.env, *served, *admission);
    asked = std::make_unique<PaidServer>(
        world.env, catalog, by,
        FrameLimits{std::chrono::milliseconds(300), std::chrono::milliseconds(600)});
    world.scope.start(accept_all(world.scope.stop_token()));
  }
  boost::asio::awaitable<void> accept_all(std::stop_token stop) {
    while (!stop.stop_requested()) {
      auto accepted = co_await server->accept();
      if (!accepted) break;
      std::shared_ptr<quic::Connection> over = std::move(*accepted);
      if (over->alpn() == kAlpn && speaks_of_money)
        world.scope.start(asked->serve(std::move(over), stop));
      else if (over->alpn() == blobs::kAlpn)
        world.scope.start(provider->serve(std::move(over), stop));
      else
        over->close(0, "");
    }
  }
  Blake3Hash sell_content(ByteView bytes, ContentClass klass,
                          store::Format format = store::Format::raw) {
    const Blake3Hash hash = add(bytes, true, format);
    catalog.entries[hash] = {klass, streaming::ServiceId::content_download, bytes.size()};
    return hash;
  }
  void connect_to(std::string_view alpn) {
    auto made = run(client->connect(server->id(), server->addresses(), std::string(alpn)));
    ASSERT_TRUE(made.has_value()) << to_string(made.error());
    connection = *made;
  }
  // What comes back, without the length; empty: nothing.
  std::string ask_raw(std::string_view json) {
    const RawAnswer answer = raw(framed(json));
    const auto inside = unframed(answer.bytes);
    return inside ? std::string(*inside) : std::string();
  }
  std::string ask_for(const Blake3Hash& hash, const std::string& rest = "") {
    return ask_raw("{\"want\":\"" + hash.hex() + "\"" + rest + "}");
  }
};

}  // namespace archy::paid
