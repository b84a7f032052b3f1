#include "sim/store_oracle.hpp"

#include <fmt/core.h>

#include "bao/decoder.hpp"
#include "bao/encoder.hpp"

namespace archy::sim {
namespace {

constexpr std::uint64_t kStep = 64u << 10;

// Compares what a reader gives for [begin, end) with the truth.
std::string compare_span(store::BlobReader& reader, const Truth& truth, std::uint64_t begin,
                         std::uint64_t end) {
  while (begin < end) {
    const std::uint64_t n = std::min(kStep, end - begin);
    auto got = reader.data(begin, n);
    if (!got)
      return fmt::format("bytes {}+{} cannot be read: {}", begin, n, to_string(got.error()));
    if (!equal(*got, ByteView(truth.bytes).subspan(begin, n))) {
      return fmt::format("bytes {}+{} are not the blob's", begin, n);
    }
    begin += n;
  }
  return {};
}

std::string compare_blob(store::BlobStore& store, const store::BlobInfo& info, const Truth& truth,
                         bool damaged) {
  const std::uint64_t size = truth.bytes.size();
  if ((info.complete || info.size_verified) && info.size != size) {
    return fmt::format("size {} called verified, the true one is {}", info.size, size);
  }
  if (info.complete && info.sha256 && *info.sha256 != truth.sha256) return "wrong SHA-256";
  if (damaged) return {};
  if (info.complete) {
    auto reader = store.reader(info.hash);
    if (!reader) return fmt::format("no reader: {}", to_string(reader.error()));
    return compare_span(**reader, truth, 0, size);
  }
  // As the next fetch would find it.
  auto partial = store.partial(info.hash);
  if (!partial) return fmt::format("no writer: {}", to_string(partial.error()));
  if ((*partial)->size_verified() && (*partial)->size() != size)
    return "a wrong size called verified";
  auto reader = (*partial)->reader();
  if (!reader) return fmt::format("no reader: {}", to_string(reader.error()));
  for (const auto& span : (info.have | (*partial)->have()).spans()) {
    const std::uint64_t begin = span.start * bao::kChunkBytes;
    const std::uint64_t end =
        span.end ? std::min<std::uint64_t>(*span.end * bao::kChunkBytes, size) : size;
    if ((*partial)->size() != size)
      continue;  // held under a size somebody claimed: proves itself or goes
    if (begin > size || (begin == size && size > 0))
      return fmt::format("claims chunk {} beyond its end", span.start);
    if (auto wrong = compare_span(**reader, truth, begin, end); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace

std::vector<std::string> compare_with_truth(store::BlobStore& store, const Truths& truths,
                                            bool damaged) {
  std::vector<std::string> wrong;
  auto blobs = store.list();
  if (!blobs) return {fmt::format("the store cannot be listed: {}", to_string(blobs.error()))};
  for (const store::BlobInfo& info : *blobs) {
    const auto truth = truths.find(info.hash);
    std::string what = truth == truths.end() ? "a blob that nobody made"
                                             : compare_blob(store, info, *truth->second, damaged);
    if (!what.empty()) wrong.push_back(fmt::format("{}: {}", info.hash.hex().substr(0, 8), what));
  }
  return wrong;
}

std::string check_exits(store::BlobStore& store, rt::Files& files, const Truth& truth,
                        const rt::Path& scratch) {
  (void)files.remove(scratch);
  auto exported = store.export_blob(truth.hash, scratch, store::ExportMode::copy, {}, {});
  if (exported) {
    auto file = files.open(scratch, rt::Open::read);
    if (!file) return "the exported file is not there";
    Bytes bytes(truth.bytes.size() + 1);
    auto n = (*file)->read_at(0, bytes);
    if (!n) return {};
    bytes.resize(*n);
    if (bytes != truth.bytes) return "the exported file is not the blob";
    (void)files.remove(scratch);
  } else if (files.kind(scratch)) {
    return fmt::format("a refused export left a file ({})", to_string(exported.error()));
  }
  auto reader = store.reader(truth.hash);
  if (!reader) return {};
  // As a peer would get it: whatever leaves must verify.
  const bao::ChunkRanges wanted = bao::ChunkRanges::all() & (*reader)->have();
  bao::Encoder encoder(truth.hash, (*reader)->size(), wanted, **reader);
  Bytes answer;
  while (!encoder.done()) {
    if (!encoder.step(answer)) break;
  }
  bao::Decoder decoder(truth.hash, wanted);
  ByteView rest = answer;
  while (!decoder.done() && rest.size() >= decoder.next_size()) {
    const std::size_t n = decoder.next_size();
    if (n == 0 && rest.empty() && !truth.bytes.empty()) break;
    auto event = decoder.step(rest.first(n));
    if (!event)
      return fmt::format("an answer on the wire does not verify: {}", to_string(event.error()));
    rest = rest.subspan(n);
  }
  return {};
}

}  // namespace archy::sim
