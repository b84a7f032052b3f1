// An S3 server for tests that checks signatures by a second implementation of AWS Signature
// Version 4, written from the specification and far from libcurl's. Only test files include it.
#pragma once

#include <mutex>
#include <set>

#include "base/hex.hpp"
#include "crypto/hmac_sha256.hpp"
#include "crypto/sha256.hpp"
#include "fetch/test_world.hpp"

namespace archy::fetch {

struct SignedRequest {
  std::string method, path, query;  // path as it was sent, percent-encoded once
  std::map<std::string, std::string> headers;
};

inline std::string sigv4_hash(std::string_view text) {
  return crypto::sha256(as_bytes(text)).hex();
}

// Source: AWS, "Signature Calculations for the Authorization Header". The signature over the
// headers named in `signed_headers` (with ;), for a time like 20130524T000000Z.
inline std::string sigv4(const SignedRequest& request, const std::string& signed_headers,
                         const std::string& time, const std::string& region,
                         const std::string& secret) {
  std::string canonical = request.method + "\n" + request.path + "\n" + request.query + "\n";
  for (std::size_t at = 0; at <= signed_headers.size();) {
    const auto end = std::min(signed_headers.find(';', at), signed_headers.size());
    const auto name = signed_headers.substr(at, end - at);
    canonical += name + ":" + request.headers.at(name) + "\n";
    at = end + 1;
  }
  canonical += "\n" + signed_headers + "\n" + request.headers.at("x-amz-content-sha256");
  const auto day = time.substr(0, 8);
  const auto scope = day + "/" + region + "/s3/aws4_request";
  const auto text = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sigv4_hash(canonical);
  auto key = crypto::hmac_sha256(as_bytes("AWS4" + secret), as_bytes(day));
  for (const std::string& word : {region, std::string("s3"), std::string("aws4_request"), text})
    key = crypto::hmac_sha256(key, as_bytes(word));
  return to_hex(key);
}

// Holds one blob under one key; answers as S3 does.
class S3Server {
 public:
  S3Server(const Blob& blob, std::string path)
      : blob_(blob), path_(std::move(path)), server_([this](auto& r, auto& c) { answer(r, c); }) {}

  std::string region = "eu-west-9", id = "AKIDTEST", secret = "s3cr3t/+key=", token;
  // Instead of any answer, when set.
  std::function<std::optional<std::string>(int n)> instead = [](int) { return std::nullopt; };

  std::string endpoint() const { return server_.url(""); }
  const http::TestServer& server() const { return server_; }

 private:
  using Request = http::TestServer::Request;
  using Connection = http::TestServer::Connection;

  static std::string refuse(int status, const std::string& code) {
    const auto body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>";
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/xml\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static std::string between(const std::string& text, const std::string& begin, char end) {
    const auto at = text.find(begin);
    if (at == std::string::npos) return {};
    return text.substr(at + begin.size(), text.find(end, at) - at - begin.size());
  }

  // None: well signed. Else the code of the refusal.
  std::optional<std::string> judge(const Request& request) const {
    const auto given = request.header("authorization");
    if (given.empty()) return "AccessDenied";
    const auto scope = between(given, "Credential=", ',');
    const auto time = request.header("x-amz-date");
    if (scope.substr(0, scope.find('/')) != id) return "InvalidAccessKeyId";
    if (scope != id + "/" + time.substr(0, 8) + "/" + region + "/s3/aws4_request")
      return "AuthorizationHeaderMalformed";
    if (request.header("x-amz-content-sha256").empty()) return "InvalidRequest";
    if (request.header("x-amz-security-token") != token) return "InvalidToken";
    const auto names = between(given, "SignedHeaders=", ',');
    // Everything that names the request must be under the signature.
    for (const std::string must : {"host", "x-amz-date", "x-amz-content-sha256"})
      if ((";" + names + ";").find(";" + must + ";") == std::string::npos) return "AccessDenied";
    if (!token.empty() && names.find("x-amz-security-token") == std::string::npos)
      return "AccessDenied";
    const auto signature = given.substr(given.find("Signature=") + 10);
    const SignedRequest shape{request.method, request.target, "", request.headers};
    if (sigv4(shape, names, time, region, secret) != signature) return "SignatureDoesNotMatch";
    return std::nullopt;
  }

  void answer(const Request& request, Connection& to) {
    if (const auto text = instead(count_++)) {
      to.write(*text);
      return to.close();
    }
    if (const auto code = judge(request)) {
      to.write(refuse(403, *code));
      return;
    }
    if (request.target != path_) {
      to.write(refuse(404, "NoSuchKey"));
      return;
    }
    std::size_t first = 0;
    const auto range = request.header("range");
    if (!range.empty()) first = std::stoull(range.substr(6));
    const auto body = as_text(ByteView(blob_.bytes).subspan(first));
    std::string head = range.empty() ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Partial\r\n";
    if (!range.empty())
      head += "Content-Range: bytes " + std::to_string(first) + "-" +
              std::to_string(blob_.bytes.size() - 1) + "/" + std::to_string(blob_.bytes.size()) +
              "\r\n";
    to.write(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    const auto cut = cut_after.exchange(0);
    if (cut == 0) {
      to.write(body);
      return;
    }
    to.write(body.substr(0, cut));
    to.close();
  }

 public:
  std::atomic<std::size_t> cut_after = 0;  // bytes of the next body that are sent before it breaks

 private:
  const Blob& blob_;
  std::string path_;
  std::atomic<int> count_ = 0;
  http::TestServer server_;
};

}  // namespace archy::fetch
