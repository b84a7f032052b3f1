// A federation's daemon, a wallet's database and an issuer between them, on a clock that the test
// sets. The program can be killed at any request. Only test files include it.
#pragma once

#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <fstream>

#include "fedimint/fmcd_federation.hpp"
#include "fedimint/fmcd_server.hpp"
#include "rt/real_env.hpp"

namespace archy::fedimint::test {

// Unwinds every task without running a line of it, as the end of a process would.
struct Killed {};

// Ends the program at the at-th request: before anything, once the sending is counted, or when the
// answer is here and nobody has seen it.
class KillingClient final : public http::Client {
 public:
  enum class When : unsigned char { before, counted, answered };
  explicit KillingClient(http::Client& inner) : inner_(inner) {}
  void kill_at(int at, When when) { at_ = at, when_ = when, count_ = 0; }
  void spare() { at_ = 0; }

  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override {
    const bool now = at_ != 0 && ++count_ == at_;
    if (now && when_ == When::before) throw Killed{};
    if (now && when_ == When::counted) {
      if (request.before_sending) EXPECT_TRUE(request.before_sending());
      throw Killed{};
    }
    auto response = co_await inner_.send(std::move(request), stop);
    if (!now) co_return std::move(response);
    // To its end, so that the server has done its part.
    while (response) {
      auto piece = co_await (*response)->read();
      if (!piece || piece->empty()) break;
    }
    throw Killed{};
  }

 private:
  http::Client& inner_;
  int at_ = 0, count_ = 0;
  When when_ = When::before;
};

class SetClock final : public rt::Clock {
 public:
  explicit SetClock(rt::Clock& real) : real_(real) {}
  rt::Instant now() const override { return real_.now(); }
  std::int64_t unix_ms() const override { return ms; }
  std::unique_ptr<rt::Timer> make_timer() override { return real_.make_timer(); }
  std::int64_t ms = 1'800'000'000'000;

 private:
  rt::Clock& real_;
};

struct FmcdWorld {
  static inline const std::string kFederation = "15db8cb4" + std::string(56, '7');

  FmcdWorld() {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-fmcd-XXXXXX").native();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    std::ofstream(folder / "password") << "hunter2\n";
    place = {server.url() + "/", folder / "password", kFederation};
    server.set_now(clock.ms);
    server.fund(10'000'000);
    reopen();
  }
  ~FmcdWorld() {
    federation.reset();
    db.reset();
    std::filesystem::remove_all(folder);
  }
  FmcdWorld(const FmcdWorld&) = delete;

  // What a start of the program finds.
  void reopen() {
    client.spare();
    federation.reset();
    db.reset();
    auto opened = WalletDb::open(real.files, folder / "wallet.db");
    ASSERT_TRUE(opened) << opened.error().detail;
    db = std::move(*opened);
    auto made = FmcdFederation::open(env, client, *db, key, place, times);
    ASSERT_TRUE(made) << made.error().detail;
    federation = std::move(*made);
  }
  void pass(std::chrono::milliseconds time) {
    clock.ms += time.count();
    server.set_now(clock.ms);
  }
  void later() { pass(times.copy_life + std::chrono::seconds(1)); }

  // None: killed.
  template <class T>
  std::optional<Result<T>> run(rt::Task<T> task) {
    std::optional<Result<T>> out;
    boost::asio::co_spawn(real.loop, std::move(task),
                          [&out](const std::exception_ptr& thrown, Result<T> value) {
                            if (!thrown) out.emplace(std::move(value));
                          });
    real.loop.restart();
    real.loop.run();
    return out;
  }
  // Requires: it succeeds.
  template <class T>
  T must(rt::Task<T> task) {
    auto out = run(std::move(task));
    EXPECT_TRUE(out && *out) << (out ? out->error().detail : "killed");
    if constexpr (!std::is_void_v<T>) return out && *out ? std::move(**out) : T{};
  }
  template <class T>
  Code code_of(rt::Task<T> task) {
    auto out = run(std::move(task));
    return out && !*out ? out->error().code : Code::internal;
  }

  std::string invoice(std::uint64_t msat, std::string_view about = "rent") {
    return wallet::test::toy_invoice(crypto::sha256(as_bytes(about)), msat,
                                     static_cast<std::uint64_t>(clock.ms / 1000));
  }
  IssuerOperation receive(std::uint64_t msat, const std::string& name = "r") {
    return must(federation->receive_invoice(Msat(msat), name, {}));
  }
  IssuerOperation pay(const std::string& text, const std::string& name = "p") {
    return must(federation->pay_invoice(text, Msat(10'000), name, {}));
  }
  IssuerOperation spend(std::uint64_t msat, const std::string& name = "s") {
    return must(federation->spend(Msat(msat), name, {}));
  }
  IssuerOperation reissue(const std::string& notes) {
    return must(federation->reissue(Secret<std::string>(notes), {}));
  }
  IssuerOperation status(const IssuerOperation& of) {
    return must(federation->status(of.handle, {}));
  }
  void recover() { (void)run(federation->recover({})); }

  rt::RealEnv real;
  SetClock clock{real.clock};
  rt::Env env{real.loop.get_executor(), clock, real.random, real.files, real.network};
  FmcdServer server{kFederation};
  std::unique_ptr<http::Client> curl = http::make_curl_client(real.loop.get_executor(), real.clock);
  KillingClient client{*curl};
  FmcdTimes times;
  FmcdPlace place;
  rt::Path folder;
  const crypto::SealKey key{{1, 2, 3}};
  std::unique_ptr<WalletDb> db;
  std::unique_ptr<FmcdFederation> federation;
};

}  // namespace archy::fedimint::test
