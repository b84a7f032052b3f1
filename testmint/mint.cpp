#include "testmint/mint.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "base/hex.hpp"
#include "cashu/json.hpp"

namespace archy::testmint {
namespace {

constexpr std::size_t kCachedReplies = 1000;

bool is_repeated(std::string_view method, std::string_view path) {
  return method == "POST" &&
         (path == "/v1/swap" || path == "/v1/mint/bolt11" || path == "/v1/melt/bolt11");
}

Reply refused(const Refusal& refusal) {
  Json body{{"detail", refusal.detail}};
  if (refusal.code) body["code"] = *refusal.code;
  return {refusal.status, "application/json", body.dump()};
}

// What comes after `prefix` in a path, when it is there and of one part.
std::optional<std::string_view> rest_of(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix) || path.size() == prefix.size()) return std::nullopt;
  const auto rest = path.substr(prefix.size());
  if (rest.find('/') != std::string_view::npos) return std::nullopt;
  return rest;
}

}  // namespace

const Fault* Mint::Call::fault(FaultKind kind) const {
  const auto found = std::ranges::find(faults, kind, &Fault::kind);
  return found == faults.end() ? nullptr : &*found;
}

Mint::Mint(std::unique_ptr<Book> book, Lightning& lightning, rt::Random& random,
           MintOptions options)
    : book_(std::move(book)),
      lightning_(lightning),
      random_(random),
      options_(std::move(options)) {}
Mint::~Mint() = default;

Result<std::unique_ptr<Mint>> Mint::open(rt::Files& files, const rt::Path& path,
                                         Lightning& lightning, rt::Random& random,
                                         MintOptions options, const db::Options& db) {
  TRY(book, Book::open(files, path, db));
  std::unique_ptr<Mint> mint(new Mint(std::move(book), lightning, random, std::move(options)));
  TRY(transaction, mint->book_->begin());
  TRY(seed, mint->book_->seed());
  if (!seed) {
    Bytes fresh(32);
    random.fill(fresh);
    TRY_OK(mint->book_->put_seed(fresh));
  }
  TRY_OK(transaction.commit());
  TRY_OK(mint->load_keysets());
  if (mint->keysets_.empty()) TRY_OK(mint->rotate(mint->options_.keyset));
  return mint;
}

Result<> Mint::load_keysets() {
  TRY(seed, book_->seed());
  CHECK(seed.has_value());
  TRY(rows, book_->keysets());
  for (const KeysetRow& row : rows) {
    const auto known =
        std::ranges::find(keysets_, row.number, [](const Keyset& k) { return k.row.number; });
    if (known == keysets_.end()) {
      keysets_.push_back({row, SigningKeyset::make(*seed, row.number, row.plan)});
    } else {
      known->row = row;
    }
  }
  return {};
}

Result<> Mint::rotate(const KeysetPlan& plan) {
  TRY(transaction, book_->begin());
  TRY(rows, book_->keysets());
  for (KeysetRow& row : rows) {
    row.active = false;
    TRY_OK(book_->put(row));
  }
  TRY_OK(book_->put(KeysetRow{rows.size() + 1, plan, true, false}));
  TRY_OK(transaction.commit());
  return load_keysets();
}

Result<> Mint::expire_keysets() {
  const KeysetPlan plan = active_keyset().row.plan;
  TRY(transaction, book_->begin());
  TRY(rows, book_->keysets());
  for (KeysetRow& row : rows) {
    row.expired = true;
    TRY_OK(book_->put(row));
  }
  TRY_OK(rotate(plan));
  TRY_OK(transaction.commit());
  return {};
}

const Mint::Keyset* Mint::find(const cashu::KeysetId& id) const {
  const auto found =
      std::ranges::find_if(keysets_, [&](const Keyset& k) { return k.signing.id() == id; });
  return found == keysets_.end() ? nullptr : &*found;
}

const Mint::Keyset& Mint::active_keyset() const {
  const auto found = std::ranges::find_if(keysets_, [](const Keyset& k) { return k.row.active; });
  CHECK(found != keysets_.end());
  return *found;
}

const SigningKeyset& Mint::active() const { return active_keyset().signing; }

cashu::Keysets Mint::public_keysets() const {
  cashu::Keysets out;
  for (const Keyset& each : keysets_) CHECK(out.add(each.signing.keyset()).has_value());
  return out;
}

bool Mint::is_expired(const Keyset& keyset, std::uint64_t now_s) const {
  return keyset.row.expired ||
         (keyset.row.plan.final_expiry && now_s >= *keyset.row.plan.final_expiry);
}

std::string Mint::new_id() {
  std::array<std::uint8_t, 16> bytes{};
  random_.fill(bytes);
  return to_hex(bytes);
}

// The faults that change the mint itself.
Result<> Mint::prepare(const Call& call) {
  for (const Fault& fault : call.faults) {
    std::string quote;
    for (const auto* prefix : {"/v1/mint/quote/bolt11/", "/v1/melt/quote/bolt11/"}) {
      if (const auto id = rest_of(call.path, prefix)) quote = *id;
    }
    if (call.body.is_object() && call.body.contains("quote") && call.body["quote"].is_string())
      quote = call.body["quote"].get<std::string>();
    switch (fault.kind) {
      case FaultKind::rotate_keyset:
        TRY_OK(rotate(active_keyset().row.plan));
        break;
      case FaultKind::expire_keyset:
        TRY_OK(expire_keysets());
        break;
      case FaultKind::expire_quote:
        TRY_OK(book_->expire_quote(quote, call.now_s() - 1));
        break;
      case FaultKind::forget_quote:
        TRY_OK(book_->forget_quote(quote));
        break;
      case FaultKind::restart:
        restart();
        break;
      case FaultKind::clock_offset:
        set_clock_offset(fault.ms);
        break;
      default:
        break;
    }
  }
  return {};
}

Reply Mint::handle(std::string_view method, std::string_view path, std::string_view body,
                   std::int64_t now_ms, std::span<const Fault> faults) {
  Json parsed;
  if (method == "POST") {
    auto json = cashu::read_json(body);
    if (!json || !json->is_object()) return refused({422, "the body is no JSON object"});
    parsed = std::move(*json);
  }
  if (auto ready = prepare({path, parsed, now_ms + clock_offset_ms_, faults}); !ready)
    return refused(ready.error());
  const Call call{path, parsed, now_ms + clock_offset_ms_, faults};
  if (auto settled = settle_due(call.now_ms); !settled) return refused(settled.error());
  if (const Fault* refusal = call.fault(FaultKind::refuse))
    return refused({refusal->code, "refused by a script"});

  const std::string key = std::string(method) + " " + std::string(path) + "\n" + std::string(body);
  Json answer;
  if (const Reply* before = is_repeated(method, path) ? cached(key, call.now_ms) : nullptr) {
    answer = Json::parse(before->body);
  } else {
    auto made = route(method, call);
    if (!made) return refused(made.error());
    answer = std::move(*made);
    if (is_repeated(method, path)) remember(key, call.now_ms, {200, "", answer.dump()});
  }
  distort(answer, faults);
  return {200, "application/json", answer.dump()};
}

Answer<Json> Mint::route(std::string_view method, const Call& call) {
  const std::string_view path = call.path;
  if (method == "GET") {
    if (path == "/v1/info") return info(call);
    if (path == "/v1/keys") return keys({});
    if (path == "/v1/keysets") return keysets(call);
    if (const auto id = rest_of(path, "/v1/keys/")) return keys(*id);
    if (const auto id = rest_of(path, "/v1/mint/quote/bolt11/")) {
      TRY(quote, mint_quote(*id, call));
      return shown(quote);
    }
    if (const auto id = rest_of(path, "/v1/melt/quote/bolt11/")) {
      TRY(quote, melt_quote(*id));
      return shown(quote);
    }
  } else if (method == "POST") {
    if (path == "/v1/swap") return swap(call);
    if (path == "/v1/mint/quote/bolt11") return new_mint_quote(call);
    if (path == "/v1/mint/bolt11") return issue(call);
    if (path == "/v1/melt/quote/bolt11") return new_melt_quote(call);
    if (path == "/v1/melt/bolt11") return melt(call);
    if (path == "/v1/checkstate" && has(7)) return check_state(call);
    if (path == "/v1/restore" && has(9)) return restore(call);
  }
  return fail(Refusal(404, "Not Found"));
}

const Reply* Mint::cached(const std::string& key, std::int64_t now_ms) {
  if (!has(19)) return nullptr;
  const auto found = std::ranges::find(cache_, key, &Cached::key);
  if (found == cache_.end()) return nullptr;
  if (options_.cache_ttl_s &&
      now_ms - found->at_ms > static_cast<std::int64_t>(*options_.cache_ttl_s) * 1000)
    return nullptr;
  return &found->reply;
}

void Mint::remember(std::string key, std::int64_t now_ms, const Reply& reply) {
  std::erase_if(cache_, [&](const Cached& each) { return each.key == key; });
  cache_.push_back({std::move(key), now_ms, reply});
  if (cache_.size() > kCachedReplies) cache_.pop_front();
}

}  // namespace archy::testmint
