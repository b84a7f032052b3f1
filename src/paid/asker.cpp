#include "paid/asker.hpp"

namespace archy::paid {
namespace {

constexpr FrameLimits kQuestion{std::chrono::seconds(5), std::chrono::seconds(10)};
// The seller's mint has to sign first.
constexpr FrameLimits kPayment{std::chrono::seconds(30), std::chrono::seconds(30)};

}  // namespace

rt::Task<std::shared_ptr<quic::Connection>> Asker::connection(std::stop_token stop) {
  if (connection_ && !connection_->closed()) co_return connection_;
  connection_.reset();
  if (peer_.addresses.empty()) co_return fail(Code::unreachable, "no address known");
  std::vector<rt::Address> addresses = peer_.addresses;
  auto dialled = co_await endpoint_.connect(peer_.id, std::move(addresses), std::string(kAlpn),
                                            std::move(stop));
  if (!dialled && dialled.error().code == Code::cancelled) co_return fail(dialled.error());
  if (!dialled) co_return fail(Code::unreachable, dialled.error().detail);
  connection_ = *dialled;
  co_return connection_;
}

rt::Task<PaidAnswer> Asker::ask(PaidRequest request, std::stop_token stop) {
  CO_TRY(live, co_await connection(stop));
  auto opened = co_await live->open_bi();
  if (!opened) co_return fail(Code::unreachable, opened.error().detail);
  const std::shared_ptr<quic::Stream> stream = *opened;
  const FrameLimits limits = request.token ? kPayment : kQuestion;
  Secret<std::string> json = to_json(request);
  CO_TRY_OK(co_await write_frame(*stream, std::move(json)));
  CO_TRY(frame, co_await read_frame(clock_, *stream, limits, std::move(stop)));
  auto answer = parse_answer(frame.reveal());
  if (!answer) co_return fail(Code::peer_fault, answer.error().detail);
  co_return std::move(*answer);
}

}  // namespace archy::paid
