// A market: sellers and buyers, each with a wallet of his own, over linked mints, in one virtual
// network, beside a free origin. What there is, and the time that passes; what happens is told by
// market_story.cpp, and what must hold by market_judge.cpp.
#pragma once

#include "sim/money/market_node.hpp"
#include "sim/outcome.hpp"

namespace archy::sim {

struct MarketBlob {
  Blake3Hash hash;
  std::uint64_t size = 0;
  std::optional<std::string> origin;
  std::vector<MarketNode*> sellers;
  bool is_sequence = false;  // and its children are other blobs
};

// Ecash that a seller gave back, until a buyer has taken it in.
struct Refunded {
  MarketNode* to = nullptr;
  Secret<std::string> token;
  bool taken = false;
};

struct Market {
  explicit Market(std::uint64_t seed);
  ~Market();
  Market(const Market&) = delete;

  // Runs the world until it has ended, a virtual day at most. False: it has not.
  bool run(boost::asio::awaitable<void> flow);
  template <class T>
  Result<T> call(rt::Task<T> task) {
    auto out = std::make_shared<std::optional<Result<T>>>();
    const auto keep = [](rt::Task<T> it, std::shared_ptr<std::optional<Result<T>>> into)
        -> boost::asio::awaitable<void> { into->emplace(co_await std::move(it)); };
    if (!run(keep(std::move(task), out))) return fail(Code::timed_out, "the call never ended");
    return std::move(**out);
  }
  void pass(rt::Duration time);
  void wait(const std::function<bool()>& done, rt::Duration most);
  void say(const std::string& line);
  // The first thing that is wrong, of a story that cannot go on.
  Result<> fund(MarketNode& node, const std::string& mint, std::uint64_t sat);
  std::vector<MarketNode*> everybody();
  static std::string url(std::string_view mint) { return "http://" + std::string(mint) + ".test"; }

  std::uint64_t seed;
  SeededRandom random;
  World world;
  Machine there;  // the mints', which nobody kills
  std::unique_ptr<testmint::LinkedMints> mints;
  std::vector<std::string> mint_names;
  std::vector<std::unique_ptr<MarketNode>> sellers, buyers;
  std::vector<MarketBlob> blobs;
  streaming::PaymentPolicy policy;                    // of everybody
  std::map<const MarketNode*, std::uint64_t> funded;  // sat
  std::set<const MarketNode*> ever_sold;
  std::vector<Refunded> refunds;
  std::vector<std::pair<MarketNode*, std::shared_ptr<MarketFetch>>> fetches;
  std::function<void(const std::string&)> tell;

 private:
  void make_mints();
  void make_nodes();
  void make_content();
};

// A story of this seed; `tell` hears it.
void run_market(std::uint64_t seed, Outcome& outcome,
                const std::function<void(const std::string&)>& tell = {});

// What is wrong with a market at rest: no fault, everybody up, everything resumed. Empty: nothing.
std::string judge_market(Market& market);

}  // namespace archy::sim
