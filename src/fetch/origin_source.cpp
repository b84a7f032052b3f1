#include "fetch/origin_source.hpp"

#include <algorithm>

#include "bao/group_verifier.hpp"
#include "bao/outboard_verifier.hpp"
#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "fetch/quarantine.hpp"
#include "http/url.hpp"

namespace archy::fetch {
namespace {

// A subtree of which only the own hash is known is held in memory until it has come whole: 1 MiB
// while a sidecar may still bring its hashes, 8 MiB when none will.
constexpr std::uint64_t kSubtreeGroups = 64;
constexpr std::uint64_t kSubtreeGroupsWithoutSidecar = 512;
constexpr std::uint64_t kSubtreeGroupsMost = 1024;
constexpr std::uint64_t kBatchGroups = 16;
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
        options_(options),
        data_(client, url_, options),
        quarantine_(env, store),
        sidecar_(options.use_sidecar ? Sidecar::untried : Sidecar::absent) {}

  std::string name() const override { return "origin " + http::display_url(url_); }
  SourceKind kind() const override { return SourceKind::origin; }

  rt::Task<> fetch(Attempt& attempt) override {
    data_.count_skips_in(&attempt.received_bytes);
    auto outcome = co_await run(attempt);
    data_.count_skips_in(nullptr);
    data_.close();
    co_return outcome;
  }

 private:
  // What is known of the blob's size, and whether what is held was verified under the same.
  struct Sizes {
    std::optional<std::uint64_t> size;
    bool conflict = false;  // a peer claimed another size, and neither is proved
  };

  rt::Task<> run(Attempt& attempt);
  Result<Sizes> settle_size(const store::PartialBlob& target) const;
  rt::Task<> load_sidecar(Attempt& attempt, const Sizes& sizes);
  rt::Task<bool> read_sidecar(Attempt& attempt, std::uint64_t size, bool write);
  rt::Task<> fetch_verifiable(Attempt& attempt, Sizes& sizes, bool& left_over);
  rt::Task<> fetch_groups(Attempt& attempt, bao::GroupVerifier& verifier, std::uint64_t first,
                          std::uint64_t count);
  rt::Task<> fetch_subtree(Attempt& attempt, bao::GroupVerifier& verifier, bao::Node node);

  http::Client& client_;
  std::string url_;
  OriginOptions options_;
  OriginStream data_;
  Quarantine quarantine_;
  Sidecar sidecar_;
};

bool is_unknown(const Error& error) {
  return error.code == Code::not_found || error.code == Code::corrupt;
}

bao::ChunkRanges held_of(const store::PartialBlob& target, bool conflict) {
  return conflict ? bao::ChunkRanges() : target.have();
}

rt::Task<> OriginSource::run(Attempt& attempt) {
  auto& target = *attempt.target;
  // The first missing byte, so that one request is both the question for the size and the answer.
  const auto missing = bao::ChunkRanges::all() - target.have();
  const auto spans = missing.spans();
  auto first = spans.empty() ? 0 : spans.front().start * bao::kChunkBytes;
  if (target.size() && first >= *target.size()) first = 0;
  data_.seek(first, std::nullopt);
  CO_TRY_OK(co_await data_.open(attempt.no_progress_limit, attempt.stop));
  CO_TRY(sizes, settle_size(target));

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
  if (!attempt.may_quarantine) {
    attempt.needs_tree = true;
    co_return Result<>{};
  }
  Quarantine::Job job;
  job.size = sizes.size;
  job.min_free_bytes = options_.min_free_bytes;
  std::unique_ptr<store::BlobReader> reader;
  if (sizes.size && !sizes.conflict && !target.have().is_empty()) {
    CO_TRY_OK(target.flush());
    CO_TRY(opened, target.reader());
    reader = std::move(opened);
    job.held = target.have();
    job.reader = reader.get();
  }
  CO_TRY_OK(co_await quarantine_.collect(data_, std::move(job), attempt));
  attempt.whole_file = quarantine_.hand_over();
  co_return Result<>{};
}

Result<OriginSource::Sizes> OriginSource::settle_size(const store::PartialBlob& target) const {
  const auto announced = data_.total();
  if (target.size() && target.size_verified()) {
    if (announced && *announced != *target.size() &&
        !test_hooks::planted("origin_length_unchecked")) {
      return fail(Code::peer_fault, "the file at the origin has " + std::to_string(*announced) +
                                        " bytes, the blob has " + std::to_string(*target.size()));
    }
    return Sizes{target.size(), false};
  }
  return Sizes{announced, announced && target.size() && *target.size() != *announced};
}

// Reads the sidecar through once. False: it is not there or is not this blob's; the origin may
// still be honest. Errors: cancelled, the store's.
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
    auto filled = co_await stream.fill(kSidecarPieceBytes, patience, attempt.stop);
    if (!filled && attempt.stop.stop_requested()) co_return fail(filled.error());
    if (!filled || *filled == 0) co_return false;
    if (stream.total() && *stream.total() != verifier.expected_bytes()) co_return false;
    auto taken = verifier.update(stream.buffered(), sink);
    if (store_error) co_return fail(*store_error);
    if (!taken) {
      log::info("fetch", "sidecar of {} does not match: {}", name(), to_string(taken.error()));
      co_return false;
    }
    attempt.received_bytes += stream.buffered().size();
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
      ((chunks & attempt.wanted) - held_of(target, sizes.conflict)).rounded_to_groups() & chunks;
  const auto small = sidecar_ == Sidecar::untried ? kSubtreeGroups : kSubtreeGroupsWithoutSidecar;

  for (const auto& span : missing.spans()) {
    auto group = span.start / bao::kGroupChunks;
    const auto chunk_end = std::min(span.end.value_or(tree.chunks()), tree.chunks());
    const auto group_end = (chunk_end + bao::kGroupChunks - 1) / bao::kGroupChunks;
    const auto byte_end = chunk_end == tree.chunks() ? std::optional<std::uint64_t>()
                                                     : std::optional(chunk_end * bao::kChunkBytes);
    while (group < group_end) {
      std::uint64_t known = 0;
      while (known < kBatchGroups && group + known < group_end) {
        auto cv = verifier.expected_cv(tree.node_at(group + known, 1));
        if (!cv && !is_unknown(cv.error())) co_return fail(cv.error());
        if (!cv) break;
        ++known;
      }
      if (known > 0) {
        data_.seek(group * bao::kGroupBytes, byte_end);
        CO_TRY_OK(co_await fetch_groups(attempt, verifier, group, known));
        group += known;
        continue;
      }
      const auto node = tree.node_at(group, small);
      auto cv = verifier.expected_cv(node);
      if (!cv && !is_unknown(cv.error())) co_return fail(cv.error());
      // Nothing is held below a node whose pair is unknown, so its whole subtree is missing.
      if (cv && node.start / bao::kGroupChunks == group) {
        data_.seek(tree.begin(node), byte_end);
        CO_TRY_OK(co_await fetch_subtree(attempt, verifier, node));
        group = (node.start + node.chunks + bao::kGroupChunks - 1) / bao::kGroupChunks;
        continue;
      }
      left_over = true;
      const auto& skipped = cv ? node : tree.node_at(group, kSubtreeGroupsMost);
      const auto next = (skipped.start + skipped.chunks) / bao::kGroupChunks;
      group = std::max(group + 1, cv ? group + 1 : next);
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

rt::Task<> OriginSource::fetch_groups(Attempt& attempt, bao::GroupVerifier& verifier,
                                      std::uint64_t first, std::uint64_t count) {
  auto& target = *attempt.target;
  const auto& tree = verifier.tree();
  std::optional<std::uint64_t> bad;
  const bao::GroupVerifier::GroupSink sink = [&](std::uint64_t group,
                                                 const bao::VerifiedLeaf* leaf) -> Result<> {
    if (!leaf) {
      if (!bad) bad = group * bao::kGroupBytes;
      return {};
    }
    if (!target.size()) TRY_OK(target.claim_size(tree.size()));
    TRY_OK(target.write(*leaf));
    attempt.verified_bytes += leaf->bytes().size();
    return {};
  };
  const auto last = first + count;
  const auto end = std::min(last * bao::kGroupBytes, tree.size());
  for (auto group = first; group < last;) {
    const auto begin = group * bao::kGroupBytes;
    const auto one =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, bao::kGroupBytes));
    CO_TRY(filled, co_await data_.fill(one, attempt.no_progress_limit, attempt.stop));
    if (filled < one) co_return fail(Code::peer_fault, "the file at the origin is too short");
    // As many whole groups as are there already, the last one at its own length.
    std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(filled, end - begin));
    if (begin + take < end) take -= take % bao::kGroupBytes;
    CO_TRY_OK(verifier.check_groups(group, data_.buffered().first(take), sink));
    if (bad) co_return wrong_bytes(*bad);
    data_.consume(take);
    group += std::max<std::uint64_t>(1, (take + bao::kGroupBytes - 1) / bao::kGroupBytes);
  }
  co_return Result<>{};
}

rt::Task<> OriginSource::fetch_subtree(Attempt& attempt, bao::GroupVerifier& verifier,
                                       bao::Node node) {
  auto& target = *attempt.target;
  const auto& tree = verifier.tree();
  const auto need = static_cast<std::size_t>(tree.end(node) - tree.begin(node));
  // In steps, so that what comes in is seen as progress.
  for (std::size_t step = std::min(need, bao::kGroupBytes);;
       step = std::min(need, step + bao::kGroupBytes)) {
    const auto before = data_.buffered().size();
    CO_TRY(filled, co_await data_.fill(step, attempt.no_progress_limit, attempt.stop));
    if (filled < step) co_return fail(Code::peer_fault, "the file at the origin is too short");
    attempt.received_bytes += filled - before;
    if (step == need) break;
  }
  const bao::GroupVerifier::EventSink sink = [&](const bao::DecodeEvent& event) -> Result<> {
    if (target.size() != tree.size()) TRY_OK(target.claim_size(tree.size()));
    if (const auto* parent = std::get_if<bao::VerifiedParent>(&event)) return target.write(*parent);
    if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) {
      TRY_OK(target.write(*leaf));
      attempt.verified_bytes += leaf->bytes().size();
    }
    return {};
  };
  auto verified = verifier.verify_subtree(node, data_.buffered().first(need), sink);
  if (!verified && verified.error().code == Code::corrupt) co_return wrong_bytes(tree.begin(node));
  if (!verified) co_return fail(verified.error());
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
  return std::make_shared<OriginSource>(env, client, store, std::move(url), options);
}

}  // namespace archy::fetch
