#include "wallet/ledger/transfer_book.hpp"

#include "wallet/ledger/amount_column.hpp"

namespace archy::wallet {
namespace {

std::optional<std::int64_t> number_of(const std::optional<OperationId>& id) {
  if (!id) return std::nullopt;
  return id->value();
}

}  // namespace

Result<> TransferBook::begin(const Transfer& transfer) {
  return db_.run(
      "INSERT INTO transfers (operation, from_mint, to_mint, most_fee, deadline_ms) "
      "VALUES (?, ?, ?, ?, ?)",
      transfer.operation.value(), transfer.from.value(), transfer.to.value(),
      integer_of(transfer.most_fee), transfer.deadline_ms);
}

Result<> TransferBook::update(const Transfer& transfer) {
  return db_.run(
      "UPDATE transfers SET tries = ?, claim = ?, payment = ?, sent_ms = ?, paid_ms = ? "
      "WHERE operation = ?",
      transfer.tries, number_of(transfer.claim), number_of(transfer.payment), transfer.sent_ms,
      transfer.paid_ms, transfer.operation.value());
}

Result<Transfer> TransferBook::of(OperationId operation) {
  TRY(query, db_.query("SELECT from_mint, to_mint, most_fee, deadline_ms, tries, claim, payment, "
                       "sent_ms, paid_ms FROM transfers WHERE operation = ?",
                       operation.value()));
  TRY(there, query.step());
  if (!there) return fail(Code::corrupt, "wallet.db: a swap between mints without its row");
  Transfer out{operation,           MintId(query.integer(0)), MintId(query.integer(1)),
               amount_at(query, 2), query.integer(3),         query.integer(4)};
  if (!query.is_null(5)) out.claim = OperationId(query.integer(5));
  if (!query.is_null(6)) out.payment = OperationId(query.integer(6));
  if (!query.is_null(7)) out.sent_ms = query.integer(7);
  if (!query.is_null(8)) out.paid_ms = query.integer(8);
  return out;
}

Result<std::optional<MintId>> TransferBook::counterpart(const Operation& operation) {
  const OperationId whole = operation.part_of.value_or(operation.id);
  TRY(query,
      db_.query("SELECT from_mint, to_mint FROM transfers WHERE operation = ?", whole.value()));
  TRY(there, query.step());
  if (!there) return std::optional<MintId>{};
  const MintId from(query.integer(0)), to(query.integer(1));
  return std::optional(operation.mint == from ? to : from);
}

Result<std::optional<OperationId>> TransferBook::driver_of(const Operation& part) {
  if (!part.part_of) return std::optional<OperationId>{};
  TRY(query, db_.query("SELECT 1 FROM operations WHERE id = ? AND state IN (0, 3)",
                       part.part_of->value()));
  TRY(there, query.step());
  return there ? part.part_of : std::optional<OperationId>{};
}

Result<cashu::Amount> TransferBook::on_the_way(MintId to) {
  TRY(query, db_.query("SELECT coalesce(sum(o.amount), 0) FROM transfers t JOIN operations o "
                       "ON o.id = t.operation WHERE t.to_mint = ? AND o.state IN (0, 3)",
                       to.value()));
  TRY(there, query.step());
  return there ? amount_at(query, 0) : cashu::Amount(0);
}

}  // namespace archy::wallet
