// Names of objects, answers that refuse, and credentials files. What is asked for must be the very
// object that was named: the client's own URL parser changes nothing of the URL that is signed, and
// unescaping it gives the key back.
#include "base/bytes.hpp"
#include "base/check.hpp"
#include "fetch/s3_access.hpp"
#include "fetch/s3_error.hpp"
#include "fetch/s3_url.hpp"
#include "http/url.hpp"

namespace {

using namespace archy;

std::string unescaped(std::string_view text) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    CHECK(i + 2 < text.size());
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

void name(std::string_view text) {
  const auto url = fetch::parse_s3_url(text);
  if (!url) return;
  CHECK(fetch::to_string(*url) == text);
  for (const std::string_view endpoint : {"", "http://127.0.0.1:9000", "https://s3.example.org/"}) {
    const auto object = fetch::object_url(*url, endpoint, "eu-west-1");
    CHECK(object.has_value());
    const auto client = http::parse_url(*object);
    CHECK(client.has_value() && client->text == *object);
    const auto path = std::string_view(*object).substr(object->find('/', 8) + 1);
    const bool bucket_in_host = endpoint.empty() && url->bucket.find('.') == std::string::npos;
    CHECK(unescaped(path) == (bucket_in_host ? url->key : url->bucket + "/" + url->key));
  }
}

void endpoint(std::string_view text) {
  const fetch::S3Url url{"bucket", "key"};
  const auto newline = text.find('\n');
  const auto region = newline == std::string_view::npos ? "us-east-1" : text.substr(newline + 1);
  const auto object = fetch::object_url(url, text.substr(0, newline), region);
  if (object) CHECK(object->ends_with("key") && http::parse_url(*object).has_value());
}

void refusal(std::string_view text) {
  const auto error = fetch::parse_s3_error(text);
  if (!error) return;
  CHECK(!error->code.empty() && error->code.size() <= 64 && error->message.size() <= 200);
  for (const char c : fetch::describe(*error)) CHECK(c >= 0x20 && c < 0x7f);
  (void)fetch::outcome_of(*error);
}

void credentials(std::string_view text) {
  const auto key = fetch::parse_s3_credentials(text);
  if (!key) {
    CHECK(key.error().detail.size() < 80);  // names a line, quotes nothing
    return;
  }
  CHECK(text.find(key->access_key_id) != std::string_view::npos);
  CHECK(text.find(key->secret_access_key.reveal()) != std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  switch (data[0]) {
    case 'u':
      name(text);
      break;
    case 'p':
      endpoint(text);
      break;
    case 'e':
      refusal(text);
      break;
    case 'c':
      credentials(text);
      break;
    default:
      break;
  }
  return 0;
}
