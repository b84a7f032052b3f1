// A wallet's database in a temporary folder, and mints that sign for it. For tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "cashu/test_vectors.hpp"
#include "rt/posix/posix_files.hpp"
#include "rt/real_env.hpp"
#include "wallet/ledger/operation_book.hpp"
#include "wallet/ledger/proof_book.hpp"

namespace archy::wallet {

struct BookTest : testing::Test {
  BookTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-wallet-XXXXXX").native();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    open();
  }
  ~BookTest() override {
    proofs.reset();
    mints.reset();
    db.reset();
    std::filesystem::remove_all(folder);
  }
  void open() {
    proofs.reset();
    mints.reset();
    db.reset();
    auto opened = WalletDb::open(files, folder / "wallet.db");
    ASSERT_TRUE(opened) << opened.error().detail;
    db = std::move(*opened);
    mints.emplace(*db);
    proofs.emplace(*db, key, derivation, random);
  }

  // A mint in the book with its keyset.
  MintId known(const std::string& url, const cashu::test::ToyMint& mint) {
    const auto row = mints->add(url, 1);
    EXPECT_TRUE(row);
    EXPECT_TRUE(mints->put_keyset(row->id, *mint.keysets.find(mint.id), true));
    return row->id;
  }
  OperationId operation(MintId mint) {
    return OperationBook(*db, key, random).begin({.mint = mint}, 1)->id;
  }
  // As a mint would have it: outputs of these amounts on the next counters, signed and checked.
  std::vector<NewProof> issued(const cashu::test::ToyMint& mint,
                               const std::vector<std::uint64_t>& amounts) {
    const auto range = mints->take_counters(mint.id, amounts.size());
    EXPECT_TRUE(range);
    std::vector<cashu::PreparedOutput> outputs;
    std::vector<cashu::BlindSignature> signatures;
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      const cashu::Amount amount(amounts[i]);
      outputs.push_back(cashu::prepare_output(amount, mint.id,
                                              derivation.derive(mint.id, range->first + i).value())
                            .value());
      signatures.push_back(mint.sign(outputs.back().message, amount));
    }
    auto checked =
        cashu::accept_signatures(outputs, signatures, mint.keysets, cashu::DleqRule::required);
    EXPECT_TRUE(checked);
    std::vector<NewProof> out;
    for (std::size_t i = 0; i < amounts.size(); ++i)
      out.push_back({std::move((*checked)[i]), range->first + i});
    return out;
  }

  rt::Path folder;
  rt::PosixFiles files;
  rt::OsRandom random;
  const crypto::SealKey key{{1, 2, 3}};
  cashu::Derivation derivation{crypto::Bip39Seed({7})};
  std::unique_ptr<WalletDb> db;
  std::optional<MintBook> mints;
  std::optional<ProofBook> proofs;
};

}  // namespace archy::wallet
