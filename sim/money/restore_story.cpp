#include <fmt/format.h>

#include "sim/money/wallet_story.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using namespace std::chrono_literals;

constexpr wallet::Patience kPatience{.all = 60s, .answer = 5s};

testmint::MintOptions mint_of(const char* name, cashu::KeysetId::Version version,
                              std::uint64_t ppk) {
  testmint::MintOptions out;
  out.name = name;
  out.keyset = {version, ppk};
  return out;
}

std::vector<testmint::MintOptions> three_mints() {
  return {mint_of("mint-a", cashu::KeysetId::Version::v2, 0),
          mint_of("mint-b", cashu::KeysetId::Version::v1, 100),
          mint_of("mint-c", cashu::KeysetId::Version::v2, 100)};
}

Result<> open_with_mints(WalletWorld& world) {
  TRY_OK(world.start());
  for (const auto& mint : three_mints())
    TRY_OK(world.run(world.wallet().add_mint(world.url(mint.name), {})));
  return {};
}

// So that there are counters of proofs that are spent.
Result<> spend_some(WalletWorld& world, const std::string& name) {
  const wallet::Wallet::Caller caller{world.url(name), {}};
  for (const std::uint64_t amount : {17u, 4000u, 60'000u}) {
    TRY(sent, world.run(world.wallet().send({.amount = Amount(amount)}, {}, caller, kPatience,
                                            world.stop())));
    TRY(token, world.wallet().token_of(sent.id));
    TRY(received, world.run(world.wallet().receive(token, false, kPatience, world.stop())));
    if (received.state != wallet::OperationState::done) return fail(Code::internal, received.note);
  }
  return world.run(world.wallet().look_after_handed(world.stop()));
}

Result<> earn(WalletWorld& world, std::uint64_t fundings) {
  for (int round = 0; round < 2; ++round) {
    for (const auto& mint : three_mints()) {
      for (std::uint64_t i = 0; i < fundings; ++i)
        TRY_OK(world.fund(mint.name, (1u << 20) - 1));  // 20 proofs
      TRY_OK(spend_some(world, mint.name));
    }
    if (round == 1) break;
    for (const auto& mint : three_mints()) TRY_OK(world.mint(mint.name).rotate(mint.keyset));
  }
  return {};
}

Result<> restore_all(WalletWorld& world, const std::map<std::string, std::uint64_t>& had,
                     Outcome& outcome) {
  for (const auto& [name, amount] : had) {
    TRY(report, world.run(world.wallet().restore(world.url(name), {})));
    outcome.events += report.proofs;
    if (report.found.value() != amount)
      outcome.violated(fmt::format("{}: {} sat of {}", name, report.found.value(), amount));
    if (report.spent == 0) outcome.violated(name + ": none was spent");
    TRY(again, world.run(world.wallet().restore(world.url(name), {})));
    if (again.found > Amount(0)) outcome.violated(name + ": more at the second time");
    if (const std::string wrong = world.imbalance(name); !wrong.empty()) outcome.violated(wrong);
  }
  return world.fund("mint-b", 33);  // the counters go on behind
}

}  // namespace

void run_restore(std::uint64_t fundings, Outcome& outcome) {
  WalletWorld world(3, three_mints());
  std::map<std::string, std::uint64_t> had;
  auto went = open_with_mints(world);
  if (went) went = earn(world, fundings);
  for (const auto& mint : three_mints()) had[mint.name] = world.balance(mint.name);
  if (went) went = world.forget_wallet();
  if (went) went = open_with_mints(world);
  if (went) went = restore_all(world, had, outcome);
  if (!went) outcome.violated(went.error().detail);
  outcome.finished = true;
}

}  // namespace archy::sim
