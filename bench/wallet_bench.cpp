// W1 to W3: what the wallet itself costs, without mints and without waiting for the disk. CPU time
// of the process, one JSON object a call:
//   wallet_bench receive ROUNDS [v1]    a token of 64 proofs, and the bare libsecp256k1 calls of it
//   wallet_bench token                  the same token with its answer, for another wallet
//   wallet_bench put FOLDER COUNT RUNS  COUNT proofs into a new wallet.db in one transaction
//   wallet_bench select FOLDER COUNT    balance and selection in a book of COUNT proofs
// Expected of a receive, from libsecp256k1 0.2's single calls (multiplication 35 us, tweak_add 22,
// parse 6, sum 3): 205 us an input and 215 us an output, so 27 ms of curve for 64; hashes, CBOR,
// JSON and hex 5 % on top. A proof into the book: a row, three indexes and a count, 12 to 15 us.
// Balance and selection read a row for each keyset and amount, whatever the number of proofs: 50
// us.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <secp256k1.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/check.hpp"
#include "base/hex.hpp"
#include "bench/bench_main.hpp"
#include "cashu/dhke.hpp"
#include "cashu/mint_answers.hpp"
#include "crypto/sha256.hpp"
#include "rt/real_env.hpp"
#include "wallet/bodies.hpp"
#include "wallet/mints.hpp"
#include "wallet/receive_flow.hpp"
#include "wallet/selection.hpp"

namespace {

using namespace archy;
using cashu::Amount;
using crypto::Point;
using crypto::Scalar;

// 64 proofs in and 64 out: one of each smaller amount, the rest of the largest, as a sum above what
// the keyset has is split.
constexpr unsigned kKeys = 27;
constexpr std::size_t kReceived = 64;
constexpr const char* kUrl = "https://mint.example";

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double cpu_of(const std::function<void()>& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// --- a mint's side -------------------------------------------------------------------------------

struct Signer {
  std::map<Amount, Scalar> secrets;
  std::optional<cashu::Keyset> keyset;
  cashu::Keysets keysets;

  explicit Signer(cashu::KeysetId::Version version = cashu::KeysetId::Version::v2) {
    cashu::KeyByAmount keys;
    for (unsigned bit = 0; bit < kKeys; ++bit) {
      const auto secret = Scalar::parse(crypto::sha256(as_bytes(std::to_string(bit))).bytes);
      secrets.emplace(Amount(std::uint64_t{1} << bit), secret.value());
      keys.emplace(Amount(std::uint64_t{1} << bit), Point::of(*secret));
    }
    const cashu::KeysetTerms terms{"sat"};
    const auto id = version == cashu::KeysetId::Version::v1 ? cashu::keyset_id_v1(keys)
                                                            : cashu::keyset_id_v2(keys, terms);
    keyset = cashu::Keyset::make(id, terms, std::move(keys)).value();
    CHECK(keysets.add(*keyset));
  }
  cashu::BlindSignature sign(const cashu::BlindedMessage& message) const {
    const Scalar& key = secrets.at(message.amount);
    const Point c = cashu::sign_blinded(key, message.b);
    return {message.amount, keyset->id(), c, cashu::prove_dleq(key, message.b, c)};
  }
};

struct Issued {
  std::vector<cashu::PreparedOutput> outputs;
  std::vector<cashu::BlindSignature> signatures;
};

Result<Issued> issue(const Signer& mint, cashu::Derivation& derivation,
                     std::span<const Amount> amounts) {
  Issued out;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    TRY(factors, derivation.derive(mint.keyset->id(), i));
    TRY(output, cashu::prepare_output(amounts[i], mint.keyset->id(), std::move(factors)));
    out.signatures.push_back(mint.sign(output.message));
    out.outputs.push_back(std::move(output));
  }
  return out;
}

// --- W1 ------------------------------------------------------------------------------------------

// Somebody's token, and what the mint answers to our swap of it.
struct Received {
  Signer mint;
  crypto::Bip39Seed seed{{1}};
  cashu::Derivation derivation{seed};
  wallet::WalletKeys keys{seed};
  std::vector<cashu::Proof> inputs;
  Issued outputs;
  std::string token;
  std::string answer;

  explicit Received(cashu::KeysetId::Version version) : mint(version) {}
};

std::string answer_of(std::span<const cashu::BlindSignature> signatures, bool quoted) {
  std::string out;
  for (const cashu::BlindSignature& each : signatures) {
    const auto amount = std::to_string(each.amount.value());
    out +=
        fmt::format(R"({}{{"amount":{},"id":"{}","C_":"{}","dleq":{{"e":"{}","s":"{}"}}}})",
                    out.empty() ? "" : ",", quoted ? '"' + amount + '"' : amount,
                    each.keyset.text(), each.c.hex(), to_hex(each.dleq->e), to_hex(each.dleq->s));
  }
  return fmt::format(R"({{"signatures":[{}]}})", out);
}

Result<std::unique_ptr<Received>> make_received(cashu::KeysetId::Version version) {
  auto out = std::make_unique<Received>(version);
  std::vector<Amount> amounts;
  for (const auto& [amount, key] : out->mint.keyset->keys()) amounts.push_back(amount);
  amounts.resize(kReceived, amounts.back());
  cashu::Derivation sender(crypto::Bip39Seed({2}));
  TRY(sent, issue(out->mint, sender, amounts));
  TRY(proofs, cashu::accept_signatures(sent.outputs, sent.signatures, out->mint.keysets,
                                       cashu::DleqRule::required));
  for (const cashu::CheckedProof& proof : proofs) out->inputs.push_back(proof.proof());
  TRY(text, cashu::to_string(cashu::Token{kUrl, "sat", {}, out->inputs}));
  out->token = text.reveal();
  TRY(issued, issue(out->mint, out->derivation, amounts));
  out->outputs = std::move(issued);
  out->answer = answer_of(out->outputs.signatures, false);
  return out;
}

// What Wallet::receive() computes between the disk and the mint, in its order.
Result<> receive(Received& given) {
  TRY(token, cashu::parse_token(given.token));
  const auto digest = wallet::digest_of(token.proofs);
  TRY(checked, cashu::check_proofs(token.proofs, given.mint.keysets, cashu::DleqRule::required));
  TRY(value, cashu::value_of(token));
  TRY(kept, cashu::to_string(token));
  // The swap's inputs are those of the token that the book keeps, with full ids.
  TRY(again, cashu::parse_token(kept.reveal()));
  for (cashu::Proof& proof : again.proofs) {
    TRY(id, given.mint.keysets.expand(proof.keyset));
    proof.keyset = id;
  }
  TRY(amounts, wallet::split_for(*given.mint.keyset, value));
  std::vector<cashu::PreparedOutput> outputs;
  std::vector<cashu::BlindedMessage> messages;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    TRY(factors, given.derivation.derive(given.mint.keyset->id(), i));
    TRY(output, cashu::prepare_output(amounts[i], given.mint.keyset->id(), std::move(factors)));
    messages.push_back(output.message);
    outputs.push_back(std::move(output));
  }
  TRY_OK(wallet::unlock(given.keys, again.proofs, messages, 0));
  const auto body = cashu::swap_body(again.proofs, messages);
  const auto body_digest = crypto::sha256(as_bytes(body.reveal()));
  TRY(signatures, cashu::parse_signatures(given.answer));
  TRY(proofs,
      cashu::accept_signatures(outputs, signatures, given.mint.keysets, cashu::DleqRule::required));
  CHECK(checked.size() == kReceived && proofs.size() == kReceived &&
        kept.reveal().size() == given.token.size());
  CHECK(digest != body_digest);
  return {};
}

// The calls of libsecp256k1 that such a receive cannot do without, with nothing around them: for
// each input and output its points parsed, the attempts of hash-to-curve, the blinded message, the
// blind signature or the unblinded one, and the DLEQ's four multiplications.
class Bare {
 public:
  explicit Bare(const Received& given) : legacy_paths_(is_v1(given)) {
    std::array<std::uint8_t, 32> seed;
    for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
    CHECK(secp256k1_context_randomize(context_, seed.data()) == 1);
    for (const cashu::Proof& proof : given.inputs)
      sides_.push_back(side(*given.mint.keyset->key_for(proof.amount), proof.secret, proof.dleq->r,
                            proof.c, proof.dleq->dleq));
    for (std::size_t i = 0; i < given.outputs.outputs.size(); ++i) {
      const auto& output = given.outputs.outputs[i];
      const auto& signature = given.outputs.signatures[i];
      sides_.push_back(side(*given.mint.keyset->key_for(signature.amount), output.factors.secret,
                            output.factors.r, signature.c, *signature.dleq));
    }
  }
  ~Bare() { secp256k1_context_destroy(context_); }
  Bare(const Bare&) = delete;

  void run() const {
    for (std::size_t i = 0; i < sides_.size(); ++i)
      i < sides_.size() / 2 ? input(sides_[i]) : output(sides_[i]);
  }

 private:
  using Raw = std::array<std::uint8_t, 32>;
  struct Side {
    secp256k1_pubkey key;
    secp256k1_pubkey y;
    std::vector<crypto::CompressedPoint> attempts;  // the last one is Y
    crypto::CompressedPoint c;
    Raw r, e, s;
  };

  static bool is_v1(const Received& given) {
    return given.mint.keyset->id().version() == cashu::KeysetId::Version::v1;
  }
  secp256k1_pubkey parsed(const crypto::CompressedPoint& bytes) const {
    secp256k1_pubkey out;
    CHECK(secp256k1_ec_pubkey_parse(context_, &out, bytes.data(), bytes.size()) == 1);
    return out;
  }
  Side side(const Point& key, const cashu::ProofSecret& secret, const Scalar& r, const Point& c,
            const cashu::Dleq& dleq) const {
    Side out{parsed(key.compressed()), {}, {}, c.compressed(), r.reveal(), dleq.e, dleq.s};
    // NUT-00's hash_to_curve once more.
    const auto message = crypto::sha256(as_bytes("Secp256k1_HashToCurve_Cashu_" + secret.reveal()));
    const auto y = cashu::hash_to_curve(as_bytes(secret.reveal())).compressed();
    for (std::uint8_t counter = 0; out.attempts.empty() || out.attempts.back() != y; ++counter) {
      Bytes input(message.bytes.begin(), message.bytes.end());
      input.insert(input.end(), {counter, 0, 0, 0});
      crypto::CompressedPoint attempt{2};
      std::ranges::copy(crypto::sha256(input).bytes, attempt.begin() + 1);
      out.attempts.push_back(attempt);
    }
    out.y = parsed(y);
    return out;
  }

  secp256k1_pubkey hashed(const Side& side) const {
    secp256k1_pubkey out;
    bool found = false;
    for (const auto& attempt : side.attempts)
      found = secp256k1_ec_pubkey_parse(context_, &out, attempt.data(), attempt.size()) == 1;
    CHECK(found);
    return out;
  }
  secp256k1_pubkey times(secp256k1_pubkey point, const Raw& k) const {
    CHECK(secp256k1_ec_pubkey_tweak_mul(context_, &point, k.data()) == 1);
    return point;
  }
  secp256k1_pubkey plus_base(secp256k1_pubkey point, const Raw& k) const {
    CHECK(secp256k1_ec_pubkey_tweak_add(context_, &point, k.data()) == 1);
    return point;
  }
  secp256k1_pubkey plus(const secp256k1_pubkey& a, const secp256k1_pubkey& b) const {
    const std::array<const secp256k1_pubkey*, 2> terms = {&a, &b};
    secp256k1_pubkey out;
    CHECK(secp256k1_ec_pubkey_combine(context_, &out, terms.data(), terms.size()) == 1);
    return out;
  }
  Raw negated(Raw k) const {
    CHECK(secp256k1_ec_seckey_negate(context_, k.data()) == 1);
    return k;
  }
  void serialize(const secp256k1_pubkey& point, unsigned flags) const {
    std::array<std::uint8_t, 65> out;
    std::size_t size = flags == SECP256K1_EC_COMPRESSED ? 33 : 65;
    CHECK(secp256k1_ec_pubkey_serialize(context_, out.data(), &size, &point, flags) == 1);
  }
  void check_dleq(const Side& side, const secp256k1_pubkey& b, const secp256k1_pubkey& c) const {
    const Raw minus_e = negated(side.e);
    const auto r1 = plus_base(times(side.key, minus_e), side.s);
    const auto r2 = plus(times(b, side.s), times(c, minus_e));
    for (const auto* point : {&r1, &r2, &side.key, &c})
      serialize(*point, SECP256K1_EC_UNCOMPRESSED);
  }

  void input(const Side& side) const {
    const auto c = parsed(side.c);
    const auto b = plus_base(hashed(side), side.r);
    check_dleq(side, b, plus(c, times(side.key, side.r)));
    serialize(c, SECP256K1_EC_COMPRESSED);
  }
  void output(const Side& side) const {
    if (legacy_paths_) {  // the one point that both of BIP-32's last steps start from
      secp256k1_pubkey parent;
      CHECK(secp256k1_ec_pubkey_create(context_, &parent, side.r.data()) == 1);
    }
    const auto b = plus_base(hashed(side), side.r);
    serialize(b, SECP256K1_EC_COMPRESSED);
    const auto c = parsed(side.c);
    check_dleq(side, b, c);
    plus(c, times(side.key, negated(side.r)));
  }

  secp256k1_context* context_ = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  const bool legacy_paths_;
  std::vector<Side> sides_;
};

Result<> measure_receive(std::size_t rounds, cashu::KeysetId::Version version) {
  TRY(given, make_received(version));
  const Bare bare(*given);
  TRY_OK(receive(*given));
  bare.run();
  std::vector<double> ours, theirs;
  for (std::size_t i = 0; i < rounds; ++i) {
    Result<> done;
    ours.push_back(1e3 * cpu_of([&] { done = receive(*given); }));
    TRY_OK(std::move(done));
    theirs.push_back(1e3 * cpu_of([&] { bare.run(); }));
  }
  fmt::print("{{\"receive_ms\": {}, \"bare_ms\": {}}}\n", ours, theirs);
  return {};
}

Result<> print_token() {
  TRY(given, make_received(cashu::KeysetId::Version::v2));
  std::string keys;
  for (const auto& [amount, key] : given->mint.keyset->keys())
    keys += fmt::format("{}\"{}\": \"{}\"", keys.empty() ? "" : ", ", amount.value(), key.hex());
  fmt::print(
      "{{\"token\": \"{}\", \"keyset\": {{\"id\": \"{}\", \"keys\": {{{}}}}}, \"seed\": \"{}\", "
      "\"answer\": {}}}\n",
      given->token, given->mint.keyset->id().text(), keys, to_hex(given->seed.reveal()),
      answer_of(given->outputs.signatures, true));
  return {};
}

// --- W2, W3 --------------------------------------------------------------------------------------

// A wallet's book at a mint, in a new file.
struct OpenBook {
  std::unique_ptr<wallet::WalletDb> db;
  std::unique_ptr<wallet::Books> books;
  wallet::MintId mint;
  wallet::OperationId operation;
};

Result<OpenBook> open_book(rt::RealEnv& real, const rt::Path& path, const Signer& signer) {
  OpenBook out;
  TRY(db, wallet::WalletDb::open(real.files, path));
  out.db = std::move(db);
  out.books =
      std::make_unique<wallet::Books>(*out.db, crypto::Bip39Seed({1}), real.clock, real.random);
  TRY(row, out.books->mints.add(kUrl, 1));
  out.mint = row.id;
  TRY_OK(out.books->mints.put_keyset(row.id, *signer.keyset, true));
  TRY(operation, out.books->operations.begin({.mint = row.id}, 1));
  out.operation = operation.id;
  return out;
}

Result<> measure_put(const rt::Path& folder, std::size_t count, std::size_t runs) {
  rt::RealEnv real;
  const Signer signer;
  cashu::Derivation derivation(crypto::Bip39Seed({1}));
  std::vector<Amount> amounts;
  for (std::size_t i = 0; i < count; ++i) amounts.emplace_back(std::uint64_t{1} << i % 20);
  TRY(issued, issue(signer, derivation, amounts));
  TRY(checked, cashu::accept_signatures(issued.outputs, issued.signatures, signer.keysets,
                                        cashu::DleqRule::required));
  std::vector<wallet::NewProof> proofs;
  for (std::size_t i = 0; i < count; ++i) proofs.push_back({std::move(checked[i]), i});
  TRY_OK(real.files.make_directories(folder));
  std::vector<double> each_us;
  for (std::size_t run = 0; run < runs; ++run) {
    TRY(book, open_book(real, folder / fmt::format("{}.db", run), signer));
    Result<> put;
    const double cpu = cpu_of([&] { put = book.books->proofs.put(book.operation, proofs); });
    TRY_OK(std::move(put));
    each_us.push_back(1e6 * cpu / static_cast<double>(count));
    TRY_OK(book.db->close());
  }
  fmt::print("{{\"put_us\": {}}}\n", each_us);
  return {};
}

// Rows as ProofBook writes them. Only their signature is the same for all: it is not looked at.
Result<> fill(OpenBook& book, const Signer& signer, std::uint64_t count) {
  constexpr std::uint64_t kBatch = 50'000;
  constexpr unsigned kAmounts = 20;
  auto& db = book.db->connection();
  const auto c = Point::of(signer.secrets.begin()->second).compressed();
  const Bytes dleq(96, 1);
  for (std::uint64_t n = 0; n < count;) {
    TRY(transaction, book.db->begin());
    for (const auto end = std::min(count, n + kBatch); n < end; ++n) {
      Bytes y{2};
      for (unsigned i = 8; i-- > 0;) y.push_back(static_cast<std::uint8_t>(n >> (8 * i)));
      append(y, ByteView(crypto::sha256(y).bytes).first(24));
      TRY_OK(db.run(
          "INSERT INTO proofs (y, keyset, amount, c, counter, dleq, state, came_by) "
          "VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
          ByteView(y), std::string_view(signer.keyset->id().text()),
          std::int64_t{1} << n % kAmounts, ByteView(c), n, ByteView(dleq), book.operation.value()));
    }
    TRY_OK(transaction.commit());
  }
  return {};
}

// No mint is asked.
class NoClient final : public http::Client {
 public:
  rt::Task<std::unique_ptr<http::Response>> send(http::Request, std::stop_token) override {
    co_return fail(Code::unreachable, "no network here");
  }
};

Result<> measure_select(const rt::Path& folder, std::uint64_t count) {
  constexpr std::size_t kRuns = 101;
  const Amount wanted(777'777);
  rt::RealEnv real;
  const Signer signer;
  TRY_OK(real.files.make_directories(folder));
  TRY(book, open_book(real, folder / "wallet.db", signer));
  TRY_OK(fill(book, signer, count));
  NoClient client;
  TRY(row, book.books->mints.find(book.mint));
  TRY(mint, wallet::KnownMint::load(client, *book.books, *row));
  std::vector<double> balance_ms, select_ms, take_ms;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < kRuns; ++i) {
    Result<Amount> balance(Amount(0));
    balance_ms.push_back(1e3 * cpu_of([&] {
                           balance = book.books->proofs.balance(book.mint, "sat",
                                                                wallet::ProofState::spendable);
                         }));
    if (!balance) return fail(balance.error());
    Result<wallet::Selection> selection(wallet::Selection{});
    select_ms.push_back(1e3 * cpu_of([&] {
                          const auto purses = wallet::purses_of(*book.books, *mint);
                          if (purses)
                            selection =
                                wallet::select(*purses, wanted, wallet::InputFee::paid_by_us);
                        }));
    if (!selection) return fail(selection.error());
    if (*balance < wanted || selection->sum < wanted)
      return fail(Code::internal, "a sum that cannot be");
    Result<> took;
    std::size_t number = 0;
    take_ms.push_back(1e3 * cpu_of([&] {
                        took = [&]() -> Result<> {
                          TRY(transaction, book.db->begin());
                          for (const wallet::Pick& pick : selection->picks) {
                            TRY(some, book.books->proofs.take(book.operation, pick.keyset,
                                                              pick.amount, pick.count));
                            number += some.size();
                          }
                          return transaction.commit();
                        }();
                      }));
    TRY_OK(std::move(took));
    taken = number;
  }
  fmt::print(
      "{{\"balance_ms\": {:.5f}, \"select_ms\": {:.5f}, \"take_ms\": {:.5f}, \"taken\": {}}}\n",
      median(balance_ms), median(select_ms), median(take_ms), taken);
  return book.db->close();
}

// --- command line --------------------------------------------------------------------------------

struct Options {
  std::vector<std::string> words;
  std::uint64_t number(std::size_t at) const {
    return std::strtoull(words[at].c_str(), nullptr, 10);
  }
};

Result<Options> parse(int argc, char** argv) {
  Options out{{argv + 1, argv + argc}};
  const std::string what = out.words.empty() ? "" : out.words[0];
  const std::size_t needed = what == "token"     ? 1
                             : what == "receive" ? 2
                             : what == "select"  ? 3
                             : what == "put"     ? 4
                                                 : SIZE_MAX;
  if (out.words.size() < needed)
    return fail(Code::bad_input,
                "wallet_bench receive ROUNDS [v1] | token | put FOLDER COUNT RUNS | select FOLDER "
                "COUNT");
  return out;
}

Result<> run(const Options& options) {
  using enum cashu::KeysetId::Version;
  const std::string& what = options.words[0];
  if (what == "token") return print_token();
  if (what == "receive")
    return measure_receive(options.number(1),
                           options.words.size() > 2 && options.words[2] == "v1" ? v1 : v2);
  if (what == "put") return measure_put(options.words[1], options.number(2), options.number(3));
  return measure_select(options.words[1], options.number(2));
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }
