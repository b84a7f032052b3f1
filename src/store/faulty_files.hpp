// A disk that fails on cue: the n-th call that changes something gives an error, and so may all
// after it. For tests only.
#pragma once

#include <utility>

#include "rt/files.hpp"

namespace archy::store {

class FaultyFiles final : public rt::Files {
 public:
  explicit FaultyFiles(rt::Files& inner) : inner_(inner) {}

  // Calls are counted from now on; number `nth` (from 1) fails with `code`. `sticky`: all later
  // ones too.
  void arm(std::uint64_t nth, Code code, bool sticky) {
    calls_ = 0;
    nth_ = nth;
    code_ = code;
    sticky_ = sticky;
  }
  void disarm() { nth_ = 0; }
  // Of all files, since the last call. Written: in single pieces.
  std::uint64_t take_read_bytes() { return std::exchange(read_bytes_, 0); }
  std::uint64_t take_written_bytes() { return std::exchange(written_bytes_, 0); }
  // Whether the armed call came.
  bool fired() const { return nth_ != 0 && calls_ >= nth_; }

  Result<std::unique_ptr<rt::File>> open(const rt::Path& path, rt::Open mode) override {
    if (mode == rt::Open::create || mode == rt::Open::create_new) TRY_OK(step());
    TRY(file, inner_.open(path, mode));
    return std::unique_ptr<rt::File>(std::make_unique<FaultyFile>(*this, std::move(file)));
  }
  Result<> make_directories(const rt::Path& path) override {
    return step_then([&] { return inner_.make_directories(path); });
  }
  Result<> rename(const rt::Path& from, const rt::Path& to) override {
    return step_then([&] { return inner_.rename(from, to); });
  }
  Result<> remove(const rt::Path& path) override { return inner_.remove(path); }
  Result<> sync_directory(const rt::Path& path) override {
    return step_then([&] { return inner_.sync_directory(path); });
  }
  Result<std::vector<rt::DirEntry>> list(const rt::Path& path) override {
    return inner_.list(path);
  }
  Result<rt::FileKind> kind(const rt::Path& path) override { return inner_.kind(path); }
  Result<> clone(const rt::Path& from, const rt::Path& to) override {
    return step_then([&] { return inner_.clone(from, to); });
  }
  Result<rt::DiskSpace> disk_space(const rt::Path& path) override {
    return inner_.disk_space(path);
  }
  Result<std::shared_ptr<void>> lock(const rt::Path& path) override { return inner_.lock(path); }

 private:
  class FaultyFile final : public rt::File {
   public:
    FaultyFile(FaultyFiles& owner, std::unique_ptr<rt::File> inner)
        : owner_(owner), inner_(std::move(inner)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
      auto got = inner_->read_at(offset, out);
      owner_.read_bytes_ += got.value_or(0);
      return got;
    }
    Result<> write_at(std::uint64_t offset, ByteView bytes) override {
      owner_.written_bytes_ += bytes.size();
      return owner_.step_then([&] { return inner_->write_at(offset, bytes); });
    }
    Result<> write_at(std::uint64_t offset, std::span<const ByteView> pieces) override {
      return owner_.step_then([&] { return inner_->write_at(offset, pieces); });
    }
    Result<> sync() override {
      return owner_.step_then([&] { return inner_->sync(); });
    }
    Result<> resize(std::uint64_t size) override {
      return owner_.step_then([&] { return inner_->resize(size); });
    }
    Result<rt::FileStamp> stamp() override { return inner_->stamp(); }
    Result<> give_user_mode() override {
      return owner_.step_then([&] { return inner_->give_user_mode(); });
    }
    Result<std::optional<std::uint64_t>> next_data(std::uint64_t offset) override {
      return inner_->next_data(offset);
    }

   private:
    FaultyFiles& owner_;
    std::unique_ptr<rt::File> inner_;
  };

  Result<> step() {
    ++calls_;
    const bool now = nth_ != 0 && (calls_ == nth_ || (sticky_ && calls_ > nth_));
    if (now) return fail(code_, "made to fail");
    return {};
  }
  Result<> step_then(const auto& call) {
    TRY_OK(step());
    return call();
  }

  rt::Files& inner_;
  std::uint64_t read_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t nth_ = 0;
  Code code_ = Code::io;
  bool sticky_ = false;
};

}  // namespace archy::store
