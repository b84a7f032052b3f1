#include "cashu/cbor.hpp"

#include "base/utf8.hpp"

namespace archy::cashu {
namespace {

constexpr std::uint8_t kNumber = 0;
constexpr std::uint8_t kBytes = 2;
constexpr std::uint8_t kText = 3;
constexpr std::uint8_t kArray = 4;
constexpr std::uint8_t kMap = 5;
constexpr std::uint8_t kSimple = 7;
constexpr std::uint8_t kFalse = 0xf4;
constexpr std::uint8_t kTrue = 0xf5;
constexpr std::uint8_t kNull = 0xf6;
constexpr std::uint8_t kUndefined = 0xf7;
constexpr int kDepth = 16;

std::unexpected<Error> wrong(const char* what) { return fail(Code::bad_input, what); }

}  // namespace

void CborWriter::head(std::uint8_t major, std::uint64_t argument) {
  const auto type = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) {
    out_.push_back(static_cast<std::uint8_t>(type | argument));
    return;
  }
  unsigned form = 24;  // 1, 2, 4, 8 bytes follow for 24, 25, 26, 27
  while (form < 27 && argument >> (8u << (form - 24)) != 0) ++form;
  out_.push_back(static_cast<std::uint8_t>(type | form));
  for (unsigned left = 1u << (form - 24); left-- > 0;) {
    out_.push_back(static_cast<std::uint8_t>(argument >> (8 * left)));
  }
}

CborWriter& CborWriter::number(std::uint64_t value) {
  head(kNumber, value);
  return *this;
}
CborWriter& CborWriter::bytes(ByteView value) {
  head(kBytes, value.size());
  append(out_, value);
  return *this;
}
CborWriter& CborWriter::text(std::string_view value) {
  head(kText, value.size());
  append(out_, as_bytes(value));
  return *this;
}
CborWriter& CborWriter::array(std::size_t items) {
  head(kArray, items);
  return *this;
}
CborWriter& CborWriter::map(std::size_t pairs) {
  head(kMap, pairs);
  return *this;
}
CborWriter& CborWriter::boolean(bool value) {
  out_.push_back(value ? kTrue : kFalse);
  return *this;
}

Result<CborReader::Head> CborReader::head() {
  if (in_.empty()) return wrong("CBOR cut short");
  const std::uint8_t first = in_[0];
  in_ = in_.subspan(1);
  Head out{static_cast<std::uint8_t>(first >> 5), static_cast<std::uint8_t>(first & 31)};
  if (out.argument < 24) return out;
  if (out.argument > 27) return wrong("CBOR of indefinite length");
  const std::size_t size = std::size_t{1} << (out.argument - 24);
  if (in_.size() < size) return wrong("CBOR cut short");
  out.argument = 0;
  for (std::size_t i = 0; i < size; ++i) out.argument = out.argument << 8 | in_[i];
  in_ = in_.subspan(size);
  return out;
}

Result<std::uint64_t> CborReader::argument_of(std::uint8_t major) {
  TRY(found, head());
  if (found.major != major) return wrong("CBOR of another type");
  return found.argument;
}

Result<ByteView> CborReader::content(std::uint8_t major) {
  TRY(size, argument_of(major));
  if (size > in_.size()) return wrong("CBOR cut short");
  const auto out = in_.first(size);
  in_ = in_.subspan(size);
  return out;
}

Result<std::uint64_t> CborReader::number() { return argument_of(kNumber); }
Result<ByteView> CborReader::bytes() { return content(kBytes); }

Result<std::string_view> CborReader::text() {
  TRY(out, content(kText));
  if (!is_utf8(as_text(out))) return wrong("CBOR text that is not UTF-8");
  return as_text(out);
}

Result<std::size_t> CborReader::array() {
  TRY(items, argument_of(kArray));
  if (items > in_.size()) return wrong("CBOR cut short");
  return static_cast<std::size_t>(items);
}

Result<std::size_t> CborReader::map() {
  TRY(pairs, argument_of(kMap));
  if (pairs > in_.size() / 2) return wrong("CBOR cut short");
  return static_cast<std::size_t>(pairs);
}

Result<bool> CborReader::boolean() {
  if (in_.empty() || (in_[0] != kTrue && in_[0] != kFalse)) return wrong("CBOR of another type");
  const bool out = in_[0] == kTrue;
  in_ = in_.subspan(1);
  return out;
}

bool CborReader::take_nothing() {
  if (in_.empty() || (in_[0] != kNull && in_[0] != kUndefined)) return false;
  in_ = in_.subspan(1);
  return true;
}

Result<> CborReader::skip() { return skip_within(kDepth); }

// kDepth deep at most.
Result<> CborReader::skip_within(int depth) {
  if (depth == 0) return wrong("CBOR that is nested too deeply");
  if (in_.empty()) return wrong("CBOR cut short");
  switch (in_[0] >> 5) {
    case kNumber:
      TRY_OK(number());
      return {};
    case kBytes:
      TRY_OK(bytes());
      return {};
    case kText:
      TRY_OK(text());
      return {};
    case kArray: {
      TRY(items, array());
      for (std::size_t i = 0; i < items; ++i) TRY_OK(skip_within(depth - 1));
      return {};
    }
    case kMap: {
      TRY(pairs, map());
      for (std::size_t i = 0; i < 2 * pairs; ++i) TRY_OK(skip_within(depth - 1));
      return {};
    }
    case kSimple:
      if (take_nothing() || boolean()) return {};
      return wrong("CBOR of an unknown type");
    default:
      return wrong("CBOR of an unknown type");
  }
}

}  // namespace archy::cashu
