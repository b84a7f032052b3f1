// Several mints on one Lightning, each with a book of its own in one folder.
#pragma once

#include <map>

#include "testmint/mint.hpp"

namespace archy::testmint {

// Thread: one. Lifetime: within that of `files` and `random`.
class LinkedMints {
 public:
  // Makes what is missing in `folder`, which is there: lightning.db and <name>.db.
  static Result<std::unique_ptr<LinkedMints>> open(rt::Files& files, const rt::Path& folder,
                                                   rt::Random& random,
                                                   const std::vector<MintOptions>& options,
                                                   const db::Options& db = {});

  Lightning& lightning() { return *lightning_; }
  // Null when there is none of this name.
  Mint* find(std::string_view name);
  const std::map<std::string, std::unique_ptr<Mint>, std::less<>>& all() const { return mints_; }
  // {"mints": [...], "lightning": {...}}, as JSON text.
  Result<std::string> report(std::int64_t now_ms);
  Result<> close();

 private:
  explicit LinkedMints(std::unique_ptr<Lightning> lightning) : lightning_(std::move(lightning)) {}

  std::unique_ptr<Lightning> lightning_;
  std::map<std::string, std::unique_ptr<Mint>, std::less<>> mints_;
};

}  // namespace archy::testmint
