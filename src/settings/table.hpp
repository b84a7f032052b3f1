// The table of settings: everything an operator can set, once. The sample file, the help text,
// doc/settings.md and the RPC listing are printed from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace archy::settings {

enum class Kind : unsigned char {
  boolean,
  integer,
  choice,        // one of `choices`
  text,          // one printable line, may be empty
  text_list,     // any words
  address,       // IP:PORT, or nothing
  address_list,  // IP:PORT, at least one
};

using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct Setting {
  std::string_view name;  // module.name
  Kind kind = Kind::boolean;
  Value default_value;
  std::int64_t min = 0, max = 0;               // integer only
  std::vector<std::string_view> choices = {};  // choice only
  std::string_view help;                       // one sentence or two, for people
  bool live = false;                           // a change takes effect without a restart
};

// The names, so that a misspelt one does not compile.
template <class T>
struct Key {
  std::string_view name;
};
inline constexpr Key<std::string> kLogLevel{"log.level"};
inline constexpr Key<std::string> kLogFormat{"log.format"};
inline constexpr Key<std::int64_t> kNodeDrainMs{"node.drain_ms"};
inline constexpr Key<std::int64_t> kControlPort{"control.port"};
inline constexpr Key<std::vector<std::string>> kControlHosts{"control.hosts"};
inline constexpr Key<std::int64_t> kContentPort{"content.port"};
inline constexpr Key<std::string> kNetSocks5{"net.socks5"};
inline constexpr Key<bool> kNetAllowPrivate{"net.allow_private"};
inline constexpr Key<std::int64_t> kFetchJobsAtOnce{"fetch.jobs_at_once"};
inline constexpr Key<std::int64_t> kFetchKeepFreePercent{"fetch.keep_free_percent"};
inline constexpr Key<std::int64_t> kFetchKeepFreeMib{"fetch.keep_free_mib"};
inline constexpr Key<std::string> kS3Endpoint{"s3.endpoint"};
inline constexpr Key<std::string> kS3Region{"s3.region"};
inline constexpr Key<std::string> kS3CredentialsFile{"s3.credentials_file"};
inline constexpr Key<bool> kSwarmEnabled{"swarm.enabled"};
inline constexpr Key<std::vector<std::string>> kSwarmBind{"swarm.bind"};
inline constexpr Key<std::string> kSwarmCongestion{"swarm.congestion"};
inline constexpr Key<std::string> kWalletBackupDir{"wallet.backup_dir"};
inline constexpr Key<std::int64_t> kPaymentBudgetSats{"payment.budget_sats"};
inline constexpr Key<std::int64_t> kPaymentMaxFeeSats{"payment.max_fee_sats"};
inline constexpr Key<std::int64_t> kPaymentFilmSats{"payment.film_sats"};
inline constexpr Key<std::int64_t> kPaymentPeerSats{"payment.peer_sats"};
inline constexpr Key<std::int64_t> kPaymentDaySats{"payment.day_sats"};

// Grouped by module, in the order they are shown.
std::span<const Setting> table();
// Null when there is no such setting.
const Setting* find(std::string_view name);
// The name that `name` was probably meant to be; empty when none is near.
std::string_view nearest(std::string_view name);
// Errors: bad_input ("unknown setting 'x'; did you mean 'y'?").
Result<const Setting*> require(std::string_view name);

// Errors: bad_input with the name, what was given and what would do.
Result<> check(const Setting& setting, const Value& value);
// A value as an environment variable or a person writes it: true, 42, words, lists with commas.
// Errors: bad_input.
Result<Value> parse_words(const Setting& setting, std::string_view text);
// Shape: ARCHIPELAGO_MODULE_NAME.
std::string environment_name(const Setting& setting);
// Shape: "true or false", "0 to 65535", "one of text, json", ... for people.
std::string range_text(const Setting& setting);

}  // namespace archy::settings
