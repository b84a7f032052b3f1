#include "fetch/origin_stream.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "base/test_hooks.hpp"
#include "fetch/s3_error.hpp"
#include "http/content_range.hpp"

namespace archy::fetch {
namespace {

// Resumptions a stream is good for: a few, and one more for each megabyte that came.
constexpr std::uint64_t kFreeResumptions = 4;
constexpr std::uint64_t kBytesPerResumption = 1u << 20;

Error refused(int status) {
  auto text = "origin answers " + std::to_string(status);
  if (status == 404 || status == 410) return {Code::not_found, std::move(text)};
  if (status == 408 || status == 425 || status == 429 || status >= 500) {
    return {Code::try_later, std::move(text)};
  }
  return {status >= 300 ? Code::denied : Code::peer_fault, std::move(text)};
}

bool is_strong(const std::string& etag) {
  return etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
}

}  // namespace

void OriginStream::seek(std::uint64_t offset, std::optional<std::uint64_t> end) {
  const bool within = offset >= position_ && offset <= end_of_buffer();
  const bool same_request = response_ && within && (!end_ || (end && *end <= *end_));
  if (within) {
    consume(static_cast<std::size_t>(offset - position_));
  } else {
    buffer_.clear();
    front_ = 0;
    position_ = offset;
  }
  if (!same_request) {
    response_.reset();
    end_ = end;
    ended_ = false;
  }
}

bool OriginStream::reached_end() const {
  const auto at = end_of_buffer();
  return ended_ || (end_ && at >= *end_) || (total_ && at >= *total_);
}

void OriginStream::consume(std::size_t n) {
  CHECK(n <= buffered().size());
  front_ += n;
  position_ += n;
  if (front_ == buffer_.size()) {
    buffer_.clear();
    front_ = 0;
  } else if (front_ >= (1u << 20)) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(front_));
    front_ = 0;
  }
}

Result<> OriginStream::check_identity(const http::ResponseHead& head,
                                      std::optional<std::uint64_t> total) {
  const auto etag = head.header("etag");
  const bool same_tag = !etag_ || !etag || *etag == *etag_;
  const bool same_total = !total_ || !total || *total == *total_;
  if (same_tag && same_total) {
    if (etag) etag_ = etag;
    if (total) total_ = total;
    return {};
  }
  ++generation_;
  etag_.reset();
  total_.reset();
  return fail(Code::try_later, "the file at the origin changed while it was fetched");
}

Result<> OriginStream::accept_head(const http::ResponseHead& head, std::uint64_t offset) {
  if (head.status == 416) {
    // Resumed exactly at the end of a resource that never told its length.
    const auto text = head.header("content-range");
    const auto range = http::parse_content_range(text.value_or(""));
    if (range && !range->span && range->total == offset && offset > 0) {
      ended_ = true;
      return check_identity(head, range->total);
    }
    return fail(Code::peer_fault, "origin has no bytes from " + std::to_string(offset) + " on");
  }
  if (head.status != 200 && head.status != 206) return fail(refused(head.status));
  std::optional<std::uint64_t> total;
  to_skip_ = 0;
  if (head.status == 200) {
    if (const auto length = head.header("content-length")) {
      TRY(parsed, http::parse_content_length(*length));
      total = parsed;
    }
    to_skip_ = offset;  // the server ignores Range
  } else {
    const auto text = head.header("content-range");
    if (!text) return fail(Code::peer_fault, "partial answer without a Content-Range");
    TRY(range, http::parse_content_range(*text));
    if (!range.span || range.span->first != offset) {
      return fail(Code::peer_fault, "Content-Range is not what was asked for");
    }
    total = range.total;
  }
  if (total && *total > std::min(options_.max_bytes, limits::kBlobBytes)) {
    return fail(Code::denied, "the file at the origin is larger than allowed");
  }
  TRY_OK(check_identity(head, total));
  if (total_ && offset > *total_) {
    return fail(Code::peer_fault, "origin has only " + std::to_string(*total_) + " bytes");
  }
  return {};
}

// S3 says in the body why it refuses; nobody else's body is read. Errors: cancelled.
rt::Task<Error> OriginStream::refusal(http::Response& response) {
  Error out = refused(response.head().status);
  const auto type = response.head().header("content-type").value_or("");
  if (type.find("xml") == std::string::npos) co_return out;
  Bytes body;
  while (body.size() < kS3ErrorBytes) {
    auto piece = co_await response.read();
    if (!piece && piece.error().code == Code::cancelled) co_return fail(piece.error());
    if (!piece || piece->empty()) break;
    append(body, *piece);
  }
  if (const auto error = parse_s3_error(as_text(body))) {
    out.detail += ": " + describe(*error);
    out.code = outcome_of(*error).value_or(out.code);
  }
  co_return out;
}

rt::Task<> OriginStream::open(rt::Duration patience, std::stop_token stop) {
  if (response_ || reached_end()) co_return Result<>{};
  const auto offset = end_of_buffer();
  http::Request request;
  request.url = url_;
  request.max_redirects = options_.max_redirects;
  request.allow_private = options_.allow_private;
  request.signature = options_.signature;
  request.allow_private_redirects = options_.allow_private_redirects;
  request.no_progress_timeout = patience;
  request.connect_timeout = std::min<rt::Duration>(patience, request.connect_timeout);
  if (offset > 0 || end_) {
    request.range = http::Request::Range{offset, std::nullopt};
    if (end_) request.range->last = *end_ - 1;
    if (etag_ && is_strong(*etag_)) request.headers.emplace_back("If-Range", *etag_);
  }
  CO_TRY(response, co_await client_.send(std::move(request), stop));
  if (response->head().status >= 300 && response->head().status != 416) {
    CO_TRY(why, co_await refusal(*response));
    co_return fail(why);
  }
  CO_TRY_OK(accept_head(response->head(), offset));
  if (ended_) co_return Result<>{};
  response_ = std::move(response);
  useful_at_open_ = useful_;
  co_return Result<>{};
}

bool OriginStream::may_resume() {
  response_.reset();
  if (useful_ == useful_at_open_) return false;  // not a byte since: back off first
  ++resumed_;
  return resumed_ <= kFreeResumptions + useful_ / kBytesPerResumption;
}

rt::Task<std::size_t> OriginStream::fill(std::size_t n, rt::Duration patience,
                                         std::stop_token stop) {
  while (buffered().size() < n && !reached_end()) {
    CO_TRY_OK(co_await open(patience, stop));
    if (reached_end()) break;
    auto piece = co_await response_->read();
    if (!piece && piece.error().code == Code::unreachable &&
        test_hooks::planted("origin_length_unchecked")) {
      piece = ByteView{};
    }
    if (!piece) {
      const auto code = piece.error().code;
      if (code != Code::unreachable && code != Code::timed_out) {
        response_.reset();
        co_return fail(piece.error());
      }
      if (!may_resume()) co_return fail(piece.error());
      continue;
    }
    if (piece->empty()) {
      const bool complete = !total_ || end_of_buffer() >= *total_;
      if (complete || test_hooks::planted("origin_length_unchecked")) {
        response_.reset();
        ended_ = true;
        break;
      }
      if (reached_end()) break;
      if (!may_resume()) co_return fail(Code::unreachable, "origin sent less than it announced");
      continue;
    }
    const auto skip = static_cast<std::size_t>(std::min<std::uint64_t>(to_skip_, piece->size()));
    to_skip_ -= skip;
    if (skip > 0 && on_skip_) on_skip_(skip);
    auto useful = piece->subspan(skip);
    // A server that ignores the end of a range goes on sending: what nobody wanted is cut off.
    if (end_) {
      const auto room = *end_ - end_of_buffer();
      useful = useful.first(static_cast<std::size_t>(std::min<std::uint64_t>(room, useful.size())));
    }
    append(buffer_, useful);
    useful_ += useful.size();
    if (end_of_buffer() > options_.max_bytes) {
      response_.reset();
      co_return fail(Code::denied, "origin sends more than is allowed");
    }
  }
  co_return buffered().size();
}

}  // namespace archy::fetch
