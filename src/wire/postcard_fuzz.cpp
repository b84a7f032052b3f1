// The input is a script for the reader (first half) over a buffer (second half). Oracle: what was
// read is written again, in at most as many bytes, and the same script reads the same from that;
// nothing reads past the end.
#include "base/check.hpp"
#include "wire/postcard.hpp"
#include "wire/varint.hpp"

namespace archy::wire {
namespace {

struct Story {
  std::size_t steps = 0;     // script bytes that went well
  std::size_t consumed = 0;  // by them, of the buffer
  Bytes written;             // the same values in shortest form
};

template <class T>
bool number(const Result<T>& value, PostcardWriter& out) {
  if (!value) return false;
  const std::size_t before = out.bytes().size();
  out.number(*value);
  CHECK(out.bytes().size() == before + varint_length(*value));
  return true;
}

// One step of the script. False: the buffer refused it.
bool step(std::uint8_t op, PostcardReader& in, PostcardWriter& out) {
  switch (op % 8) {
    case 0: {
      const auto value = in.u8();
      if (value) out.u8(*value);
      return value.has_value();
    }
    case 1: {
      const auto value = in.boolean();
      if (value) out.boolean(*value);
      return value.has_value();
    }
    case 2:
      return number(in.u16(), out);
    case 3:
      return number(in.u32(), out);
    case 4:
      return number(in.u64(), out);
    case 5: {
      const auto value = in.string(op);
      if (value) out.string(*value);
      CHECK(!value || value->size() <= op);
      return value.has_value();
    }
    case 6: {
      const auto value = in.raw(op);
      if (value) out.raw(*value);
      CHECK(!value || value->size() == op);
      return value.has_value();
    }
    default: {
      const std::size_t element_bytes = 1 + op / 16;
      const auto value = in.count(op, element_bytes);
      CHECK(!value || (*value <= op && *value * element_bytes <= in.rest().size()));
      return number(value, out);
    }
  }
}

Story tell(ByteView script, ByteView buffer) {
  Story out;
  PostcardReader in(buffer);
  PostcardWriter copy;
  for (const std::uint8_t op : script) {
    const std::size_t before = in.rest().size();
    if (!step(op, in, copy)) break;
    CHECK(in.rest().size() <= before);
    out.consumed += before - in.rest().size();
    ++out.steps;
  }
  out.written = copy.take();
  return out;
}

void run(ByteView script, ByteView buffer) {
  const Story story = tell(script, buffer);
  CHECK(story.written.size() <= story.consumed);
  // A count is accepted only before enough bytes for its elements, whatever they are.
  Bytes again = story.written;
  again.resize(again.size() + buffer.size());
  const Story retold = tell(script.first(story.steps), again);
  CHECK(retold.steps == story.steps && retold.consumed == story.written.size());
  CHECK(retold.written == story.written);
}

}  // namespace
}  // namespace archy::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const archy::ByteView in(data, size);
  archy::wire::run(in.first(size / 2), in.subspan(size / 2));
  return 0;
}
