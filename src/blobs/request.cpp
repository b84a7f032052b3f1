#include "blobs/request.hpp"

#include "base/limits.hpp"

namespace archy::blobs {
namespace {

Result<GetRequest> read_get(wire::PostcardReader& in) {
  TRY(hash, in.bytes32<Blake3Hash>());
  TRY(ranges, read_range_seq(in));
  return GetRequest{hash, std::move(ranges)};
}

Result<GetManyRequest> read_get_many(wire::PostcardReader& in) {
  TRY(count, in.count(limits::kSeqEntries, 32));
  GetManyRequest out;
  out.hashes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    TRY(hash, in.bytes32<Blake3Hash>());
    out.hashes.push_back(hash);
  }
  TRY(ranges, read_range_seq(in));
  out.ranges = std::move(ranges);
  return out;
}

Result<Request> read_body(RequestKind kind, wire::PostcardReader& in) {
  switch (kind) {
    case RequestKind::get: {
      TRY(get, read_get(in));
      return Request(std::move(get));
    }
    case RequestKind::observe: {
      TRY(hash, in.bytes32<Blake3Hash>());
      TRY(ranges, read_ranges(in));
      return Request(ObserveRequest{hash, std::move(ranges)});
    }
    case RequestKind::push: {
      TRY(header, in.byte_string(limits::kRequestBytes));
      wire::PostcardReader inner(header);
      TRY(get, read_get(inner));
      return Request(PushRequest{std::move(get)});
    }
    case RequestKind::get_many: {
      TRY(many, read_get_many(in));
      return Request(std::move(many));
    }
  }
  return fail(Code::unsupported, "reserved request type");
}

void write(wire::PostcardWriter& out, const GetRequest& get) {
  out.raw(get.hash.view());
  write_range_seq(out, get.ranges);
}

}  // namespace

std::string_view to_string(RequestKind kind) {
  switch (kind) {
    case RequestKind::get:
      return "get";
    case RequestKind::observe:
      return "observe";
    case RequestKind::push:
      return "push";
    case RequestKind::get_many:
      return "get_many";
  }
  return "unknown";
}

Result<RequestKind> request_kind(std::uint8_t type_byte) {
  switch (type_byte) {
    case 0:
    case 1:
    case 8:
    case 9:
      return static_cast<RequestKind>(type_byte);
    default:
      return fail(Code::unsupported, "reserved request type");
  }
}

Result<Request> decode_request(ByteView message) {
  if (message.size() > limits::kRequestBytes + 1)
    return fail(Code::bad_input, "request above 1 MiB");
  wire::PostcardReader in(message);
  TRY(type_byte, in.u8());
  TRY(kind, request_kind(type_byte));
  return read_body(kind, in);
}

Bytes encode(const Request& request) {
  wire::PostcardWriter out;
  if (const auto* get = std::get_if<GetRequest>(&request)) {
    out.u8(static_cast<std::uint8_t>(RequestKind::get));
    write(out, *get);
  } else if (const auto* observe = std::get_if<ObserveRequest>(&request)) {
    out.u8(static_cast<std::uint8_t>(RequestKind::observe)).raw(observe->hash.view());
    write_ranges(out, observe->ranges);
  } else if (const auto* many = std::get_if<GetManyRequest>(&request)) {
    out.u8(static_cast<std::uint8_t>(RequestKind::get_many)).number(many->hashes.size());
    for (const auto& hash : many->hashes) out.raw(hash.view());
    write_range_seq(out, many->ranges);
  } else if (const auto* push = std::get_if<PushRequest>(&request)) {
    wire::PostcardWriter inner;
    write(inner, push->content);
    out.u8(static_cast<std::uint8_t>(RequestKind::push)).byte_string(inner.bytes());
  }
  return out.take();
}

}  // namespace archy::blobs
