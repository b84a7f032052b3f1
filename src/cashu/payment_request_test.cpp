#include "cashu/payment_request.hpp"

#include "cashu/test_vectors.hpp"
#include "wire/base64url.hpp"

namespace archy::cashu {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;
using Tags = std::vector<std::vector<std::string>>;

PaymentRequest request_of(const Json& json) {
  PaymentRequest out;
  if (json.contains("i")) out.id = text(json["i"]);
  if (json.contains("a")) out.amount = Amount(json["a"].get<std::uint64_t>());
  if (json.contains("u")) out.unit = text(json["u"]);
  if (json.contains("d")) out.description = text(json["d"]);
  out.single_use = json.value("s", false);
  for (const auto& mint : json.value("m", Json::array())) out.mints.push_back(text(mint));
  for (const auto& each : json.value("t", Json::array())) {
    out.transports.push_back(
        {text(each["t"]), text(each["a"]), each.value("g", Json::array()).get<Tags>()});
  }
  if (json.contains("nut10")) {
    const auto& lock = json["nut10"];
    out.lock = RequestedLock{text(lock["k"]), text(lock["d"]), lock["t"].get<Tags>()};
  }
  return out;
}

TEST(PaymentRequest, IsReadAsPublished) {
  const auto rows = vectors("nut18")["requests"];
  ASSERT_EQ(rows.size(), 6u);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto request = parse_payment_request(text(rows[i]["encoded"]));
    ASSERT_TRUE(request) << i << request.error().detail;
    auto expected = request_of(rows[i]["json"]);
    if (i == 0) {
      // The published text names another mint and profile than the JSON beside it.
      expected.mints = {"https://nofees.testnut.cashu.space"};
      expected.transports[0].target = request->transports.at(0).target;
      EXPECT_TRUE(expected.transports[0].target.starts_with("nprofile1"));
    }
    EXPECT_EQ(*request, expected) << i;
    EXPECT_EQ(*parse_payment_request(to_string(*request)), *request);
  }
}

TEST(PaymentRequest, IsWrittenWithoutWhatItDoesNotSay) {
  EXPECT_EQ(to_string(PaymentRequest{}), "creqAoA");
  EXPECT_EQ(*parse_payment_request("creqAoA"), PaymentRequest{});
  // The last published one, whose keys are in our order.
  const auto row = vectors("nut18")["requests"][4];
  const auto encoded = text(row["encoded"]);
  EXPECT_EQ(to_string(request_of(row["json"])), encoded.substr(0, encoded.find('=')));
}

TEST(PaymentRequest, SaysWhatIsWrong) {
  const auto message = [](std::string_view hex) {
    const auto request = parse_payment_request("creqA" + wire::to_base64url(*from_hex(hex)));
    return request ? std::string("taken") : to_string(request.error());
  };
  EXPECT_EQ(message("a0"), "taken");
  EXPECT_EQ(message("a16161f6"), "taken");
  EXPECT_EQ(message("a1617a8101"), "taken");
  EXPECT_EQ(message(""), "payment request: CBOR cut short");
  EXPECT_EQ(message("a000"), "payment request: bytes after the end");
  EXPECT_EQ(message("a1616105"), "payment request: an amount without a unit");
  EXPECT_EQ(message("a26161056161056175"), "payment request: a member twice");
  EXPECT_EQ(message("a1616d8163667470"), "payment request: mint: URL: no scheme");
  EXPECT_EQ(message("a1617481a1617461"), "payment request: CBOR cut short");
  EXPECT_EQ(message("a1617481a161746178"), "payment request: no member a");
  EXPECT_EQ(message("a1616920"), "payment request: CBOR of another type");
  EXPECT_EQ(parse_payment_request("CREQB1xyz").error().code, Code::unsupported);
  EXPECT_EQ(parse_payment_request("cashuAxyz").error().code, Code::bad_input);
}

}  // namespace
}  // namespace archy::cashu
