#include "fetch/origin_source.hpp"

#include <algorithm>

#include "bao/group_verifier.hpp"
#include "bao/outboard_verifier.hpp"
#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "fetch/quarantine.hpp"
#include "fetch/verifiable.hpp"
#include "http/url.hpp"

namespace archy::fetch {
namespace {

// A subtree of which only the own hash is known is held in memory until it has come whole: 1 MiB
// while a sidecar may still bring its hashes, 8 MiB when none will.
constexpr std::uint64_t kSubtreeGroups = 64;
constexpr std::uint64_t kSubtreeGroupsWithoutSidecar = 512;
constexpr std::size_t kSidecarPieceBytes = 64u << 10;
// An origin without sidecar must not cost much more than one that was never asked for it.
constexpr rt::Duration kSidecarPatience = std::chrono::seconds(1);

enum class Sidecar : unsigned char { untried, loaded, absent };

class OriginSource final : public Source {
 public:
  OriginSource(rt::Env env, http::Client& client, store::BlobStore& store, std::string url,
               OriginOptions options)
      : client_(client),
        url_(std::move(url)),
        options_(std::move(options)),
        data_(client, url_, options_),
        quarantine_(env, store),
        sidecar_(may_have_sidecar() ? Sidecar::untried : Sidecar::absent) {}

  std::string name() const override {
    return "origin " + (options_.shown_as.empty() ? http::display_url(url_) : options_.shown_as);
  }
  SourceKind kind() const override { return SourceKind::origin; }

  rt::Task<> fetch(Attempt& attempt) override {
    data_.on_skip([&attempt](std::uint64_t bytes) { attempt.received(bytes); });
    auto outcome = co_await run(attempt);
    data_.on_skip(nullptr);
    data_.close();
    co_return outcome;
  }

 private:
  // A presigned URL is good for one path only, and that is not the sidecar's.
  bool may_have_sidecar() const {
    return options_.use_sidecar && url_.find("X-Amz-Signature=") == std::string::npos;
  }
  // What is known of the blob's size, and whether what is held was verified under the same.
  struct Sizes {
    std::optional<std::uint64_t> size;
    bool conflict = false;  // a peer claimed another size, and neither is proved
    // What the attempt wants, or everything where a conflict drops what is held.
    bao::ChunkRanges wanted = {};
  };

  rt::Task<> run(Attempt& attempt);
  Result<Sizes> settle_size(const Attempt& attempt) const;
  rt::Task<> load_sidecar(Attempt& attempt, const Sizes& sizes);
  rt::Task<bool> read_sidecar(Attempt& attempt, std::uint64_t size, bool write);
  rt::Task<> fetch_verifiable(Attempt& attempt, Sizes& sizes, bool& left_over);
  rt::Task<> fetch_piece(Attempt& attempt, bao::GroupVerifier& verifier, Piece piece,
                         std::uint64_t reach);
  rt::Task<> fetch_groups(Attempt& attempt, bao::GroupVerifier& verifier, Piece piece);
  rt::Task<> fetch_subtree(Attempt& attempt, bao::GroupVerifier& verifier, Piece piece);
  rt::Task<> collect(Attempt& attempt, const Sizes& sizes);

  http::Client& client_;
  std::string url_;
  OriginOptions options_;
  OriginStream data_;
  Quarantine quarantine_;
  Sidecar sidecar_;
};

bao::ChunkRanges held_of(const store::PartialBlob& target, bool conflict) {
  return conflict ? bao::ChunkRanges() : target.have();
}

rt::Task<> OriginSource::run(Attempt& attempt) {
  auto& target = *attempt.target;
  if (!data_.total()) {
    // The first missing byte, so that one request is both the question for the size and the answer.
    const auto missing = attempt.wanted - target.have();
    const auto spans = missing.spans();
    std::uint64_t first = 0;
    std::optional<std::uint64_t> end;
    if (target.size() && !spans.empty() &&
        spans.front().start * bao::kChunkBytes < *target.size()) {
      first = spans.front().start * bao::kChunkBytes;
      if (spans.front().end) end = *spans.front().end * bao::kChunkBytes;
      if (end && *end >= *target.size()) end.reset();
    }
    data_.seek(first, end);
    CO_TRY_OK(co_await data_.open(attempt.no_progress_limit, attempt.stop));
  }
  CO_TRY(sizes, settle_size(attempt));

  if (sizes.size) {
    bool left_over = false;
    CO_TRY_OK(co_await fetch_verifiable(attempt, sizes, left_over));
    if (left_over && sidecar_ == Sidecar::untried) {
      CO_TRY_OK(co_await load_sidecar(attempt, sizes));
      left_over = false;
      CO_TRY_OK(co_await fetch_verifiable(attempt, sizes, left_over));
    }
    if (!left_over) co_return Result<>{};
  }
  co_return co_await collect(attempt, sizes);
}

rt::Task<> OriginSource::collect(Attempt& attempt, const Sizes& sizes) {
  auto& target = *attempt.target;
  if (attempt.on_loose) attempt.on_loose();
  Quarantine::Job job;
  job.size = sizes.size;
  job.min_free_bytes = options_.min_free_bytes;
  std::unique_ptr<store::BlobReader> reader;
  if (sizes.size && target.size() == sizes.size) {
    CO_TRY_OK(target.flush());
    CO_TRY(opened, target.reader());
    reader = std::move(opened);
    job.reader = reader.get();
  }
  CO_TRY(whole, co_await quarantine_.collect(data_, job, attempt));
  if (whole) {
    attempt.whole_file = quarantine_.hand_over();
  } else {
    attempt.again = true;
  }
  co_return Result<>{};
}

Result<OriginSource::Sizes> OriginSource::settle_size(const Attempt& attempt) const {
  const auto& target = *attempt.target;
  const auto announced = data_.total();
  if (target.size() && target.size_verified()) {
    if (announced && *announced != *target.size() &&
        !test_hooks::planted("origin_length_unchecked")) {
      return fail(Code::peer_fault, "the file at the origin has " + std::to_string(*announced) +
                                        " bytes, the blob has " + std::to_string(*target.size()));
    }
    return Sizes{.size = target.size(), .wanted = attempt.wanted};
  }
  const bool conflict = announced && target.size() && *target.size() != *announced;
  return Sizes{announced, conflict, conflict ? bao::ChunkRanges::all() : attempt.wanted};
}

// Reads the sidecar through once, also when the question is called off: the next one needs it.
// False: it is not there or is not this blob's; the origin may still be honest. Errors: cancelled,
// the store's.
rt::Task<bool> OriginSource::read_sidecar(Attempt& attempt, std::uint64_t size, bool write) {
  bao::OutboardVerifier verifier(attempt.hash, size);
  OriginOptions options = options_;
  options.max_bytes = verifier.expected_bytes();
  OriginStream stream(client_, sidecar_url(url_), options);
  const auto patience = std::min(kSidecarPatience, attempt.no_progress_limit);
  std::optional<Error> store_error;
  const auto sink = [&](const bao::VerifiedParent& parent) -> Result<> {
    if (!write) return {};
    auto written = attempt.target->write(parent);
    if (!written) store_error = written.error();
    return written;
  };
  while (!verifier.done()) {
    auto filled = co_await stream.fill(kSidecarPieceBytes, patience, attempt.over);
    if (!filled && attempt.over.stop_requested()) co_return fail(filled.error());
    if (!filled || *filled == 0) co_return false;
    if (stream.total() && *stream.total() != verifier.expected_bytes()) co_return false;
    auto taken = verifier.update(stream.buffered(), sink);
    if (store_error) co_return fail(*store_error);
    if (!taken) {
      log::info("fetch", "sidecar of {} does not match: {}", name(), to_string(taken.error()));
      co_return false;
    }
    attempt.received(stream.buffered().size());
    stream.consume(stream.buffered().size());
  }
  co_return true;
}

rt::Task<> OriginSource::load_sidecar(Attempt& attempt, const Sizes& sizes) {
  const auto size = *sizes.size;
  auto& target = *attempt.target;
  sidecar_ = Sidecar::absent;
  if (sizes.conflict) {
    // Claiming another size drops what is held: first see that the tree has this shape.
    CO_TRY(matches, co_await read_sidecar(attempt, size, false));
    if (!matches) co_return Result<>{};
  }
  if (target.size() != size) CO_TRY_OK(target.claim_size(size));
  CO_TRY(complete, co_await read_sidecar(attempt, size, true));
  if (complete) sidecar_ = Sidecar::loaded;
  co_return Result<>{};
}

// Everything whose hash is known or lies below a small subtree whose hash is. `left_over`: there is
// more.
rt::Task<> OriginSource::fetch_verifiable(Attempt& attempt, Sizes& sizes, bool& left_over) {
  auto& target = *attempt.target;
  if (target.size() == *sizes.size) sizes.conflict = false;
  CO_TRY_OK(target.flush());
  std::unique_ptr<store::BlobReader> reader;
  if (target.size() && !sizes.conflict) {
    CO_TRY(opened, target.reader());
    reader = std::move(opened);
  }
  const auto lookup = [&reader](std::uint64_t index) -> Result<bao::Pair> {
    if (!reader) return fail(Code::not_found);
    return reader->pair(index);
  };
  bao::GroupVerifier verifier(attempt.hash, *sizes.size, lookup);
  const auto& tree = verifier.tree();
  const auto chunks = bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(tree.chunks()));
  const auto missing =
      ((chunks & sizes.wanted) - held_of(target, sizes.conflict)).rounded_to_groups() & chunks;
  const auto most = sidecar_ == Sidecar::untried ? kSubtreeGroups : kSubtreeGroupsWithoutSidecar;
  const auto group_span = [&tree](const bao::ChunkRanges::Span& span) {
    const auto chunk_end = std::min(span.end.value_or(tree.chunks()), tree.chunks());
    return std::pair(span.start / bao::kGroupChunks,
                     (chunk_end + bao::kGroupChunks - 1) / bao::kGroupChunks);
  };

  // While a sidecar may bring what is unknown, that comes first: one pass over the data is enough.
  if (sidecar_ == Sidecar::untried) {
    for (const auto& span : missing.spans()) {
      for (auto [group, end] = group_span(span); group < end;) {
        CO_TRY(piece, next_piece(verifier, group, end, most));
        if (piece.kind == Piece::Kind::unknown) {
          left_over = true;
          co_return Result<>{};
        }
        group = piece.end_group;
      }
    }
  }
  for (const auto& span : missing.spans()) {
    auto [group, end] = group_span(span);
    std::uint64_t reach = sidecar_ == Sidecar::loaded ? end : group;  // what one request asks for
    while (group < end) {
      // A subtree may have brought more than was asked for.
      const auto at = ChunkIndex(group * bao::kGroupChunks);
      if (group * bao::kGroupBytes < data_.position() && target.have().contains(at)) {
        ++group;
        continue;
      }
      CO_TRY(piece, next_piece(verifier, group, end, most));
      if (piece.kind == Piece::Kind::unknown) {
        left_over = true;
        group = piece.end_group;
        continue;
      }
      if (reach <= group) {
        CO_TRY(found, verifiable_up_to(verifier, group, end, most));
        reach = found;
      }
      reach = std::max(reach, piece.end_group);
      CO_TRY_OK(co_await fetch_piece(attempt, verifier, piece, reach));
      group = piece.end_group;
    }
  }
  if (verifier.size_verified() && !target.size_verified()) {
    CO_TRY_OK(target.mark_size_verified());
  }
  co_return Result<>{};
}

std::unexpected<Error> wrong_bytes(std::uint64_t offset) {
  return fail(Code::corrupt, "origin sent wrong bytes at " + std::to_string(offset));
}

// The tree that bytes are verified by is the target's: whoever has another size by now is late.
Result<> same_tree(store::PartialBlob& target, const bao::Tree& tree) {
  if (!target.size()) return target.claim_size(tree.size());
  if (target.size() == tree.size()) return {};
  return fail(Code::cancelled, "another size was claimed meanwhile");
}

Result<> verify_groups(Attempt& attempt, bao::GroupVerifier& verifier, std::uint64_t first,
                       ByteView bytes) {
  auto& target = *attempt.target;
  std::optional<std::uint64_t> bad;
  const bao::GroupVerifier::GroupSink sink = [&](std::uint64_t group,
                                                 const bao::VerifiedLeaf* leaf) -> Result<> {
    if (!leaf) {
      if (!bad) bad = group * bao::kGroupBytes;
      return {};
    }
    TRY_OK(same_tree(target, verifier.tree()));
    return target.write(*leaf);
  };
  TRY_OK(verifier.check_groups(first, bytes, sink));
  if (bad) return wrong_bytes(*bad);
  if (verifier.size_verified() && !target.size_verified()) return target.mark_size_verified();
  return {};
}

Result<> verify_subtree(Attempt& attempt, bao::GroupVerifier& verifier, const bao::Node& node,
                        ByteView bytes) {
  auto& target = *attempt.target;
  const auto& tree = verifier.tree();
  const bool is_root = tree.is_root(node);
  const bao::GroupVerifier::EventSink sink = [&](const bao::DecodeEvent& event) -> Result<> {
    // All bytes of the blob hash to its name: this size is the true one.
    if (is_root && target.size() != tree.size()) TRY_OK(target.claim_size(tree.size()));
    TRY_OK(same_tree(target, tree));
    if (const auto* parent = std::get_if<bao::VerifiedParent>(&event)) return target.write(*parent);
    if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) return target.write(*leaf);
    return {};
  };
  auto verified = verifier.verify_subtree(node, bytes, sink);
  if (!verified && verified.error().code == Code::corrupt) return wrong_bytes(tree.begin(node));
  return verified;
}

// `reach`: one request may ask for everything up to that group.
rt::Task<> OriginSource::fetch_piece(Attempt& attempt, bao::GroupVerifier& verifier, Piece piece,
                                     std::uint64_t reach) {
  const auto& tree = verifier.tree();
  const auto begin = piece.first_group * bao::kGroupBytes;
  const auto end = std::min(piece.end_group * bao::kGroupBytes, tree.size());
  const auto collected = quarantine_.length(data_.generation());
  if (begin < collected && end <= collected) {
    CO_TRY(bytes, quarantine_.read(begin, static_cast<std::size_t>(end - begin)));
    if (piece.kind == Piece::Kind::groups)
      co_return verify_groups(attempt, verifier, piece.first_group, bytes);
    co_return verify_subtree(attempt, verifier, piece.node, bytes);
  }
  data_.seek(begin,
             reach >= tree.groups() ? std::nullopt : std::optional(reach * bao::kGroupBytes));
  if (piece.kind == Piece::Kind::groups) co_return co_await fetch_groups(attempt, verifier, piece);
  co_return co_await fetch_subtree(attempt, verifier, piece);
}

rt::Task<> OriginSource::fetch_groups(Attempt& attempt, bao::GroupVerifier& verifier, Piece piece) {
  const auto end = std::min(piece.end_group * bao::kGroupBytes, verifier.tree().size());
  for (auto group = piece.first_group; group < piece.end_group;) {
    const auto begin = group * bao::kGroupBytes;
    const auto one =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, bao::kGroupBytes));
    CO_TRY(filled, co_await data_.fill(one, attempt.no_progress_limit, attempt.stop));
    if (filled < one) co_return fail(Code::peer_fault, "the file at the origin is too short");
    // As many whole groups as are there already, the last one at its own length.
    std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(filled, end - begin));
    if (begin + take < end) take -= take % bao::kGroupBytes;
    CO_TRY_OK(verify_groups(attempt, verifier, group, data_.buffered().first(take)));
    data_.consume(take);
    group += std::max<std::uint64_t>(1, (take + bao::kGroupBytes - 1) / bao::kGroupBytes);
  }
  co_return Result<>{};
}

rt::Task<> OriginSource::fetch_subtree(Attempt& attempt, bao::GroupVerifier& verifier,
                                       Piece piece) {
  const auto need = static_cast<std::size_t>(verifier.tree().bytes(piece.node));
  // In steps, so that what comes in is seen as progress.
  for (std::size_t step = std::min(need, bao::kGroupBytes);;
       step = std::min(need, step + bao::kGroupBytes)) {
    const auto before = data_.buffered().size();
    CO_TRY(filled, co_await data_.fill(step, attempt.no_progress_limit, attempt.stop));
    if (filled < step) co_return fail(Code::peer_fault, "the file at the origin is too short");
    attempt.received(filled - before);
    if (step == need) break;
  }
  CO_TRY_OK(verify_subtree(attempt, verifier, piece.node, data_.buffered().first(need)));
  data_.consume(need);
  co_return Result<>{};
}

}  // namespace

std::string sidecar_url(const std::string& url) {
  const auto end = std::min(url.find_first_of("?#"), url.size());
  return url.substr(0, end) + ".obao4" + url.substr(end);
}

std::shared_ptr<Source> make_origin_source(rt::Env env, http::Client& client,
                                           store::BlobStore& store, std::string url,
                                           OriginOptions options) {
  return std::make_shared<OriginSource>(env, client, store, std::move(url), std::move(options));
}

}  // namespace archy::fetch
