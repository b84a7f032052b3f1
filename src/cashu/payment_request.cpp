#include "cashu/payment_request.hpp"

#include "cashu/cbor_map.hpp"
#include "cashu/encoded.hpp"
#include "wire/base64url.hpp"

namespace archy::cashu {
namespace {

constexpr std::string_view kPrefix = "creqA";
constexpr std::size_t kItems = 64;  // mints, transports, tags, parts of a tag

using Tags = std::vector<std::vector<std::string>>;

Result<std::size_t> few(CborReader& in) {
  TRY(count, in.array());
  if (count > kItems) return fail(Code::bad_input, "too many items");
  return count;
}

Result<std::string> string_of(CborReader& in) {
  TRY(text, in.text());
  return std::string(text);
}

Result<std::vector<std::string>> strings_of(CborReader& in) {
  TRY(count, few(in));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(text, string_of(in));
    out.push_back(std::move(text));
  }
  return out;
}

Result<Tags> tags_of(CborReader& in) {
  TRY(count, few(in));
  Tags out;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(tag, strings_of(in));
    out.push_back(std::move(tag));
  }
  return out;
}

// Three members of the same types, under other keys: a transport and a lock.
struct TextTextTags {
  std::string first;
  std::string second;
  Tags tags;
};

Result<TextTextTags> read_triple(CborReader& in, std::string_view first_key,
                                 std::string_view second_key, std::string_view tags_key) {
  std::optional<std::string> first;
  std::optional<std::string> second;
  Tags tags;
  TRY_OK(each_member(in, [&](std::string_view key) -> Result<> {
    if (key == first_key || key == second_key) {
      TRY(text, string_of(in));
      (key == first_key ? first : second) = std::move(text);
    } else if (key == tags_key) {
      if (in.take_nothing()) return {};
      TRY(read, tags_of(in));
      tags = std::move(read);
    } else {
      return in.skip();
    }
    return {};
  }));
  if (!first) return missing_member(first_key);
  if (!second) return missing_member(second_key);
  return TextTextTags{std::move(*first), std::move(*second), std::move(tags)};
}

Result<> read_mints(CborReader& in, std::vector<std::string>& out) {
  TRY(names, strings_of(in));
  for (const auto& name : names) {
    TRY(url, mint_url(name));
    out.push_back(std::move(url));
  }
  return {};
}

Result<> read_transports(CborReader& in, std::vector<Transport>& out) {
  TRY(count, few(in));
  for (std::size_t i = 0; i < count; ++i) {
    TRY(parts, read_triple(in, "t", "a", "g"));
    out.push_back({std::move(parts.first), std::move(parts.second), std::move(parts.tags)});
  }
  return {};
}

Result<> read_member(CborReader& in, std::string_view key, PaymentRequest& out) {
  if (in.take_nothing()) return {};
  if (key == "i" || key == "u" || key == "d") {
    TRY(text, string_of(in));
    (key == "i" ? out.id : key == "u" ? out.unit : out.description) = std::move(text);
  } else if (key == "a") {
    TRY(amount, in.number());
    out.amount = Amount(amount);
  } else if (key == "s") {
    TRY(single_use, in.boolean());
    out.single_use = single_use;
  } else if (key == "m") {
    return read_mints(in, out.mints);
  } else if (key == "t") {
    return read_transports(in, out.transports);
  } else if (key == "nut10") {
    TRY(parts, read_triple(in, "k", "d", "t"));
    out.lock =
        RequestedLock{std::move(parts.first), std::move(parts.second), std::move(parts.tags)};
  } else {
    return in.skip();
  }
  return {};
}

Result<PaymentRequest> read_request(std::string_view text) {
  if (text.size() > kPaymentRequestBytes) return fail(Code::bad_input, "longer than 64 KiB");
  text = without_scheme(text);
  if (!text.starts_with(kPrefix)) {
    if (text.starts_with("creqB") || text.starts_with("CREQB")) {
      return fail(Code::unsupported, "the form \"creqB\" (NUT-26)");
    }
    return fail(Code::bad_input, "does not start with \"creqA\"");
  }
  TRY(bytes, from_any_base64(text.substr(kPrefix.size())));
  CborReader in(bytes);
  PaymentRequest out;
  TRY_OK(each_member(in, [&](std::string_view key) { return read_member(in, key, out); }));
  if (!in.at_end()) return fail(Code::bad_input, "bytes after the end");
  if (out.amount && !out.unit) return fail(Code::bad_input, "an amount without a unit");
  return out;
}

void write_tags(CborWriter& out, const Tags& tags) {
  out.array(tags.size());
  for (const auto& tag : tags) {
    out.array(tag.size());
    for (const auto& part : tag) out.text(part);
  }
}

void write_triple(CborWriter& out, std::pair<std::string_view, const std::string&> first,
                  std::pair<std::string_view, const std::string&> second, std::string_view tags_key,
                  const Tags& tags) {
  out.map(tags.empty() ? 2 : 3);
  out.text(first.first).text(first.second).text(second.first).text(second.second);
  if (tags.empty()) return;
  out.text(tags_key);
  write_tags(out, tags);
}

}  // namespace

Result<PaymentRequest> parse_payment_request(std::string_view text) {
  auto request = read_request(text);
  if (!request) return fail_in("payment request", request.error());
  return request;
}

std::string to_string(const PaymentRequest& request) {
  CborWriter out;
  out.map((request.transports.empty() ? 0u : 1u) + (request.id ? 1 : 0) + (request.amount ? 1 : 0) +
          (request.unit ? 1 : 0) + (request.mints.empty() ? 0 : 1) + (request.description ? 1 : 0) +
          (request.single_use ? 1 : 0) + (request.lock ? 1 : 0));
  if (!request.transports.empty()) {
    out.text("t").array(request.transports.size());
    for (const auto& each : request.transports) {
      write_triple(out, {"t", each.type}, {"a", each.target}, "g", each.tags);
    }
  }
  if (request.id) out.text("i").text(*request.id);
  if (request.amount) out.text("a").number(request.amount->value());
  if (request.unit) out.text("u").text(*request.unit);
  if (!request.mints.empty()) {
    out.text("m").array(request.mints.size());
    for (const auto& mint : request.mints) out.text(mint);
  }
  if (request.description) out.text("d").text(*request.description);
  if (request.single_use) out.text("s").boolean(true);
  if (request.lock) {
    out.text("nut10");
    write_triple(out, {"k", request.lock->kind}, {"d", request.lock->data}, "t",
                 request.lock->tags);
  }
  return std::string(kPrefix) + wire::to_base64url(out.written());
}

}  // namespace archy::cashu
