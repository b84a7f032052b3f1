#include "sim/evil_peer.hpp"

#include "bao/encoder.hpp"
#include "blobs/request.hpp"
#include "rt/signal.hpp"

namespace archy::sim {
namespace {

struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The honest answer, and where its leaves and parents stand in it.
struct Answer {
  Bytes bytes;
  std::vector<Part> leaves;
  std::vector<Part> parents;  // runs of pairs
};

Result<Answer> honest_answer(const Truth& truth, const bao::ChunkRanges& wanted) {
  TruthReader reader(truth);
  bao::Encoder encoder(truth.hash, truth.bytes.size(), wanted, reader);
  Answer out;
  while (!encoder.done()) {
    const std::size_t before = out.bytes.empty() ? 8 : out.bytes.size();  // 8: the size header
    const std::size_t leaf = encoder.next_leaf_size();
    TRY_OK(encoder.step(out.bytes));
    const std::size_t leaf_begin = out.bytes.size() - leaf;
    if (leaf_begin > before) out.parents.push_back({before, leaf_begin});
    if (leaf > 0) out.leaves.push_back({leaf_begin, out.bytes.size()});
  }
  return out;
}

void flip(Bytes& bytes, const Part& part, SeededRandom& random) {
  bytes[random.between(part.begin, part.end - 1)] ^=
      static_cast<std::uint8_t>(1u << random.below(8));
}

}  // namespace

bool is_lie(PeerMood mood) {
  switch (mood) {
    case PeerMood::wrong_bytes:
    case PeerMood::wrong_parent:
    case PeerMood::wrong_last_group:
    case PeerMood::wrong_order:
    case PeerMood::garbage:
      return true;
    default:
      return false;
  }
}

Result<> EvilPeer::start(const crypto::Ed25519Seed& seed, const rt::Address& bind) {
  quic::Config config;
  config.bind = {bind};
  config.alpns = {std::string(blobs::kAlpn)};
  TRY(endpoint, quic::make_endpoint(env_, seed, std::move(config)));
  endpoint_ = std::move(endpoint);
  scope_.start(accept_connections());
  return {};
}

boost::asio::awaitable<void> EvilPeer::close() {
  scope_.request_stop();
  if (endpoint_) co_await endpoint_->close(0, "");
  co_await scope_.close(env_.clock);
}

std::uint64_t EvilPeer::lies_told(const Blake3Hash& hash, const EndpointId& to) const {
  const auto found = lies_.find({hash, to});
  return found == lies_.end() ? 0 : found->second;
}

boost::asio::awaitable<void> EvilPeer::accept_connections() {
  for (;;) {
    auto connection = co_await endpoint_->accept();
    if (!connection) co_return;
    scope_.start(serve_connection(std::move(*connection)));
  }
}

boost::asio::awaitable<void> EvilPeer::serve_connection(
    std::shared_ptr<quic::Connection> connection) {
  for (;;) {
    auto stream = co_await connection->accept_bi();
    if (!stream) co_return;
    scope_.start(serve_stream(std::move(*stream), connection->peer()));
  }
}

rt::Task<Bytes> EvilPeer::read_request(quic::Stream& stream) {
  Bytes out;
  while (!stream.at_end()) {
    CO_TRY(n, co_await stream.fill(1));
    if (n == 0) break;
    append(out, stream.buffered());
    stream.consume(stream.buffered().size());
  }
  co_return out;
}

boost::asio::awaitable<void> EvilPeer::serve_stream(std::shared_ptr<quic::Stream> stream,
                                                    EndpointId asker) {
  auto message = co_await read_request(*stream);
  if (!message) co_return;
  auto request = blobs::decode_request(*message);
  const auto* get = request ? std::get_if<blobs::GetRequest>(&*request) : nullptr;
  const auto truth = get != nullptr ? blobs_.find(get->hash) : blobs_.end();
  if (truth == blobs_.end()) {
    stream->reset(3);
    co_return;
  }
  const bao::ChunkRanges wanted = get->ranges.at(0);
  (void)co_await answer(*stream, *truth->second, wanted, asker);
  (void)co_await stream->drained();
}

rt::Task<> EvilPeer::answer(quic::Stream& stream, const Truth& truth, bao::ChunkRanges wanted,
                            EndpointId asker) {
  CO_TRY(honest, honest_answer(truth, wanted));
  Bytes& bytes = honest.bytes;
  log_.add(env_.clock.now(), "peer.evil", {static_cast<std::uint64_t>(mood_), bytes.size()});
  std::size_t cut = bytes.size();
  bool lied = false;
  switch (mood_) {
    case PeerMood::wrong_bytes:
      if (honest.leaves.empty()) break;
      flip(bytes, honest.leaves[random_.below(honest.leaves.size())], random_);
      counters_.hit(Fault::peer_wrong_bytes);
      lied = true;
      break;
    case PeerMood::wrong_parent:
      if (honest.parents.empty()) break;
      flip(bytes, honest.parents[random_.below(honest.parents.size())], random_);
      counters_.hit(Fault::peer_wrong_parent);
      lied = true;
      break;
    case PeerMood::wrong_last_group:
      if (honest.leaves.empty()) break;
      flip(bytes, honest.leaves.back(), random_);
      counters_.hit(Fault::peer_wrong_last_group);
      lied = true;
      break;
    case PeerMood::wrong_size: {
      // Mostly a size whose tree has the same shape at the front, so that true leaves come first.
      const std::uint64_t size = truth.bytes.size();
      const std::uint64_t wrong = random_.chance(700'000)   ? size + random_.between(1, 1000)
                                  : random_.chance(500'000) ? size / 2 + 1
                                                            : size * 2 + 16384;
      store_u64_le(bytes.data(), wrong == size ? size + 1 : wrong);
      counters_.hit(Fault::peer_wrong_size);
      break;
    }
    case PeerMood::wrong_order: {
      if (honest.leaves.size() < 2) break;
      const std::size_t i = random_.below(honest.leaves.size() - 1);
      const Part a = honest.leaves[i], b = honest.leaves[i + 1];
      if (a.end - a.begin != b.end - b.begin) break;
      std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(a.begin),
                       bytes.begin() + static_cast<std::ptrdiff_t>(a.end),
                       bytes.begin() + static_cast<std::ptrdiff_t>(b.begin));
      counters_.hit(Fault::peer_wrong_order);
      lied = true;
      break;
    }
    case PeerMood::garbage:
      bytes.resize(random_.between(9, 40'000));
      random_.fill(bytes);
      // A size that is believable, so that the noise is read as parents and leaves.
      store_u64_le(bytes.data(), truth.bytes.size());
      cut = bytes.size();
      counters_.hit(Fault::peer_garbage);
      lied = true;
      break;
    case PeerMood::truncated:
      cut = random_.below(bytes.size());
      counters_.hit(Fault::peer_truncated);
      break;
    case PeerMood::stalls:
      cut = random_.below(bytes.size());
      counters_.hit(Fault::peer_stalled);
      break;
    case PeerMood::drips:
      counters_.hit(Fault::peer_dripped);
      break;
    case PeerMood::resets:
      cut = random_.below(bytes.size());
      counters_.hit(Fault::peer_reset);
      break;
    case PeerMood::kCount:
      break;
  }
  if (lied) ++lies_[{truth.hash, asker}];
  std::size_t done = 0;
  const std::size_t step = mood_ == PeerMood::drips ? 1 : 16384;
  while (done < cut && !scope_.stop_token().stop_requested()) {
    const std::size_t n = std::min(step, cut - done);
    Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(done),
                bytes.begin() + static_cast<std::ptrdiff_t>(done + n));
    CO_TRY_OK(co_await stream.write(std::move(piece)));
    done += n;
    if (mood_ == PeerMood::drips) {
      const rt::Instant when = env_.clock.now() + std::chrono::seconds(1);
      CO_TRY_OK(co_await rt::sleep_until(env_.executor, env_.clock, when, scope_.stop_token()));
    }
  }
  if (mood_ == PeerMood::stalls) {
    const rt::Instant when = env_.clock.now() + std::chrono::hours(1);
    (void)co_await rt::sleep_until(env_.executor, env_.clock, when, scope_.stop_token());
  }
  if (mood_ == PeerMood::resets) {
    stream.reset(random_.below(5));
  } else {
    stream.finish();
  }
  co_return Result<>{};
}

}  // namespace archy::sim
