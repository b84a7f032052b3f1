// The program `testmint`: linked mints on loopback ports. See README.md.
#include <stdlib.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "testmint/mint_port.hpp"
#include "testmint/serving.hpp"

namespace archy::testmint {
namespace {

constexpr const char* kUsage =
    R"(usage: testmint [--mint NAME:PPK:VERSION]... [option...]
       testmint report --data-dir DIR

Serves Cashu mints on one toy Lightning, for tests. Prints one line of JSON when it is ready:
{"ready":true,"mints":{"NAME":"http://127.0.0.1:PORT",...},"data_dir":"DIR"}

  --mint NAME:PPK:VERSION  one mint more (default: one, "mint", of the two options below)
  --fee-ppk N              input fee of a new keyset (0)
  --keyset-version v1|v2   of a new keyset (v2)
  --port N                 of the first mint, the others follow; 0: any (0)
  --data-dir DIR           books stay there (default: a folder that is removed at the end)
  --without NUT,NUT        what the mints do not have
  --cache-ttl S            of NUT-19's answers (60)
  --reserve-ppm N          of the fee reserve (10000)
  --reserve-min N          sat (2)
  --chain PREFIX           of invoices: lnbcrt or lnbc (lnbcrt)
  --no-sums                quotes have a state only, as older mints
  --auto-pay               who asks to mint has paid at once
  --keep-alive             connections are kept
  --faults JSON            a script for every mint
Stops at SIGTERM, or when its standard input, a pipe, ends. Control: /_test/, see control.hpp.
)";

Result<std::set<int>> without_of(const std::string& list) {
  std::set<int> out;
  std::size_t at = 0;
  while (at < list.size()) {
    const auto comma = std::min(list.find(',', at), list.size());
    const std::string word = list.substr(at, comma - at);
    if (word.empty() || word.size() > 2 || word.find_first_not_of("0123456789") != word.npos)
      return fail(Code::bad_input, "--without: numbers of NUTs");
    out.insert(std::stoi(word));
    at = comma + 1;
  }
  return out;
}

// "name", "name:100", "name:100:v1"; what is left out is as in `base`.
Result<MintOptions> mint_of(const std::string& text, MintOptions base) {
  const auto first = text.find(':');
  base.name = text.substr(0, first);
  if (base.name.empty() || base.name.find_first_of("/. ") != std::string::npos)
    return fail(Code::bad_input, "--mint: no name");
  if (first == std::string::npos) return base;
  const auto second = text.find(':', first + 1);
  const std::string fee = text.substr(first + 1, second == text.npos ? second : second - first - 1);
  if (fee.empty() || fee.size() > 9 || fee.find_first_not_of("0123456789") != fee.npos)
    return fail(Code::bad_input, "--mint: the fee is no number");
  base.keyset.input_fee_ppk = std::stoull(fee);
  if (second == std::string::npos) return base;
  TRY(version, keyset_version(text.substr(second + 1)));
  base.keyset.version = version;
  return base;
}

Result<std::vector<MintOptions>> mints_of(const Arguments& arguments) {
  MintOptions base;
  TRY(fee, arguments.number("fee-ppk", 0));
  base.keyset.input_fee_ppk = fee;
  TRY(version, keyset_version(arguments.text("keyset-version", "v2")));
  base.keyset.version = version;
  TRY(without, without_of(arguments.text("without")));
  base.without = without;
  TRY(ttl, arguments.number("cache-ttl", 60));
  base.cache_ttl_s = ttl;
  TRY(ppm, arguments.number("reserve-ppm", base.reserve_ppm));
  base.reserve_ppm = ppm;
  TRY(min, arguments.number("reserve-min", base.reserve_min));
  base.reserve_min = min;
  base.sums = !arguments.has("no-sums");
  base.auto_pay = arguments.has("auto-pay");
  std::vector<MintOptions> out;
  for (const std::string& each : arguments.all("mint")) {
    TRY(mint, mint_of(each, base));
    out.push_back(std::move(mint));
  }
  if (out.empty()) out.push_back(base);
  return out;
}

// A folder that goes with the object, unless somebody has named one.
struct Folder {
  rt::Path path;
  bool is_ours = false;
  ~Folder() {
    std::error_code ignored;
    if (is_ours) std::filesystem::remove_all(path, ignored);
  }
};

Result<> choose(Folder& folder, const std::string& named, rt::Files& files) {
  if (!named.empty()) {
    folder.path = named;
    return files.make_directories(folder.path);
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "testmint-XXXXXX").native();
  if (::mkdtemp(pattern.data()) == nullptr) return fail(Code::io, "no temporary folder");
  folder.path = pattern;
  folder.is_ours = true;
  return {};
}

Result<> report(const std::string& folder) {
  rt::RealEnv env;
  if (folder.empty()) return fail(Code::bad_input, "report needs --data-dir");
  TRY(entries, env.files.list(folder));
  std::vector<MintOptions> options;
  for (const auto& entry : entries) {
    if (entry.name.ends_with(".db") && entry.name != "lightning.db")
      options.push_back({.name = entry.name.substr(0, entry.name.size() - 3)});
  }
  if (options.empty()) return fail(Code::not_found, "no mint's book in " + folder);
  TRY(mints, LinkedMints::open(env.files, folder, env.random, options));
  TRY(text, mints->report(env.clock.unix_ms()));
  std::cout << text << std::endl;
  return mints->close();
}

Result<> serve(const Arguments& arguments) {
  TRY(options, mints_of(arguments));
  TRY(first_port, arguments.number("port", 0));
  if (first_port + options.size() > 65536) return fail(Code::bad_input, "--port: too big");
  Folder folder;
  Serving serving;
  rt::RealEnv& env = serving.env();
  TRY_OK(choose(folder, arguments.text("data-dir"), env.files));
  TRY(mints, LinkedMints::open(env.files, folder.path, env.random, options));
  mints->lightning().set_chain(arguments.text("chain", "lnbcrt"));
  for (const auto& script : arguments.all("faults")) {
    for (const auto& [name, mint] : mints->all()) TRY_OK(mint->faults().add(script));
  }
  Control control(*mints, [&serving] { serving.stop(); });
  std::vector<std::unique_ptr<MintPort>> ports;
  Json urls;
  for (const MintOptions& each : options) {
    ports.push_back(std::make_unique<MintPort>(env.loop.get_executor(), env.clock,
                                               PortOptions{arguments.has("keep-alive")},
                                               *mints->find(each.name), control));
    const std::uint64_t port = first_port == 0 ? 0 : first_port + ports.size() - 1;
    TRY(url, serving.listen(*ports.back(), static_cast<std::uint16_t>(port)));
    urls[each.name] = url;
  }
  std::cout << Json{{"ready", true}, {"mints", urls}, {"data_dir", folder.path.native()}}.dump()
            << std::endl;
  serving.run();
  return mints->close();
}

int run(int argc, char** argv) {
  const auto arguments =
      read_arguments(argc, argv, {"help", "json", "no-sums", "auto-pay", "keep-alive"},
                     {"mint", "fee-ppk", "keyset-version", "port", "data-dir", "without",
                      "cache-ttl", "reserve-ppm", "reserve-min", "faults", "chain"});
  if (arguments && arguments->has("help")) {
    std::cout << kUsage;
    return 0;
  }
  Result<> done;
  if (!arguments) {
    done = fail(arguments.error());
  } else if (arguments->words.empty()) {
    done = serve(*arguments);
  } else if (arguments->words == std::vector<std::string>{"report"}) {
    done = report(arguments->text("data-dir"));
  } else {
    done = fail(Code::bad_input, "no such command: " + arguments->words.front());
  }
  if (done) return 0;
  std::cerr << "testmint: " << to_string(done.error()) << "\n";
  return done.error().code == Code::bad_input ? 2 : 1;
}

}  // namespace
}  // namespace archy::testmint

int main(int argc, char** argv) { return archy::testmint::run(argc, argv); }
