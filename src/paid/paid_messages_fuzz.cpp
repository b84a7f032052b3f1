// Questions and answers as JSON, and the frame around them. Oracle: what was read is written and
// reads back as the same, with and without what is extra; a frame that is read is written as the
// same bytes.
#include "base/check.hpp"
#include "paid/frame.hpp"
#include "paid/messages.hpp"

namespace archy::paid {
namespace {

void question(std::string_view text) {
  const auto read = parse_request(text);
  if (!read) return;
  const auto again = to_json(*read);
  const auto twice = parse_request(again.reveal());
  CHECK(twice && to_json(*twice).reveal() == again.reveal());
  CHECK(twice->want == read->want && twice->token.has_value() == read->token.has_value());
}

void answer(std::string_view text) {
  const auto read = parse_answer(text);
  if (!read) return;
  for (const bool extras : {false, true}) {
    const std::string again = to_json(*read, extras);
    const auto twice = parse_answer(again);
    CHECK(twice && twice->index() == read->index());
    CHECK(to_json(*twice, extras) == again);
  }
}

}  // namespace
}  // namespace archy::paid

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  paid::question(as_text(in));
  paid::answer(as_text(in));
  if (const auto inside = paid::unframed(in)) {
    CHECK(equal(paid::framed(*inside), in));
    paid::question(*inside);
    paid::answer(*inside);
  }
  return 0;
}
