#include "wallet/ledger/proof_book.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "wallet/ledger/amount_column.hpp"

namespace archy::wallet {
namespace {

constexpr std::size_t kDleqBytes = 96;

std::string place_of(ByteView y) { return "proof " + to_hex(y); }

Bytes dleq_bytes(const cashu::ProofDleq& proof) {
  Bytes out;
  append(out, proof.dleq.e);
  append(out, proof.dleq.s);
  append(out, proof.r.reveal());
  return out;
}

Result<cashu::ProofDleq> read_dleq(ByteView bytes) {
  if (bytes.size() != kDleqBytes) return fail(Code::corrupt, "wallet.db: a DLEQ of a wrong length");
  cashu::Dleq dleq;
  std::ranges::copy(bytes.first(32), dleq.e.begin());
  std::ranges::copy(bytes.subspan(32, 32), dleq.s.begin());
  TRY(r, crypto::Scalar::parse(bytes.last(32)));
  return cashu::ProofDleq{dleq, r};
}

Result<std::vector<crypto::Point>> read_points(db::Query query) {
  std::vector<crypto::Point> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(y, crypto::Point::parse(query.blob(0)));
    out.push_back(y);
  }
}

}  // namespace

Result<> ProofBook::put(OperationId by, std::span<const NewProof> proofs) {
  TRY(transaction, db::Transaction::begin(db_));
  for (const NewProof& proof : proofs) {
    TRY(is_new, put_one(by, proof));
    if (!is_new) return fail(Code::denied, "a proof that the wallet has or had already");
  }
  return transaction.commit();
}

Result<std::size_t> ProofBook::put_missing(OperationId by, std::span<const NewProof> proofs) {
  TRY(transaction, db::Transaction::begin(db_));
  std::size_t added = 0;
  for (const NewProof& proof : proofs) {
    TRY(is_new, put_one(by, proof));
    if (is_new) ++added;
  }
  TRY_OK(transaction.commit());
  return added;
}

Result<bool> ProofBook::put_one(OperationId by, const NewProof& added) {
  const cashu::Proof& proof = added.proof.proof();
  if (proof.amount.value() > INT64_MAX) return fail(Code::unsupported, "a proof beyond 2^63");
  const auto y = added.proof.y().compressed();
  std::optional<Bytes> sealed;
  if (!added.counter) {
    crypto::SealNonce nonce;
    random_.fill(nonce);
    sealed = crypto::seal(key_, nonce, as_bytes(proof.secret.reveal()), place_of(y));
  }
  std::optional<Bytes> dleq;
  if (proof.dleq) dleq = dleq_bytes(*proof.dleq);
  std::optional<std::int64_t> holder;
  if (added.give) holder = by.value();
  TRY_OK(
      db_.run("INSERT INTO proofs (y, keyset, amount, c, counter, sealed, dleq, state, came_by, "
              "held_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (y) DO NOTHING",
              ByteView(y), std::string_view(proof.keyset.text()), integer_of(proof.amount),
              ByteView(proof.c.compressed()), added.counter, sealed, dleq,
              added.give ? ProofState::given : ProofState::spendable, by.value(), holder));
  return db_.changes() == 1;
}

Result<Holdings> ProofBook::holdings(const cashu::KeysetId& keyset) {
  TRY(query, db_.query("SELECT amount, count FROM holdings WHERE keyset = ? AND count > 0",
                       std::string_view(keyset.text())));
  Holdings out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    out.emplace(cashu::Amount(static_cast<std::uint64_t>(query.integer(0))),
                static_cast<std::uint64_t>(query.integer(1)));
  }
}

Result<cashu::Amount> ProofBook::balance(MintId mint, std::string_view unit, ProofState state) {
  // Spendable ecash is counted already; the rest is what open operations hold.
  TRY(query,
      state == ProofState::spendable
          ? db_.query("SELECT h.amount, h.count FROM holdings h JOIN keysets k ON k.id = h.keyset "
                      "WHERE k.mint = ? AND k.unit = ?",
                      mint.value(), unit)
          : db_.query("SELECT p.amount, count(*) FROM proofs p JOIN keysets k ON k.id = p.keyset "
                      "WHERE k.mint = ? AND k.unit = ? AND p.state = ? GROUP BY p.amount",
                      mint.value(), unit, state));
  cashu::Amount total;
  for (;;) {
    TRY(there, query.step());
    if (!there) return total;
    const auto amount = static_cast<std::uint64_t>(query.integer(0));
    const auto count = static_cast<std::uint64_t>(query.integer(1));
    if (count != 0 && amount > UINT64_MAX / count)
      return fail(Code::corrupt, "wallet.db: more ecash than there can be");
    const auto more = total.plus(cashu::Amount(amount * count));
    if (!more) return fail(Code::corrupt, "wallet.db: more ecash than there can be");
    total = *more;
  }
}

Result<std::vector<cashu::Proof>> ProofBook::take(OperationId by, const cashu::KeysetId& keyset,
                                                  cashu::Amount amount, std::uint64_t count) {
  TRY(transaction, db::Transaction::begin(db_));
  std::vector<cashu::Proof> out;
  std::vector<Bytes> ys;
  {
    TRY(query,
        db_.query("SELECT y, keyset, amount, c, counter, sealed, dleq FROM proofs "
                  "WHERE keyset = ? AND amount = ? AND state = 0 ORDER BY came_by, y LIMIT ?",
                  std::string_view(keyset.text()), integer_of(amount), count));
    for (;;) {
      TRY(there, query.step());
      if (!there) break;
      TRY(proof, read(query));
      out.push_back(std::move(proof));
      ys.emplace_back(query.blob(0).begin(), query.blob(0).end());
    }
  }
  if (out.size() != count) return fail(Code::payment_needed, "not that many proofs");
  for (const Bytes& y : ys) {
    TRY_OK(db_.run("UPDATE proofs SET state = 1, held_by = ? WHERE y = ? AND state = 0", by.value(),
                   ByteView(y)));
    if (db_.changes() != 1) return fail(Code::corrupt, "wallet.db: a proof that cannot be taken");
  }
  TRY_OK(transaction.commit());
  return out;
}

Result<std::vector<cashu::Proof>> ProofBook::held(OperationId by, ProofState state) {
  TRY(query, db_.query("SELECT y, keyset, amount, c, counter, sealed, dleq FROM proofs "
                       "WHERE held_by = ? AND state = ? ORDER BY amount, y",
                       by.value(), state));
  std::vector<cashu::Proof> out;
  for (;;) {
    TRY(there, query.step());
    if (!there) return out;
    TRY(proof, read(query));
    out.push_back(std::move(proof));
  }
}

Result<> ProofBook::settle(OperationId by, ProofState from, ProofState to) {
  if (to == ProofState::spendable)
    return db_.run("UPDATE proofs SET state = 0, held_by = NULL WHERE held_by = ? AND state = ?",
                   by.value(), from);
  return db_.run("UPDATE proofs SET state = ? WHERE held_by = ? AND state = ?", to, by.value(),
                 from);
}

Result<std::size_t> ProofBook::take_back(OperationId giver, OperationId by) {
  TRY_OK(db_.run("UPDATE proofs SET state = 1, held_by = ? WHERE held_by = ? AND state = 2",
                 by.value(), giver.value()));
  return static_cast<std::size_t>(db_.changes());
}

Result<> ProofBook::give_back(OperationId by, OperationId giver) {
  return db_.run("UPDATE proofs SET state = 2, held_by = ? WHERE held_by = ? AND state = 1",
                 giver.value(), by.value());
}

Result<std::optional<cashu::Proof>> ProofBook::find(const crypto::Point& y) {
  TRY(query, db_.query("SELECT y, keyset, amount, c, counter, sealed, dleq FROM proofs WHERE y = ?",
                       ByteView(y.compressed())));
  TRY(there, query.step());
  if (!there) return std::optional<cashu::Proof>{};
  TRY(proof, read(query));
  return std::optional(std::move(proof));
}

Result<std::vector<crypto::Point>> ProofBook::kept(MintId mint) {
  TRY(query, db_.query("SELECT p.y FROM proofs p JOIN keysets k ON k.id = p.keyset "
                       "WHERE k.mint = ? AND p.state IN (0, 1, 2) ORDER BY p.y",
                       mint.value()));
  return read_points(std::move(query));
}

Result<std::vector<crypto::Point>> ProofBook::unspent(MintId mint) {
  TRY(query, db_.query("SELECT p.y FROM proofs p JOIN keysets k ON k.id = p.keyset "
                       "WHERE k.mint = ? AND p.state IN (0, 2) ORDER BY p.y",
                       mint.value()));
  return read_points(std::move(query));
}

Result<cashu::Amount> ProofBook::mark_spent(OperationId by, std::span<const crypto::Point> ys) {
  cashu::Amount out;
  for (const crypto::Point& point : ys) {
    const auto y = point.compressed();
    TRY(query, db_.query("UPDATE proofs SET state = 3, held_by = coalesce(held_by, ?) "
                         "WHERE y = ? AND (state IN (0, 2) OR state = 1 AND held_by = ?) "
                         "RETURNING amount",
                         by.value(), ByteView(y), by.value()));
    TRY(there, query.step());
    if (!there) continue;
    const auto more = out.plus(cashu::Amount(static_cast<std::uint64_t>(query.integer(0))));
    if (!more) return fail(Code::corrupt, "wallet.db: more ecash than there can be");
    out = *more;
    TRY_OK(query.finish());
  }
  return out;
}

Result<cashu::Proof> ProofBook::read(const db::Query& query) {
  TRY(keyset, cashu::KeysetId::parse(query.text(1)));
  TRY(c, crypto::Point::parse(query.blob(3)));
  std::optional<cashu::ProofSecret> secret;
  if (query.is_null(4)) {
    TRY(opened, crypto::open_sealed(key_, query.blob(5), place_of(query.blob(0))));
    secret = cashu::ProofSecret(std::string(as_text(opened.reveal())));
  } else {
    TRY(factors, derivation_.derive(keyset, static_cast<std::uint64_t>(query.integer(4))));
    secret = factors.secret;
  }
  cashu::Proof out{cashu::Amount(static_cast<std::uint64_t>(query.integer(2))), keyset, *secret, c};
  if (!query.is_null(6)) {
    TRY(dleq, read_dleq(query.blob(6)));
    out.dleq = dleq;
  }
  return out;
}

}  // namespace archy::wallet
