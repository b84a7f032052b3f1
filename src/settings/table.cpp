#include "settings/table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"
#include "rt/address.hpp"

namespace archy::settings {
namespace {

using Words = std::vector<std::string>;

const std::vector<Setting>& rows() {
  static const std::vector<Setting> all{
      {.name = kNodeDrainMs.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{5000},
       .min = 0,
       .max = 60'000,
       .help = "How long a node that was asked to stop lets running answers end, in milliseconds."},
      {.name = kLogLevel.name,
       .kind = Kind::choice,
       .default_value = std::string("info"),
       .choices = {"error", "warn", "info", "debug", "trace"},
       .help = "What a node writes to its log (standard error).",
       .live = true},
      {.name = kLogFormat.name,
       .kind = Kind::choice,
       .default_value = std::string("text"),
       .choices = {"text", "json"},
       .help = "One line a message for people, or one JSON object a line with a time stamp."},
      {.name = kControlPort.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{4920},
       .min = 0,
       .max = 65535,
       .help = "TCP port of the control API on 127.0.0.1. 0 takes any free one; "
               "run/ports.json says which. The API is never bound to another address."},
      {.name = kControlHosts.name,
       .kind = Kind::text_list,
       .default_value = Words{},
       .help = "Further Host names the control API answers to, as name:port, for a reverse proxy "
               "on this machine. 127.0.0.1, localhost and [::1] with the port always do."},
      {.name = kContentPort.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{4921},
       .min = 0,
       .max = 65535,
       .help = "TCP port of the content port on 127.0.0.1, where players, browsers and download "
               "programs read what is offered, by hash and without a token. 0 takes any free "
               "one; run/ports.json says which."},
      {.name = kNetSocks5.name,
       .kind = Kind::address,
       .default_value = std::string(),
       .help = "SOCKS5 proxy (Tor) that every URL is opened through; names are resolved there, and "
               "nothing is asked of this machine's DNS. Peers are not reached through it: they see "
               "this machine's address."},
      {.name = kNetAllowPrivate.name,
       .kind = Kind::boolean,
       .default_value = false,
       .help = "Whether URLs and addresses that the operator did not give himself may lead to "
               "private networks and this machine, too."},
      {.name = kFetchJobsAtOnce.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{4},
       .min = 1,
       .max = 64,
       .help = "Fetches a node works on at the same time; further ones wait."},
      {.name = kFetchKeepFreePercent.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{5},
       .min = 0,
       .max = 100,
       .help = "No fetch is begun while less of the disk than this is free, in percent.",
       .live = true},
      {.name = kFetchKeepFreeMib.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{2048},
       .min = 0,
       .max = 1'073'741'824,
       .help = "No fetch is begun while less of the disk than this is free, in MiB.",
       .live = true},
      {.name = kS3Endpoint.name,
       .kind = Kind::text,
       .default_value = std::string(),
       .help =
           "URL of the server that s3:// origins are on; https://s3.example.com:9000, say. Empty: "
           "AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL of the environment, else Amazon's of the "
           "region."},
      {.name = kS3Region.name,
       .kind = Kind::text,
       .default_value = std::string(),
       .help = "Region that requests to s3:// origins are signed for. Empty: AWS_REGION or "
               "AWS_DEFAULT_REGION of the environment, else us-east-1."},
      {.name = kS3CredentialsFile.name,
       .kind = Kind::text,
       .default_value = std::string(),
       .help = "File with the access key for s3:// origins, as ~/.aws/credentials is written; its "
               "[default] section is read, anew for each fetch. Empty: AWS_ACCESS_KEY_ID, "
               "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment; without them "
               "requests are not signed."},
      {.name = kSwarmEnabled.name,
       .kind = Kind::boolean,
       .default_value = false,
       .help = "Whether a node listens for peers and serves them what is offered. Off: no UDP "
               "socket is bound and nothing is sent to a peer unless a call names it."},
      {.name = kSwarmBind.name,
       .kind = Kind::address_list,
       .default_value = Words{"0.0.0.0:4919"},
       .help = "UDP addresses the swarm listens on."},
      {.name = kSwarmCongestion.name,
       .kind = Kind::choice,
       .default_value = std::string("cubic"),
       .choices = {"cubic", "bbr"},
       .help = "Congestion control; bbr suits links that lose packets at random."},
      {.name = kWalletBackupDir.name,
       .kind = Kind::text,
       .default_value = std::string(),
       .help =
           "A second folder that every backup of the wallet is written to, on another disk, say. "
           "They are sealed with its words. Empty: backups/ in the data directory alone."},
      {.name = kPaymentBudgetSats.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{0},
       .min = 0,
       .max = 2'100'000'000'000'000,
       .help = "The most that may be paid for one blob, fees and losses counted, and that one "
               "prepared payment may be, in sat, where a call does not say. 0: nothing is ever "
               "paid.",
       .live = true},
      {.name = kPaymentMaxFeeSats.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{0},
       .min = 0,
       .max = 2'100'000'000'000'000,
       .help = "The most that all fees of one payment for content may be, in sat, where a call "
               "does not say.",
       .live = true},
      {.name = kPaymentFilmSats.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{0},
       .min = 0,
       .max = 2'100'000'000'000'000,
       .help = "The most that may be paid for one film, all its blobs together, in sat, fees and "
               "losses counted. 0: as much as "
               "payment.budget_sats.",
       .live = true},
      {.name = kPaymentPeerSats.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{0},
       .min = 0,
       .max = 2'100'000'000'000'000,
       .help = "The most that may be paid to one peer, whatever it is for, in sat, fees and losses "
               "counted. 0: as much as "
               "payment.budget_sats.",
       .live = true},
      {.name = kPaymentDaySats.name,
       .kind = Kind::integer,
       .default_value = std::int64_t{0},
       .min = 0,
       .max = 2'100'000'000'000'000,
       .help = "The most that may be paid on one day (UTC), in sat, fees and losses counted. 0: as "
               "much as "
               "payment.budget_sats.",
       .live = true},
  };
  return all;
}

// Levenshtein's distance, for names of a few dozen characters.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

std::unexpected<Error> refuse(const Setting& setting) {
  return fail(Code::bad_input,
              fmt::format("setting {}: wants {}", setting.name, range_text(setting)));
}

// A word that can stand in a list: printable, no comma (the environment separates with it).
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 255 && is_utf8(text) &&
         std::ranges::none_of(text,
                              [](unsigned char c) { return c <= 0x20 || c == 0x7f || c == ','; });
}

bool is_line(std::string_view text) {
  return text.size() <= 1024 && is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

constexpr std::size_t kListEntries = 64;

bool holds(const Setting& setting, const Value& value) {
  switch (setting.kind) {
    case Kind::boolean:
      return std::holds_alternative<bool>(value);
    case Kind::integer: {
      const auto* number = std::get_if<std::int64_t>(&value);
      return number && *number >= setting.min && *number <= setting.max;
    }
    case Kind::choice: {
      const auto* text = std::get_if<std::string>(&value);
      return text && std::ranges::find(setting.choices, *text) != setting.choices.end();
    }
    case Kind::address: {
      const auto* text = std::get_if<std::string>(&value);
      return text && (text->empty() || rt::parse_address(*text).has_value());
    }
    case Kind::text: {
      const auto* text = std::get_if<std::string>(&value);
      return text && is_line(*text);
    }
    case Kind::text_list: {
      const auto* words = std::get_if<Words>(&value);
      return words && words->size() <= kListEntries && std::ranges::all_of(*words, is_word);
    }
    case Kind::address_list: {
      const auto* words = std::get_if<Words>(&value);
      return words && !words->empty() && words->size() <= kListEntries &&
             std::ranges::all_of(*words, [](const std::string& word) {
               return is_word(word) && rt::parse_address(word).has_value();
             });
    }
  }
  return false;
}

}  // namespace

std::span<const Setting> table() { return rows(); }

const Setting* find(std::string_view name) {
  const auto found = std::ranges::find(rows(), name, &Setting::name);
  return found == rows().end() ? nullptr : &*found;
}

std::string_view nearest(std::string_view name) {
  if (name.size() > 64) return {};
  std::string_view best;
  std::size_t best_distance = name.size() / 3 + 2;
  for (const Setting& setting : rows()) {
    // "enabled" and "swarm_enabled" mean swarm.enabled as much as "swarm.enable" does.
    const std::size_t near =
        std::min(distance(name, setting.name), distance(name, last_part(setting.name)) + 1);
    if (near >= best_distance) continue;
    best_distance = near;
    best = setting.name;
  }
  return best;
}

Result<const Setting*> require(std::string_view name) {
  if (const Setting* setting = find(name)) return setting;
  const std::string shown = escape_for_terminal(name.substr(0, 80));
  const std::string_view meant = nearest(name);
  return fail(Code::bad_input,
              meant.empty()
                  ? fmt::format("unknown setting '{}'", shown)
                  : fmt::format("unknown setting '{}'; did you mean '{}'?", shown, meant));
}

Result<> check(const Setting& setting, const Value& value) {
  if (!holds(setting, value)) return refuse(setting);
  return {};
}

Result<Value> parse_words(const Setting& setting, std::string_view text) {
  Value value;
  switch (setting.kind) {
    case Kind::boolean:
      if (text != "true" && text != "false" && text != "1" && text != "0") return refuse(setting);
      value = text == "true" || text == "1";
      break;
    case Kind::integer: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return refuse(setting);
      value = number;
      break;
    }
    case Kind::choice:
    case Kind::address:
    case Kind::text:
      value = std::string(text);
      break;
    case Kind::text_list:
    case Kind::address_list: {
      Words words;
      while (!text.empty()) {
        const auto comma = text.find(',');
        words.emplace_back(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
      }
      value = std::move(words);
      break;
    }
  }
  TRY_OK(check(setting, value));
  return value;
}

std::string environment_name(const Setting& setting) {
  std::string out = "ARCHIPELAGO_";
  for (const char c : setting.name)
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

std::string range_text(const Setting& setting) {
  switch (setting.kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return fmt::format("a whole number from {} to {}", setting.min, setting.max);
    case Kind::choice:
      return "one of " + joined(setting.choices);
    case Kind::address:
      return "IP:PORT, or nothing";
    case Kind::text:
      return "a line of text";
    case Kind::text_list:
      return "a list of words";
    case Kind::address_list:
      return "a list of IP:PORT";
  }
  return {};
}

}  // namespace archy::settings
