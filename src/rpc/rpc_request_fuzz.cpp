// Oracle: whatever is read as a call is JSON that says the same when it is read again; parameters
// that pass the check of a method are read without an exception; the answer to anything is JSON.
// The same bytes are tried as a token and as the answer of a node.
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/message.hpp"
#include "rpc/method.hpp"

namespace {

class FixedRandom final : public archy::rt::Random {
 public:
  void fill(archy::MutableBytes out) override {
    for (auto& byte : out) byte = 7;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const std::string_view text = as_text({data, size});
  FixedRandom random;
  const rpc::Tokens tokens(random);
  CHECK(!tokens.check(text, 0) || text.size() >= 64);
  (void)rpc::narrow(text, {});
  (void)rpc::result_of(text);
  auto message = rpc::parse_message(text);
  if (!message) {
    CHECK(rpc::parse_trusted(rpc::error_text("null", message.error())).is_object());
    return 0;
  }
  CHECK(!message->calls.empty() && message->calls.size() <= rpc::kBatch);
  for (const rpc::Call& call : message->calls) {
    if (call.invalid) {
      CHECK(rpc::parse_trusted(rpc::error_text(call.id, *call.invalid)).is_object());
      continue;
    }
    const rpc::Json params = rpc::parse_trusted(call.params);
    CHECK(params.is_object());
    if (call.id.empty()) continue;
    auto again = rpc::parse_message(rpc::call_text(call.method, call.params));
    CHECK(again && again->calls[0].method == call.method && again->calls[0].params == call.params);
    for (const rpc::Method& method : rpc::methods()) {
      if (!rpc::check_params(method.params, params)) continue;
      for (const rpc::Param& param : method.params) {
        if (param.type == rpc::Type::content) (void)rpc::content(params, param.name);
        if (param.type == rpc::Type::text) (void)rpc::text(params, param.name);
        if (param.type == rpc::Type::text_list) (void)rpc::texts(params, param.name);
        if (param.type == rpc::Type::integer) (void)rpc::integer(params, param.name, 0);
        if (param.type == rpc::Type::boolean) (void)rpc::flag(params, param.name);
      }
    }
    CHECK(rpc::parse_trusted(rpc::result_text(call, call.params)).is_object());
  }
  return 0;
}
