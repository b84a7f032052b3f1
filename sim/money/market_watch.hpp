// What is counted of a market beside the books of those who trade: bytes that leave a seller, calls
// of his gate, bytes that reach a buyer. And what a seller does who does not keep to what he sells.
#pragma once

#include <map>

#include "fetch/source.hpp"
#include "paid/counted_blob.hpp"
#include "paid/gate_admission.hpp"

namespace archy::sim {

enum class Cheat : unsigned char {
  none,
  sends_nothing,   // takes the money, and refuses the bytes
  denies_payment,  // takes the money, and says that it did not
};

// Of one seller, over all his lives.
struct SellerWatch {
  struct Left {
    std::uint64_t bytes = 0;     // that are not public
    std::uint64_t paid = 0;      // of these, content that is marked paid
    std::uint64_t unsaved = 0;   // of these, in the life that runs now
    std::uint64_t forgiven = 0;  // what lives that broke off may have forgotten
  };
  // By the peer and the hash whose credit is to pay.
  std::map<std::pair<EndpointId, Blake3Hash>, Left> left;
  std::uint64_t public_bytes = 0;
  std::uint64_t gate_calls_for_public = 0;
  Cheat cheat = Cheat::none;

  // The program ended, and may not have written what was used.
  void broke_off();
  // It did.
  void ended_in_order();
};

// Thread: the world's. Lifetime: what it was given outlives it.
class WatchedAdmission final : public blobs::Admission {
 public:
  WatchedAdmission(paid::GateAdmission& inner, paid::Catalog& catalog, streaming::Gate& gate,
                   SellerWatch& watch)
      : inner_(inner), catalog_(catalog), gate_(gate), watch_(watch) {}
  blobs::Verdict on_connection(const EndpointId& peer) override {
    return inner_.on_connection(peer);
  }
  blobs::Verdict on_request(const blobs::RequestContext& request) override;
  blobs::Verdict on_child(const blobs::RequestContext& request, const Blake3Hash& child) override;
  blobs::GroupVerdict on_group(const blobs::RequestContext& request, std::size_t payload) override;
  void on_end(const blobs::RequestContext& request) override;

 private:
  using Class = streaming::ContentClass;
  struct Running {
    Blake3Hash root, payer;
    Class of_root = Class::public_, now = Class::public_;
  };
  // As it is sent from now on: metered content is public while nothing is sold.
  Class class_of(const Blake3Hash& hash);

  paid::GateAdmission& inner_;
  paid::Catalog& catalog_;
  streaming::Gate& gate_;
  SellerWatch& watch_;
  std::map<std::uint64_t, Running> running_;
};

class WatchedTill final : public paid::Till {
 public:
  WatchedTill(paid::Till& inner, SellerWatch& watch) : inner_(inner), watch_(watch) {}
  boost::asio::awaitable<streaming::GateAnswer> ask(streaming::Want want,
                                                    std::optional<Secret<std::string>> token,
                                                    std::stop_token stop) override;
  streaming::Gate::Begun begin(const streaming::Want& want) override;
  streaming::MeterAnswer take(streaming::GateTicket ticket, std::uint64_t payload) override {
    return inner_.take(ticket, payload);
  }
  void settle(streaming::GateTicket ticket) override { inner_.settle(ticket); }

 private:
  paid::Till& inner_;
  SellerWatch& watch_;
};

// A peer as a source, with what came of it.
class WatchedSource final : public fetch::Source {
 public:
  // `broken_off`: a question that the buyer himself gave up half-way.
  WatchedSource(std::shared_ptr<fetch::Source> inner, std::function<void(std::uint64_t)> came,
                std::function<void()> broken_off)
      : inner_(std::move(inner)), came_(std::move(came)), broken_off_(std::move(broken_off)) {}
  std::string name() const override { return inner_->name(); }
  fetch::SourceKind kind() const override { return inner_->kind(); }
  rt::Task<> fetch(fetch::Attempt& attempt) override;
  rt::Task<> watch(Blake3Hash hash, std::function<void(bao::ChunkRanges)> tell,
                   std::stop_token stop) override {
    return inner_->watch(hash, std::move(tell), std::move(stop));
  }

 private:
  std::shared_ptr<fetch::Source> inner_;
  std::function<void(std::uint64_t)> came_;
  std::function<void()> broken_off_;
};

}  // namespace archy::sim
