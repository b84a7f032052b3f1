// H2, H4: the store's own import pass over one file, BLAKE3 and outboard only, as one process to be
// timed from outside:
//   import_bench FILE OUTBOARD [--copy COPY] [--sha256]
// Reads FILE, writes a real outboard file, with --copy a copy too (both made durable). The
// product's import always computes SHA-256 as well, which costs three times as much as all the
// rest: without
// --sha256 this shows the part that the bars of H2 and H4 are about. Prints {"blake3": ...}.
// bench/run.py compares with b3sum in the same run. Expected: 0.24 CPU seconds a GiB, 0.82 of b3sum
// on one thread.
#include <fmt/core.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "bench/bench_main.hpp"
#include "rt/posix/posix_files.hpp"
#include "store/content_pass.hpp"
#include "store/outboard_file.hpp"

namespace {

using namespace archy;

struct Options {
  rt::Path file;
  rt::Path outboard;
  rt::Path copy;  // empty: none
  bool sha256 = false;
};

Result<Options> parse(int argc, char** argv) {
  Options options;
  if (argc < 3) return fail(Code::bad_input, "import_bench FILE OUTBOARD [--copy COPY] [--sha256]");
  options.file = argv[1];
  options.outboard = argv[2];
  for (int i = 3; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--sha256") {
      options.sha256 = true;
    } else if (word == "--copy" && i + 1 < argc) {
      options.copy = argv[++i];
    } else {
      return fail(Code::bad_input, fmt::format("what is {}?", word));
    }
  }
  return options;
}

Result<store::Imported> import(const Options& options) {
  rt::PosixFiles files;
  TRY(source, files.open(options.file, rt::Open::read));
  TRY(stamp, source->stamp());
  TRY(outboard, files.open(options.outboard, rt::Open::create));
  std::unique_ptr<rt::File> copy;
  if (!options.copy.empty()) {
    TRY(opened, files.open(options.copy, rt::Open::create));
    copy = std::move(opened);
  }
  store::ContentPass pass(stamp.size, store::write_pairs(*outboard),
                          {.sha256 = options.sha256, .helper_thread = options.sha256});
  store::PassOver how;
  how.size = stamp.size;
  how.copy_to = copy.get();
  TRY(imported, store::pass_over(*source, pass, how));
  TRY_OK(outboard->sync());
  if (copy) TRY_OK(copy->sync());
  return imported;
}

Result<> run(const Options& options) {
  TRY(imported, import(options));
  fmt::print("{{\"blake3\": \"{}\", \"size_bytes\": {}}}\n", imported.hash.hex(), imported.size);
  return {};
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }
