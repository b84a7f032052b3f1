#include "testmint/linked_mints.hpp"

#include <nlohmann/json.hpp>

namespace archy::testmint {

Result<std::unique_ptr<LinkedMints>> LinkedMints::open(rt::Files& files, const rt::Path& folder,
                                                       rt::Random& random,
                                                       const std::vector<MintOptions>& options,
                                                       const db::Options& db) {
  TRY(lightning, Lightning::open(files, folder / "lightning.db", random, db));
  std::unique_ptr<LinkedMints> out(new LinkedMints(std::move(lightning)));
  for (const MintOptions& each : options) {
    if (each.name == kOutside || each.name == "lightning" || out->mints_.contains(each.name))
      return fail(Code::bad_input, "not a name for a mint, or twice: " + each.name);
    TRY(mint, Mint::open(files, folder / (each.name + ".db"), *out->lightning_, random, each, db));
    out->mints_.emplace(each.name, std::move(mint));
  }
  return out;
}

Mint* LinkedMints::find(std::string_view name) {
  const auto found = mints_.find(name);
  return found == mints_.end() ? nullptr : found->second.get();
}

Result<std::string> LinkedMints::report(std::int64_t now_ms) {
  Json out{{"mints", Json::array()}};
  // Twice: settling one mint's payments is another one's income.
  for (const auto& [name, mint] : mints_) TRY_OK(mint->report(now_ms));
  for (const auto& [name, mint] : mints_) {
    TRY(text, mint->report(now_ms));
    out["mints"].push_back(Json::parse(text));
  }
  TRY(text, lightning_->report());
  out["lightning"] = Json::parse(text);
  return out.dump();
}

Result<> LinkedMints::close() {
  for (const auto& [name, mint] : mints_) TRY_OK(mint->close());
  return lightning_->close();
}

}  // namespace archy::testmint
