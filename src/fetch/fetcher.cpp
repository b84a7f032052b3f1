#include "fetch/fetcher.hpp"

#include "fetch/engine.hpp"

namespace archy::fetch {

boost::asio::awaitable<FetchReport> fetch_content_addressed(
    rt::Env env, store::BlobStore& store, Blake3Hash hash,
    std::vector<std::shared_ptr<Source>> peers, std::vector<std::shared_ptr<Source>> origins,
    FetchOptions options) {
  std::vector<std::shared_ptr<Source>> sources = std::move(peers);
  for (auto& origin : origins) sources.push_back(std::move(origin));
  Engine engine(env, store, hash, std::move(sources), std::move(options));
  auto report = co_await engine.run();
  co_return report;
}

}  // namespace archy::fetch
