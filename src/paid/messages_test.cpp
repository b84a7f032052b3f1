#include "paid/messages.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "paid/frame.hpp"

#ifndef ARCHY_VECTORS
#define ARCHY_VECTORS "vectors"
#endif

namespace archy::paid {
namespace {

using nlohmann::ordered_json;

ordered_json vectors() {
  std::ifstream in(std::string(ARCHY_VECTORS) + "/paid_blobs/messages.json");
  EXPECT_TRUE(in.good());
  return ordered_json::parse(in);
}

template <class T>
bool is_refused(const Result<T>& read) {
  return !read && read.error().code == Code::bad_input;
}

TEST(PaidMessages, QuestionsAreReadAndWrittenAsTheVectorsSay) {
  for (const ordered_json& row : vectors().at("requests")) {
    const std::string text = row.at("json");
    const auto read = parse_request(text);
    ASSERT_TRUE(read) << text << read.error().detail;
    EXPECT_EQ(read->want.hex(), row.at("want").get<std::string>());
    EXPECT_EQ(read->token.has_value(), row.contains("token")) << text;
    if (read->token) EXPECT_EQ(read->token->reveal(), row.at("token").get<std::string>());
    EXPECT_EQ(read->version.has_value(), row.contains("v"));
    if (row.contains("quote")) EXPECT_EQ(read->quote, row.at("quote").get<std::string>());
    if (row.contains("bytes")) EXPECT_EQ(read->bytes, row.at("bytes").get<std::uint64_t>());
    EXPECT_EQ(to_json(*read).reveal(), row.value("written", text));
  }
}
TEST(PaidMessages, AnswersAreReadAndWrittenAsTheVectorsSay) {
  const std::vector<std::string> kinds{"Granted", "PaymentRequired", "Denied"};
  for (const ordered_json& row : vectors().at("answers")) {
    const std::string text = row.at("json");
    const auto read = parse_answer(text);
    ASSERT_TRUE(read) << text << read.error().detail;
    EXPECT_EQ(kinds.at(read->index()), row.at("kind").get<std::string>());
    EXPECT_EQ(to_json(*read, true), text);
    EXPECT_EQ(to_json(*read, false), row.at("minimal").get<std::string>());
  }
}
TEST(PaidMessages, WhatIsNoneIsRefused) {
  const ordered_json all = vectors();
  for (const auto& text : all.at("bad_requests"))
    EXPECT_TRUE(is_refused(parse_request(text.get<std::string>()))) << text;
  for (const auto& text : all.at("bad_answers"))
    EXPECT_TRUE(is_refused(parse_answer(text.get<std::string>()))) << text;
  EXPECT_FALSE(parse_answer("{\"Denied\":{\"reason\":\"\xff\"}}"));
}
TEST(PaidMessages, ListsAndTextsHaveLimits) {
  const auto required = [](std::size_t mints, std::size_t chars) {
    PaymentRequired out{.price_sats = 1, .accepted_mints = {}};
    out.accepted_mints.assign(mints, std::string(chars, 'm'));
    return parse_answer(to_json(PaidAnswer(out), false));
  };
  EXPECT_TRUE(required(64, 10));
  EXPECT_FALSE(required(65, 10));
  EXPECT_TRUE(required(1, 2048));
  EXPECT_FALSE(required(1, 2049));
  EXPECT_FALSE(required(40, 2048)) << "above 64 KiB";
  PaidRequest asked{.want = {}};
  asked.token.emplace(std::string(streaming::kTokenChars, 't'));
  EXPECT_TRUE(parse_request(to_json(asked).reveal()));
  asked.token.emplace(std::string(streaming::kTokenChars + 1, 't'));
  EXPECT_FALSE(parse_request(to_json(asked).reveal()));
}
TEST(PaidMessages, ReasonsBecomeOneLineThatIsNotTooLong) {
  const auto reason = [](const std::string& text) {
    const auto read = parse_answer(to_json(PaidAnswer(Denied{text}), false));
    return read ? std::get<Denied>(*read).reason : std::string("unreadable");
  };
  EXPECT_EQ(reason("not here"), "not here");
  EXPECT_EQ(reason("two\nlines\x1b[2J"), "two lines [2J");
  EXPECT_EQ(reason(std::string(300, 'x')), std::string(200, 'x'));
  EXPECT_EQ(reason(std::string(199, 'x') + "\u00e9"), std::string(199, 'x')) << "no half letter";
  const auto of_peer =
      parse_answer("{\"Denied\":{\"reason\":\"" + std::string(5000, 'y') + "\\n\"}}");
  ASSERT_TRUE(of_peer);
  EXPECT_EQ(std::get<Denied>(*of_peer).reason, std::string(200, 'y'));
}
TEST(PaidMessages, NoQuoteHoldsForLongerThanTwoMinutes) {
  const auto read = parse_answer(
      R"({"PaymentRequired":{"price_sats":1,"accepted_mints":[],"expires_in_s":9999}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<PaymentRequired>(*read).expires_in_s, 120u);
}
TEST(PaidFrames, AreALengthAndAsManyBytes) {
  const ordered_json all = vectors();
  for (const auto& row : all.at("frames")) {
    const Bytes bytes = framed(row.at("json").get<std::string>());
    EXPECT_EQ(to_hex(bytes), row.at("hex").get<std::string>());
    EXPECT_EQ(unframed(bytes).value(), row.at("json").get<std::string>());
  }
  for (const auto& hex : all.at("bad_frames"))
    EXPECT_FALSE(unframed(from_hex(hex.get<std::string>()).value())) << hex;
}

}  // namespace
}  // namespace archy::paid
