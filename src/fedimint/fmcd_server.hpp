// fmcd as a test meets it: its REST interface over real HTTP, with the log, the dedupe by payment
// hash and the timeouts of the real one, and a referee's view of whose money is where. Only test
// files include it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hex.hpp"
#include "cashu/bolt11.hpp"
#include "crypto/sha256.hpp"
#include "http/test_server.hpp"
#include "wallet/issuer.hpp"
#include "wallet/toy_invoice.hpp"

namespace archy::fedimint::test {

class FmcdServer {
 public:
  using Json = nlohmann::ordered_json;
  enum class Fault : unsigned char {
    lose_before,      // the connection ends, nothing was done
    lose_after,       // it was done, and the connection ends
    proxy_before,     // 502 with a page, nothing was done
    proxy_after,      // it was done, and 502 with a page
    cut_after,        // it was done, half of the answer comes
    half_json_after,  // it was done, the answer is whole HTTP and half of its JSON
    refuse_before,    // 500 in the daemon's own words, nothing was done
    refuse_after,     // it was done, and 500 in the daemon's own words
    late,             // the connection ends; it is done when deliver_late() is called
    late_words,       // a proxy's 504 in words like the daemon's; done as `late`
  };
  static constexpr Fault kFaults[] = {
      Fault::lose_before, Fault::lose_after,      Fault::proxy_before,  Fault::proxy_after,
      Fault::cut_after,   Fault::half_json_after, Fault::refuse_before, Fault::refuse_after};
  static bool executes(Fault fault) {
    return fault != Fault::lose_before && fault != Fault::proxy_before &&
           fault != Fault::refuse_before && fault != Fault::late && fault != Fault::late_words;
  }

  explicit FmcdServer(std::string federation)
      : federation_(std::move(federation)),
        http_([this](const http::TestServer::Request& request, http::TestServer::Connection& to) {
          serve(request, to);
        }) {
    gateways = {{"02" + std::string(64, 'a'), 1000, 5000}};
  }

  std::string url() const { return http_.url(""); }
  std::vector<http::TestServer::Request> requests() const { return http_.requests(); }
  std::size_t count(std::string_view path) const {
    std::size_t out = 0;
    for (const auto& each : http_.requests()) out += each.target == path;
    return out;
  }

  // --- what the test sets ------------------------------------------------------------------------

  struct Gateway {
    std::string id;
    std::uint64_t base_msat = 0, ppm = 0;
  };
  std::vector<Gateway> gateways;
  // By path, one for each request, in their order; none: as it should be.
  std::map<std::string, std::deque<std::optional<Fault>>> faults;
  // Whether the log has the outcome of what has ended. fmcd 0.8.0 notes it only for what somebody
  // has watched to its end.
  bool notes_outcomes = true;
  bool payments_fail = false;  // the gateway gives up, the money comes back
  bool payments_hang = false;  // begun, and not decided
  bool lies_about_invoice = false;
  std::string authorization = "Basic Zm1jZDpodW50ZXIy";  // fmcd:hunter2

  void fund(std::uint64_t msat) {
    locked([&] { balance_ += msat, came_ += msat; });
  }
  void set_now(std::int64_t ms) {
    locked([&] {
      now_ms_ = ms;
      for (auto& [text, note] : notes_)
        if (note.ours && !note.gone && ms >= note.deadline_ms) take_back(note);
    });
  }
  // Somebody pays the invoice.
  void pay_ours(const std::string& invoice) {
    locked([&] {
      const auto found = invoices_.find(invoice);
      EXPECT_TRUE(found != invoices_.end()) << "an invoice of nobody";
      if (found == invoices_.end() || found->second.claimed) return;
      found->second.claimed = true;
      balance_ += found->second.msat;
      came_ += found->second.msat;
      log_[found->second.entry]["outcome"] = "claimed";
    });
  }
  // Whoever has the notes. False: they are gone.
  bool redeem(const std::string& text) {
    bool out = false;
    locked([&] {
      const auto found = notes_.find(text);
      if (found == notes_.end() || found->second.gone) return;
      found->second.gone = out = true;
      left_ += found->second.ours ? found->second.msat : 0;
    });
    return out;
  }
  std::string foreign_notes(std::uint64_t msat, const std::string& of = {}) {
    std::string out;
    locked([&] { out = new_notes((of.empty() ? federation_ : of).substr(0, 8), msat, false, 0); });
    return out;
  }
  // A spend by somebody else at the same daemon.
  void foreign_spend(std::uint64_t msat) {
    locked([&] { (void)spend_notes(msat, 1000); });
  }
  void settle_hanging(bool success) {
    locked([&] {
      for (auto& [hash, payment] : payments_)
        if (payment.hanging) settle(payment, success);
    });
  }

  // What was still on its way arrives. Its answers reach nobody.
  void deliver_late() {
    locked([&] {
      for (const auto& request : late_) (void)answer_to(request);
      late_.clear();
    });
  }
  // The daemon starts again from nothing but its notes.
  void lose_log() {
    locked([&] { forgotten_ = log_.size(); });
  }
  // It starts with its clock set back: what it does from now on stands before all that it did.
  void log_out_of_order() {
    locked([&] { is_out_of_order_ = true; });
  }

  // --- what the referee sees ---------------------------------------------------------------------

  std::uint64_t balance() { return read(balance_); }
  std::uint64_t came() { return read(came_); }
  std::uint64_t left() { return read(left_); }  // paid, fees, redeemed by others
  std::uint64_t out() {                         // in notes of ours that nobody has redeemed
    std::uint64_t sum = 0;
    locked([&] {
      for (const auto& [text, note] : notes_)
        if (note.ours && !note.gone) sum += note.msat;
    });
    return sum;
  }
  std::uint64_t held() { return read(held_); }  // in payments that are not decided
  bool is_conserved() { return came() == balance() + left() + out() + held(); }
  int times_paid(const std::string& invoice) {
    int out = 0;
    locked([&] {
      const auto found = payments_.find(hash_of(invoice));
      out = found == payments_.end() ? 0 : found->second.times_paid;
    });
    return out;
  }
  std::size_t operations() {
    std::size_t out = 0;
    locked([&] { out = log_.size(); });
    return out;
  }

 private:
  struct Note {
    std::uint64_t msat = 0;
    bool ours = false, gone = false;
    std::int64_t deadline_ms = 0;
    std::size_t entry = 0;
  };
  struct Invoice {
    std::uint64_t msat = 0;
    bool claimed = false;
    std::size_t entry = 0;
    std::string operation;
  };
  struct Payment {
    int index = 0, times_paid = 0;
    bool completed = false, hanging = false;
    std::uint64_t cost = 0, fee = 0;
    std::size_t entry = 0;
    std::string operation;
  };
  struct Answer {
    int status = 200;
    std::string body;
  };

  template <class Do>
  void locked(Do what) {
    const std::lock_guard lock(mutex_);
    what();
  }
  std::uint64_t read(const std::uint64_t& from) {
    const std::lock_guard lock(mutex_);
    return from;
  }
  static std::string hash_of(const std::string& invoice) {
    const auto read = cashu::parse_invoice(invoice);
    return read ? to_hex(read->payment_hash.view()) : invoice;
  }
  std::string new_id() {
    return to_hex(crypto::sha256(as_bytes("operation " + std::to_string(++last_id_))).view());
  }
  std::string new_notes(const std::string& prefix, std::uint64_t msat, bool ours,
                        std::int64_t deadline_ms) {
    std::string text = "AgEE" + prefix + "_" + std::to_string(msat) + "_" + new_id().substr(0, 16);
    notes_[text] = {msat, ours, false, deadline_ms, log_.size()};
    return text;
  }
  void take_back(Note& note) {
    note.gone = true;
    balance_ += note.msat;
    if (notes_outcomes) log_[note.entry]["outcome"] = "Refunded";
  }
  std::string add_entry(std::string id, const char* kind, Json meta) {
    log_.push_back({{"id", id},
                    {"creationTime", "2027-01-15T08:00:00.000000000Z"},
                    {"operationKind", kind},
                    {"operationMeta", std::move(meta)}});
    return id;
  }
  static Answer refusal(int status, const char* code, const std::string& message) {
    return {status, Json{{"error",
                          {{"code", code},
                           {"message", message},
                           {"details", nullptr},
                           {"correlation_id", nullptr},
                           {"request_id", nullptr}}}}
                        .dump()};
  }

  void serve(const http::TestServer::Request& request, http::TestServer::Connection& to) {
    const std::lock_guard lock(mutex_);
    std::optional<Fault> fault;
    if (auto& script = faults[request.target]; !script.empty()) {
      fault = script.front();
      script.pop_front();
    }
    if (request.header("authorization") != authorization) return write(to, {401, "Unauthorized"});
    Answer answer;
    if (!fault || executes(*fault)) answer = answer_to(request);
    if (!fault) return write(to, answer);
    switch (*fault) {
      case Fault::lose_before:
      case Fault::lose_after:
        return to.reset();
      case Fault::proxy_before:
      case Fault::proxy_after:
        return write(to, {502, "<html>Bad Gateway</html>"});
      case Fault::cut_after:
        to.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.body.size()) +
                 "\r\n\r\n" + answer.body.substr(0, answer.body.size() / 2));
        return to.close();
      case Fault::half_json_after:
        return write(to, {200, answer.body.substr(0, answer.body.size() / 2)});
      case Fault::late:
        late_.push_back(request);
        return to.reset();
      case Fault::late_words:
        late_.push_back(request);
        return write(to, {504, R"({"error":{"code":"GATEWAY_TIMEOUT","message":"upstream"}})"});
      case Fault::refuse_before:
      case Fault::refuse_after:
        return write(to, refusal(500, "INTERNAL_ERROR", "no quorum"));
    }
  }
  static void write(http::TestServer::Connection& to, const Answer& answer) {
    to.write("HTTP/1.1 " + std::to_string(answer.status) + " X\r\nContent-Length: " +
             std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body);
  }

  Answer answer_to(const http::TestServer::Request& request) {
    const Json body = request.body.empty() ? Json() : Json::parse(request.body, nullptr, false);
    const std::string& target = request.target;
    if (target == "/v2/admin/info")
      return {200, Json{{federation_,
                         {{"network", "regtest"},
                          {"meta", {{"federation_name", "toy"}}},
                          {"totalAmountMsat", balance_},
                          {"totalNumNotes", 1},
                          {"denominationsMsat", {{"1", 1}}}}}}
                       .dump()};
    if (target.starts_with("/v2/ln/operation/")) return receipt(target);
    if (target == "/v2/mint/decode-notes" || target == "/v2/mint/validate" ||
        target == "/v2/mint/reissue")
      return about_notes(target, body);
    if (body.value("federationId", "") != federation_)
      return refusal(404, "FEDERATION_NOT_FOUND", "No client found for federation id");
    if (target == "/v2/admin/operations") return operations_page(body.at("limit"));
    if (target == "/v2/ln/gateways") return gateway_list();
    if (target == "/v2/ln/invoice") return make_invoice(body);
    if (target == "/v2/ln/pay") return pay(body);
    if (target == "/v2/mint/spend") return spend(body);
    return {404, ""};
  }

  Answer operations_page(std::size_t limit) {
    Json page = Json::array();
    std::deque<std::size_t> order;
    for (std::size_t at = forgotten_; at < log_.size(); ++at) order.push_front(at);
    // Newest first as the daemon's clock has it.
    if (is_out_of_order_ && !order.empty()) {
      order.push_back(order.front());
      order.pop_front();
    }
    for (const std::size_t at : order)
      if (page.size() < limit) page.push_back(log_[at]);
    return {200, Json{{"operations", page}}.dump()};
  }
  Answer gateway_list() {
    Json list = Json::array();
    for (const Gateway& each : gateways)
      list.push_back(
          {{"info",
            {{"mint_channel_id", 1},
             {"gateway_redeem_key", each.id},
             {"node_pub_key", each.id},
             {"lightning_alias", "toy"},
             {"api", "http://127.0.0.1:1/"},
             {"route_hints", Json::array()},
             {"fees", {{"base_msat", each.base_msat}, {"proportional_millionths", each.ppm}}},
             {"gateway_id", each.id},
             {"supports_private_payments", false}}},
           {"vetted", true},
           {"ttl", {{"secs", 600}, {"nanos", 0}}},
           {"federation_id", federation_}});
    return {200, list.dump()};
  }
  const Gateway* find_gateway(const Json& body) const {
    for (const Gateway& each : gateways)
      if (each.id == body.value("gatewayId", "")) return &each;
    return nullptr;
  }

  Answer make_invoice(const Json& body) {
    if (!find_gateway(body)) return refusal(400, "VALIDATION_ERROR", "Failed to select gateway");
    const std::uint64_t msat = body.at("amountMsat");
    const std::string id = new_id();
    const std::string text = wallet::test::toy_invoice(
        crypto::sha256(as_bytes(id)), lies_about_invoice ? msat / 2 : msat,
        static_cast<std::uint64_t>(now_ms_ / 1000), body.at("expiryTime"));
    invoices_[text] = {msat, false, log_.size(), id};
    add_entry(id, "ln",
              {{"variant", {{"receive", {{"invoice", text}, {"gateway_id", body["gatewayId"]}}}}},
               {"extra_meta", body.value("metadata", Json())}});
    return {200, Json{{"invoiceId", "inv_1"},
                      {"operationId", id},
                      {"invoice", text},
                      {"status", "created"},
                      {"settlement", nullptr},
                      {"createdAt", "2027-01-15T08:00:00Z"},
                      {"expiresAt", nullptr}}
                     .dump()};
  }
  Answer receipt(const std::string& target) {
    for (const auto& [text, invoice] : invoices_) {
      if (target != "/v2/ln/operation/" + invoice.operation + "/status?federationId=" + federation_)
        continue;
      Json status = "pending";
      if (invoice.claimed)
        status = {
            {"claimed", {{"amount_received_msat", 0}, {"settled_at", "2027-01-15T08:00:00Z"}}}};
      return {200, Json{{"invoiceId", nullptr},
                        {"operationId", invoice.operation},
                        {"status", status},
                        {"settlement", nullptr},
                        {"lastUpdated", "2027-01-15T08:00:00Z"}}
                       .dump()};
    }
    return refusal(500, "INTERNAL_ERROR", "Failed to get invoice status");
  }

  void settle(Payment& payment, bool success) {
    payment.hanging = false;
    held_ -= payment.cost;
    if (success) {
      payment.completed = true;
      ++payment.times_paid;
      left_ += payment.cost;
      if (notes_outcomes) log_[payment.entry]["outcome"] = {{"success", {{"preimage", "00ff"}}}};
    } else {
      balance_ += payment.cost;
      if (notes_outcomes)
        log_[payment.entry]["outcome"] = {{"refunded", {{"gateway_error", "no route"}}}};
    }
  }
  Answer paid(const Payment& payment) {
    return {200, Json{{"operationId", payment.operation},
                      {"paymentType", {{"Lightning", payment.operation}}},
                      {"contractId", std::string(64, 'c')},
                      {"fee", payment.fee},
                      {"preimage", "00ff"}}
                     .dump()};
  }
  Answer pay(const Json& body) {
    const std::string text = body.at("paymentInfo");
    const auto read = cashu::parse_invoice(text);
    if (!read || !read->amount_msat)
      return refusal(400, "VALIDATION_ERROR", "Invalid bolt11 invoice");
    const Gateway* gateway = find_gateway(body);
    if (!gateway) return refusal(502, "GATEWAY_ERROR", "Gateway not available");
    Payment& payment = payments_[hash_of(text)];
    if (payment.completed) return paid(payment);
    if (payment.hanging)
      return refusal(408, "PAYMENT_TIMEOUT", "Previous payment attempt still in progress");
    if (read->expires_at() < static_cast<std::uint64_t>(now_ms_ / 1000))
      return refusal(408, "PAYMENT_TIMEOUT", "Invoice has expired");
    payment.fee = gateway->base_msat + *read->amount_msat * gateway->ppm / 1'000'000;
    payment.cost = *read->amount_msat + payment.fee;
    if (payment.cost > balance_) return refusal(408, "PAYMENT_TIMEOUT", "Insufficient balance");
    balance_ -= payment.cost;
    held_ += payment.cost;
    payment.hanging = true;
    payment.entry = log_.size();
    payment.operation =
        to_hex(crypto::sha256(as_bytes(hash_of(text) + std::to_string(++payment.index))).view());
    add_entry(payment.operation, "ln",
              {{"variant",
                {{"pay",
                  {{"invoice", text},
                   {"fee", payment.fee},
                   {"change", Json::array()},
                   {"is_internal_payment", false},
                   {"contract_id", std::string(64, 'c')},
                   {"gateway_id", gateway->id}}}}},
               {"extra_meta", nullptr}});
    if (payments_hang) return {502, "<html>Gateway Timeout</html>"};
    settle(payment, !payments_fail);
    if (payments_fail) return refusal(400, "VALIDATION_ERROR", "Payment refunded: no route");
    return paid(payment);
  }

  std::pair<std::string, std::string> spend_notes(std::uint64_t msat, std::uint64_t timeout_s) {
    balance_ -= msat;
    const std::string id = new_id();
    const std::string text = new_notes(federation_.substr(0, 8), msat, true,
                                       now_ms_ + static_cast<std::int64_t>(timeout_s) * 1000);
    add_entry(id, "mint",
              {{"variant", {{"spend_o_o_b", {{"requested_amount", msat}, {"oob_notes", text}}}}},
               {"amount", msat},
               {"extra_meta", nullptr}});
    return {id, text};
  }
  Answer spend(const Json& body) {
    const std::uint64_t msat = body.at("amountMsat");
    if (msat > balance_) return refusal(500, "INTERNAL_ERROR", "Insufficient balance");
    const auto [id, text] = spend_notes(msat, body.at("timeout"));
    return {200, Json{{"operation", id}, {"notes", text}}.dump()};
  }
  Answer about_notes(const std::string& target, const Json& body) {
    const std::string text = body.value("notes", "");
    const auto found = notes_.find(text);
    if (found == notes_.end()) return {422, "Failed to deserialize the JSON body"};
    Note& note = found->second;
    if (target == "/v2/mint/decode-notes")
      return {200, Json{{"notesJson",
                         {{"federation_id_prefix", text.substr(4, 8)},
                          {"notes", {{"1024", Json::array()}}}}}}
                       .dump()};
    if (target == "/v2/mint/reissue") {
      if (!reissued_.insert(text).second)
        return refusal(500, "INTERNAL_ERROR", "The note was already reissued");
      const std::size_t entry = log_.size();
      add_entry(new_id(), "mint",
                {{"variant",
                  {{"reissuance", {{"txid", std::string(64, 'd')}, {"out_point_indices", {0}}}}}},
                 {"amount", note.msat},
                 {"extra_meta", nullptr}});
      const bool gone = note.gone;
      if (notes_outcomes) log_[entry]["outcome"] = gone ? Json{{"Failed", "spent"}} : Json("Done");
      if (gone) return refusal(500, "INTERNAL_ERROR", "the notes were spent");
      note.gone = true;
      balance_ += note.msat;
      came_ += note.ours ? 0 : note.msat;
    }
    return {200, Json{{"amountMsat", note.msat}}.dump()};
  }

  const std::string federation_;
  std::mutex mutex_;
  std::int64_t now_ms_ = 0;
  std::uint64_t balance_ = 0, came_ = 0, left_ = 0, held_ = 0, last_id_ = 0;
  std::vector<Json> log_;  // oldest first
  std::map<std::string, Note> notes_;
  std::map<std::string, Invoice> invoices_;
  std::map<std::string, Payment> payments_;  // by payment hash
  std::set<std::string> reissued_;
  std::vector<http::TestServer::Request> late_;
  bool is_out_of_order_ = false;
  std::size_t forgotten_ = 0;  // of the oldest of the log
  http::TestServer http_;      // last: its threads use all of the above
};

}  // namespace archy::fedimint::test
