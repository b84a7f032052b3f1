#include "blobs/ticket.hpp"

#include <gtest/gtest.h>

#include "wire/base32.hpp"

namespace archy::blobs {
namespace {

const char* const kEndpoint =
    "endpointadveu3dd4kofecv66vihwezoyx4zkr3wv27l464siipou2iui3jcybaadjuhi5dqom5c6l3smvwgc6jomv4g"
    "c3lqnrss4y3pnuxqcaakaaaacyybab7qaaabqaeacaiaaaaaaaaaaaaaaaaaaaaaaaabqeea";
const char* const kMinimal =
    "blobacxfr74igmsbvsbnn73wcecg5vt3kbzncqwfrdiampuufwnhkublmaaaaafyju2y4tel43bymjvsdax7k5mbrotl"
    "2p2lsbdetff6ctftksqhe";
const char* const kFull =
    "blobacxfr74igmsbvsbnn73wcecg5vt3kbzncqwfrdiampuufwnhkublmai2nb2hi4dthixs64tfnrqxsltfpbqw24dm"
    "muxgg33nf4bqacqaaaawgad7aaaadaaiaeaaaaaaaaaaaaaaaaaaaaaaaaayccabbocngwhezc7gyodcnmqyf72xlaml"
    "u26t6s4qizezjpquzm2uubza";

const std::vector<rt::Address> kAddresses = {rt::Address::v4(10, 0, 0, 1, 99),
                                             rt::Address::v4(127, 0, 0, 1, 1024),
                                             *rt::parse_address("[::1]:1025")};

BlobTicket full_ticket() {
  BlobTicket out;
  out.peer =
      *EndpointId::parse_hex("ae58ff8833241ac82d6ff7611046ed67b5072d142c588d0063e942d9a75502b6");
  out.relay = "https://relay.example.com/";
  out.addresses = kAddresses;
  out.target = {
      *Blake3Hash::parse_hex("0b84d358e4c8be6c38626b2182ff575818ba6bd3f4b90464994be14cb354a072"),
      store::Format::hash_seq};
  return out;
}

TEST(BlobTicket, EveryVectorRoundTrips) {
  const BlobTicket full = full_ticket();
  EXPECT_EQ(to_string(full), kFull);
  EXPECT_EQ(*parse_blob_ticket(kFull), full);
  BlobTicket minimal = full;
  minimal.relay.reset();
  minimal.addresses.clear();
  minimal.target.format = store::Format::raw;
  EXPECT_EQ(to_string(minimal), kMinimal);
  EXPECT_EQ(*parse_blob_ticket(kMinimal), minimal);
}

TEST(EndpointTicket, EveryVectorRoundTrips) {
  EndpointTicket ticket;
  ticket.id =
      *EndpointId::parse_hex("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c");
  ticket.relays = {"https://relay.example.com/"};
  ticket.addresses = kAddresses;
  EXPECT_EQ(to_string(ticket), kEndpoint);
  EXPECT_EQ(*parse_endpoint_ticket(kEndpoint), ticket);
}

TEST(BlobTicket, WritesAddressesInOrderWithoutDoublesAndRelaysInNormalForm) {
  BlobTicket ticket = full_ticket();
  ticket.relay = "https://relay.example.com";
  ticket.addresses = {kAddresses[2], kAddresses[1], kAddresses[0], kAddresses[1]};
  EXPECT_EQ(to_string(ticket), kFull);
}

TEST(BlobTicket, ReadsAnyCaseAfterThePrefix) {
  std::string text = kFull;
  for (std::size_t i = 4; i < text.size(); ++i) text[i] = static_cast<char>(std::toupper(text[i]));
  EXPECT_EQ(*parse_blob_ticket(text), full_ticket());
  text[0] = 'B';
  EXPECT_FALSE(parse_blob_ticket(text).has_value());
}

TEST(BlobTicket, RefusesEveryCutAndEveryTail) {
  const Bytes bytes = *wire::from_base32(std::string_view(kFull).substr(4));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(
        parse_blob_ticket("blob" + wire::to_base32(ByteView(bytes).first(cut))).has_value())
        << cut;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(to_string(parse_blob_ticket("blob" + wire::to_base32(longer)).error()),
            "blob ticket: bytes after the end");
}

TEST(BlobTicket, SaysInOneLineWhatIsWrong) {
  const Bytes bytes = *wire::from_base32(std::string_view(kMinimal).substr(4));
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes out = bytes;
    out[at] = value;
    return "blob" + wire::to_base32(out);
  };
  BlobTicket stranger = full_ticket();
  stranger.peer = EndpointId{{2}};  // y = 2 is on no point of the curve
  const std::string no_key = to_string(stranger);
  const std::pair<std::string, std::string> cases[] = {
      {"", "blob ticket: does not start with \"blob\""},
      {kEndpoint, "blob ticket: does not start with \"blob\""},
      {"blob", "blob ticket: cut short"},
      {"blob!!", "blob ticket: not base32"},
      {"blob" + std::string(9000, 'a'), "blob ticket: longer than 8192 characters"},
      {changed(0, 1), "blob ticket: a later version of ticket"},
      {no_key, "blob ticket: endpoint id is not a key"},
      {changed(33, 2), "blob ticket: neither true nor false"},
      {changed(34, 0x7f), "blob ticket: more elements than allowed"},
      {changed(35, 2), "blob ticket: unknown blob format"},
  };
  for (const auto& [text, message] : cases) {
    auto parsed = parse_blob_ticket(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(to_string(parsed.error()), message);
  }
}

TEST(BlobTicket, RefusesARelayThatIsNoUrl) {
  BlobTicket ticket = full_ticket();
  ticket.relay = "javascript:alert(1)";
  EXPECT_EQ(to_string(parse_blob_ticket(to_string(ticket)).error()),
            "blob ticket: relay: URL: no scheme");
}

TEST(EndpointTicket, RefusesEveryCut) {
  const Bytes bytes = *wire::from_base32(std::string_view(kEndpoint).substr(8));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(parse_endpoint_ticket("endpoint" + wire::to_base32(ByteView(bytes).first(cut)))
                     .has_value());
  }
}

TEST(EndpointTicket, LeavesCustomAddressesOut) {
  Bytes bytes = *wire::from_base32(std::string_view(kEndpoint).substr(8));
  bytes.resize(33);
  append(bytes, *from_hex("02"
                          "02"
                          "8001"
                          "03aabbcc"
                          "01"
                          "00"
                          "7f000001"
                          "8008"));
  auto ticket = parse_endpoint_ticket("endpoint" + wire::to_base32(bytes));
  ASSERT_TRUE(ticket.has_value());
  EXPECT_EQ(ticket->addresses, std::vector{kAddresses[1]});
}

TEST(EndpointIdText, RefusesBytesThatAreNoKey) {
  EXPECT_TRUE(parse_endpoint_id("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c")
                  .has_value());
  EXPECT_FALSE(parse_endpoint_id(EndpointId{{2}}.hex()).has_value());
}

}  // namespace
}  // namespace archy::blobs
