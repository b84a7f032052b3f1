// Two linked mints in a temporary folder, and time set by hand. For tests: in memory where the
// machine has such a folder, as each request is durable before it is answered and a busy disk takes
// its time. What a killed process leaves is program_test's to see.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "rt/posix/os_random.hpp"
#include "rt/posix/posix_files.hpp"
#include "testmint/linked_mints.hpp"
#include "testmint/purse.hpp"

namespace archy::testmint {

struct MintTest : testing::Test {
  MintTest() {
    std::error_code none;
    const rt::Path memory = "/dev/shm";
    const rt::Path parent = std::filesystem::is_directory(memory, none)
                                ? memory
                                : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "testmint-XXXXXX").native();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  ~MintTest() override {
    mints.reset();
    std::filesystem::remove_all(folder);
  }
  // Anew, from what is on the disk.
  void open(MintOptions a = {}, MintOptions b = {}) {
    a.name = "mint-a";
    b.name = "mint-b";
    mints.reset();
    auto opened = LinkedMints::open(files, folder, random, {a, b});
    ASSERT_TRUE(opened) << opened.error().detail;
    mints = std::move(*opened);
  }
  Mint& a() { return *mints->find("mint-a"); }
  Mint& b() { return *mints->find("mint-b"); }
  Lightning& lightning() { return mints->lightning(); }
  Purse purse_a() { return {a(), lightning(), now_ms}; }
  Purse purse_b() { return {b(), lightning(), now_ms}; }
  void fault(Mint& mint, const std::string& json) {
    const auto added = mint.faults().add(json);
    ASSERT_TRUE(added) << added.error().detail;
  }
  // Both books, which must balance whatever has happened.
  Json report(Mint& mint) {
    const auto text = mint.report(now_ms);
    EXPECT_TRUE(text);
    Json out = Json::parse(text.value_or("{}"));
    EXPECT_TRUE(out.value("balanced", false)) << out.dump(1);
    return out;
  }
  std::string outside_invoice(std::uint64_t sat) {
    return lightning().invoice(kOutside, sat * 1000, "goods", 3600, now_ms)->text;
  }

  rt::Path folder;
  rt::PosixFiles files;
  rt::OsRandom random;
  std::int64_t now_ms = 1'790'000'000'000;
  std::unique_ptr<LinkedMints> mints;
};

}  // namespace archy::testmint
