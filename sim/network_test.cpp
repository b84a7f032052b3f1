#include "sim/network.hpp"

#include <gtest/gtest.h>

namespace archy::sim {
namespace {

const rt::Address kA = rt::Address::v4(5, 0, 0, 1, 0);
const rt::Address kB = rt::Address::v4(5, 0, 0, 2, 0);

rt::Address with_port(rt::Address address, std::uint16_t port) {
  address.port = port;
  return address;
}

struct Pair {
  explicit Pair(std::uint64_t seed, const Link& link)
      : network(time, SeededRandom(seed), log, counters) {
    network.set_default_link(link);
    a = network.add_host(kA);
    b = network.add_host(kB);
    from = std::move(*a->bind(with_port(kA, 1), {}));
    to = std::move(*b->bind(with_port(kB, 2), {}));
    to->on_receive([this](std::span<const rt::DatagramTrain> trains) {
      for (const auto& train : trains) {
        ++received;
        bytes += train.bytes.size();
        last = train.from;
        order.push_back(train.bytes[0]);
      }
    });
  }
  // `n` datagrams of `size`, one a millisecond, numbered in their first byte.
  void send(int n, std::size_t size = 100) {
    for (int i = 0; i < n; ++i) {
      time.at(time.now() + std::chrono::milliseconds(i), [this, i, size] {
        (void)from->send(with_port(kB, 2), Bytes(size, static_cast<std::uint8_t>(i)), size, 0, {});
      });
    }
    (void)time.run_until([] { return false; }, rt::kNever);
  }

  VirtualTime time;
  EventLog log;
  Counters counters;
  VirtualNetwork network;
  std::unique_ptr<NetworkHost> a, b;
  std::unique_ptr<rt::DatagramSocket> from, to;
  int received = 0;
  std::uint64_t bytes = 0;
  rt::Address last;
  Bytes order;
};

TEST(VirtualNetwork, ACleanLinkDeliversEverythingInOrderAfterItsDelay) {
  Pair pair(1, Link{.delay = std::chrono::milliseconds(20)});
  pair.send(10);
  EXPECT_EQ(pair.received, 10);
  EXPECT_TRUE(std::is_sorted(pair.order.begin(), pair.order.end()));
  EXPECT_EQ(pair.time.now().time_since_epoch(), std::chrono::milliseconds(29));
}

TEST(VirtualNetwork, LosesAndDuplicatesAtTheRatesItWasGiven) {
  Pair lossy(2, Link{.loss_ppm = 200'000});
  lossy.send(10'000);
  EXPECT_NEAR(lossy.received, 8000, 200);
  Pair doubling(3, Link{.duplicate_ppm = 100'000});
  doubling.send(10'000);
  EXPECT_NEAR(doubling.received, 11'000, 150);
}

TEST(VirtualNetwork, ReordersWhenAskedTo) {
  Pair pair(4, Link{.reorder_ppm = 300'000, .reorder_by = std::chrono::milliseconds(10)});
  pair.send(200);
  EXPECT_EQ(pair.received, 200);
  EXPECT_FALSE(std::is_sorted(pair.order.begin(), pair.order.end()));
  EXPECT_GT(pair.counters.of(Fault::datagram_reordered), 10u);
}

TEST(VirtualNetwork, ACapLimitsTheRateAndAFullQueueDrops) {
  Pair pair(5, Link{.bytes_per_s = 50'000, .queue_bytes = 10'000});
  pair.send(1000, 1000);  // 1 MB/s offered for a second
  EXPECT_NEAR(static_cast<double>(pair.bytes), 60'000, 5'000);
  EXPECT_GT(pair.counters.of(Fault::datagram_queue_full), 900u);
}

TEST(VirtualNetwork, ACutIsOneWayAndHeals) {
  Pair pair(6, Link{});
  pair.network.cut(kB, kA);
  pair.send(5);
  EXPECT_EQ(pair.received, 5);
  pair.network.cut(kA, kB);
  pair.send(5);
  EXPECT_EQ(pair.received, 5);
  pair.network.calm();
  pair.send(5);
  EXPECT_EQ(pair.received, 10);
}

TEST(VirtualNetwork, TrainsAreSplitIntoDatagrams) {
  Pair pair(7, Link{});
  EXPECT_EQ(pair.from->send(with_port(kB, 2), Bytes(2500, 1), 1000, 0, {}), rt::SendStatus::sent);
  (void)pair.time.run_until([] { return false; }, rt::kNever);
  EXPECT_EQ(pair.received, 3);
  EXPECT_EQ(pair.bytes, 2500u);
}

TEST(VirtualNetwork, ARebindingShowsANewAddressAndAnswersReachIt) {
  Pair pair(8, Link{});
  pair.a->rebind_ports();
  pair.send(1);
  EXPECT_NE(pair.last.port, 1);
  int answers = 0;
  pair.from->on_receive([&](auto) { ++answers; });
  (void)pair.to->send(pair.last, Bytes(10, 1), 10, 0, {});
  (void)pair.time.run_until([] { return false; }, rt::kNever);
  EXPECT_EQ(answers, 1);
}

TEST(VirtualNetwork, APoweredOffHostIsSilent) {
  Pair pair(9, Link{});
  pair.b->power_off();
  pair.send(3);
  EXPECT_EQ(pair.received, 0);
  EXPECT_TRUE(pair.b->bind(with_port(kB, 2), {}));
}

TEST(VirtualNetwork, TheSameSeedGivesTheSameLogAndAnotherSeedAnother) {
  const Link link{
      .loss_ppm = 100'000, .duplicate_ppm = 50'000, .jitter = std::chrono::milliseconds(5)};
  Pair one(11, link), again(11, link), other(12, link);
  one.send(500);
  again.send(500);
  other.send(500);
  EXPECT_EQ(one.log.hash(), again.log.hash());
  EXPECT_NE(one.log.hash(), other.log.hash());
}

}  // namespace
}  // namespace archy::sim
