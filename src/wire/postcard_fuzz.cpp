// The input is a script for the reader (first half) over a buffer (second half). Oracle: every
// number and string that was read is written again and reads back the same, and nothing reads past
// the end.
#include "base/check.hpp"
#include "wire/postcard.hpp"
#include "wire/varint.hpp"

namespace archy::wire {
namespace {

void number_reads_back(std::uint64_t value) {
  PostcardWriter w;
  w.number(value);
  CHECK(w.bytes().size() == varint_length(value));
  auto again = PostcardReader(w.bytes()).u64();
  CHECK(again.has_value() && *again == value);
}

void run(ByteView script, ByteView buffer) {
  PostcardReader reader(buffer);
  for (std::uint8_t op : script) {
    const std::size_t before = reader.rest().size();
    bool ok = false;
    if (op % 8 == 0) ok = reader.u8().has_value();
    if (op % 8 == 1) ok = reader.boolean().has_value();
    if (op % 8 == 2) {
      if (auto v = reader.u16()) ok = true, number_reads_back(*v);
    }
    if (op % 8 == 3) {
      if (auto v = reader.u32()) ok = true, number_reads_back(*v);
    }
    if (op % 8 == 4) {
      if (auto v = reader.u64()) ok = true, number_reads_back(*v);
    }
    if (op % 8 == 5) {
      auto v = reader.string(op);
      ok = v.has_value();
      CHECK(!ok || v->size() <= op);
    }
    if (op % 8 == 6) {
      auto v = reader.raw(op);
      ok = v.has_value();
      CHECK(!ok || v->size() == op);
    }
    if (op % 8 == 7) {
      auto v = reader.count(op, 1 + op / 16);
      ok = v.has_value();
      CHECK(!ok || *v <= reader.rest().size());
    }
    CHECK(reader.rest().size() <= before);
    if (!ok) return;
  }
}

}  // namespace
}  // namespace archy::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const archy::ByteView in(data, size);
  archy::wire::run(in.first(size / 2), in.subspan(size / 2));
  return 0;
}
