#include "sim/money/wallet_world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include "base/check.hpp"

namespace archy::sim {
namespace {

constexpr auto kVirtualDay = std::chrono::hours(24);

std::vector<testmint::MintOptions> two_mints() {
  testmint::MintOptions a, b;
  a.name = "mint-a";
  b.name = "mint-b";
  return {a, b};
}

}  // namespace

WalletWorld::WalletWorld(std::uint64_t seed, std::vector<testmint::MintOptions> mints)
    : world_(seed), here_(world_, 1), there_(world_, 2) {
  install_sqlite_vfs();
  if (mints.empty()) mints = two_mints();
  const rt::Path folder = there_.root / "mints";
  db::Options options;
  options.vfs = kSqliteVfs;
  auto made = there_.files.make_directories(folder);
  CHECK(made.has_value());
  auto opened = testmint::LinkedMints::open(there_.files, folder, there_.random, mints, options);
  CHECK(opened.has_value());
  mints_ = std::move(*opened);
  http_ =
      std::make_unique<testmint::DirectClient>(world_.time.executor(), here_.clock, there_.clock);
  http_->route_all(*mints_);
  http_->set_latency(std::chrono::milliseconds(5));
}

WalletWorld::~WalletWorld() { bury(); }

crypto::Bip39Seed WalletWorld::seed_of(std::uint8_t words) {
  std::array<std::uint8_t, 64> seed{};
  seed[0] = words;
  return crypto::Bip39Seed(seed);
}

wallet::WalletPlace WalletWorld::place() const {
  wallet::WalletPlace out{here_.data_dir() / "wallet.db", here_.data_dir() / "wallet.openings"};
  out.options.vfs = kSqliteVfs;
  out.backups = backups_;
  return out;
}

Result<> WalletWorld::power_up() {
  bury();
  here_.files.power_on();
  killed_ = false;
  stop_ = std::stop_source();
  TRY_OK(here_.files.make_directories(here_.data_dir()));
  for (const rt::Path& folder : backups_) TRY_OK(here_.files.make_directories(folder));
  TRY_OK(here_.files.sync_directory(here_.root));
  return here_.files.sync_directory("/");
}

Result<> WalletWorld::start(std::uint8_t words) {
  TRY_OK(power_up());
  TRY(opened, open(words));
  wallet_ = std::move(opened);
  return {};
}

Result<> WalletWorld::start_another() {
  TRY_OK(open(7));
  return {};
}

Result<std::unique_ptr<wallet::Wallet>> WalletWorld::open(std::uint8_t words) {
  return wallet::Wallet::open(here_.env(), client_ ? *client_ : *http_, seed_of(words), place());
}

Result<> WalletWorld::forget_wallet() {
  bury();
  TRY(entries, here_.files.list(here_.data_dir()));
  for (const rt::DirEntry& entry : entries)
    TRY_OK(here_.files.remove(here_.data_dir() / entry.name));
  return here_.files.sync_directory(here_.data_dir());
}

Result<> WalletWorld::take_in_newest_backup(std::uint64_t die_at, Death death) {
  TRY_OK(power_up());
  TRY_OK(forget_wallet());
  const crypto::Bip39Seed seed = seed_of(7);
  const wallet::WalletKeys keys(seed);
  const auto newest = backups().newest(keys);
  if (!newest) return fail(Code::not_found, "there is no backup");
  TRY(bytes, wallet::read_backup_file(here_.files, newest->path));
  TRY(opened, wallet::open_backup(here_.files, keys, bytes));
  if (die_at > 0) kill_at_disk_call(die_at, death);
  auto taken =
      wallet::import_backup(here_.env(), seed, *opened, {place().database, place().options});
  here_.files.disarm_power_cut();
  return taken;
}

std::map<std::string, Bytes> WalletWorld::copy_data_dir() {
  bury();
  std::map<std::string, Bytes> out;
  for (const auto& [path, inode] : here_.files.disk().files()) {
    const rt::Path file(path);
    if (file.parent_path() == here_.data_dir())
      out.emplace(file.filename().string(), *here_.files.look(file));
  }
  return out;
}

void WalletWorld::put_data_dir(const std::map<std::string, Bytes>& files) {
  bury();
  here_.files.power_on();
  for (const auto& [path, inode] : here_.files.disk().files()) {
    if (!path.starts_with(here_.data_dir().string() + "/")) continue;
    const auto gone = here_.files.remove(path);
    CHECK(gone.has_value());
  }
  for (const auto& [name, bytes] : files) here_.files.place(here_.data_dir() / name, bytes);
}

Result<wallet::RepairReport> WalletWorld::repair(std::optional<wallet::RepairWay> way) {
  bury();
  return wallet::repair(here_.env(), seed_of(7), place(), way);
}

std::map<std::string, Bytes> WalletWorld::copy_database() {
  bury();
  here_.files.power_on();
  std::map<std::string, Bytes> out;
  const auto entries = here_.files.list(here_.data_dir());
  for (const rt::DirEntry& entry : *entries)
    if (entry.name.starts_with("wallet.db"))
      out.emplace(entry.name, *here_.files.look(here_.data_dir() / entry.name));
  return out;
}

void WalletWorld::put_database_back(const std::map<std::string, Bytes>& copy) {
  bury();
  here_.files.power_on();
  const auto entries = here_.files.list(here_.data_dir());
  for (const rt::DirEntry& entry : *entries)
    if (entry.name.starts_with("wallet.db")) {
      const auto gone = here_.files.remove(here_.data_dir() / entry.name);
      CHECK(gone.has_value());
    }
  for (const auto& [name, bytes] : copy) here_.files.place(here_.data_dir() / name, bytes);
}

void WalletWorld::kill(Death death) {
  here_.files.set_cache_survives(death == Death::killed);
  here_.files.power_cut();
  killed_ = true;
  stop_.request_stop();
}

void WalletWorld::kill_at_disk_call(std::uint64_t nth, Death death) {
  here_.files.set_cache_survives(death == Death::killed);
  here_.files.power_cut_at_call(nth, [this, life = stop_]() mutable {
    killed_ = true;
    life.request_stop();
  });
}

void WalletWorld::bury() {
  stop_.request_stop();
  here_.files.disarm_power_cut();
  wait([this] { return running_ == 0; });
  wallet_.reset();
}

void WalletWorld::launch(boost::asio::awaitable<void> flow) {
  ++running_;
  boost::asio::co_spawn(world_.time.executor(), std::move(flow), [this](std::exception_ptr thrown) {
    --running_;
    if (thrown) std::rethrow_exception(thrown);
  });
}

void WalletWorld::wait(const std::function<bool()>& done) {
  world_.time.run_until(done, world_.time.now() + kVirtualDay);
}

void WalletWorld::pass(rt::Duration time) {
  bool over = false;
  world_.time.at(world_.time.now() + time, [&over] { over = true; });
  world_.time.run_until([&over] { return over; }, rt::kNever);
}

std::string WalletWorld::outside_invoice(std::uint64_t sat) {
  return lightning().invoice(testmint::kOutside, sat * 1000, "goods", 86400, now_ms())->text;
}

void WalletWorld::pay_from_outside(const std::string& invoice) {
  const auto paid = lightning().pay_from_outside(invoice, {}, now_ms());
  CHECK(paid.has_value());
}

Result<> WalletWorld::fund(std::string_view name, std::uint64_t sat) {
  TRY(trusted, wallet_->is_mint_trusted(url(name)));
  if (!trusted) TRY_OK(run(wallet_->add_mint(url(name), stop())));
  TRY(operation, run(wallet_->mint(cashu::Amount(sat), {url(name), {}}, stop())));
  TRY(view, wallet_->show(operation.id));
  pay_from_outside(view.quote->invoice);
  TRY(ended, run(wallet_->go_on(operation.id, {}, stop())));
  if (ended.state != wallet::OperationState::done)
    return fail(Code::internal, "no ecash of a paid invoice: " + ended.note);
  return {};
}

std::uint64_t WalletWorld::balance(std::string_view name) {
  const auto all = wallet_->spendable_by_mint();
  if (!all || !all->contains(url(name))) return 0;
  return all->at(url(name)).value();
}

std::uint64_t WalletWorld::holdings(std::string_view name) {
  const auto all = wallet_->balances();
  if (!all) return 0;
  for (const auto& each : *all)
    if (each.mint.url == url(name))
      return each.spendable.value() + each.reserved.value() + each.given.value() +
             each.quarantined.value();
  return 0;
}

std::string WalletWorld::imbalance(std::string_view name, std::uint64_t others) {
  const auto text = mint(name).report(now_ms());
  if (!text) return "no report: " + text.error().detail;
  const auto report = nlohmann::json::parse(*text);
  if (!report.at("balanced").get<bool>())
    return "the mint's own book does not balance: " + report.at("remarks").dump();
  const auto outstanding = report.at("outstanding").get<std::uint64_t>();
  const std::uint64_t here = holdings(name) + others;
  if (outstanding != here)
    return std::string(name) + " owes " + std::to_string(outstanding) + " sat, wallets hold " +
           std::to_string(here);
  const auto audit = wallet_->audit();
  if (!audit) return "no audit: " + audit.error().detail;
  return audit->empty() ? "" : audit->front();
}

}  // namespace archy::sim
