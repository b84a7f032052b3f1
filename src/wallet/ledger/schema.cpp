#include "wallet/ledger/schema.hpp"

namespace archy::wallet {
namespace {

// A statement ends where a line does, so that the one in a trigger does not.
// States of proofs are those of ProofState, states of operations those of OperationState.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE mints (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  trusted INTEGER NOT NULL,
  home INTEGER NOT NULL,
  cap INTEGER CHECK (cap >= 0),
  info TEXT,
  added_ms INTEGER NOT NULL,
  CHECK (trusted OR NOT home)
) STRICT;
CREATE UNIQUE INDEX one_home ON mints (home) WHERE home;

CREATE TABLE keysets (
  id TEXT NOT NULL PRIMARY KEY,
  mint INTEGER NOT NULL REFERENCES mints (id),
  unit TEXT NOT NULL,
  input_fee_ppk INTEGER NOT NULL CHECK (input_fee_ppk >= 0),
  final_expiry INTEGER,
  active INTEGER NOT NULL,
  path_number INTEGER UNIQUE,
  keys TEXT NOT NULL,
  next_counter INTEGER NOT NULL DEFAULT 0,
  doubtful INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX keysets_of_mint ON keysets (mint);
CREATE TRIGGER counters_only_grow BEFORE UPDATE OF next_counter ON keysets
WHEN NEW.next_counter < OLD.next_counter BEGIN
  SELECT RAISE(ABORT, 'a counter only grows'); END;
CREATE TRIGGER a_keyset_stays_with_its_mint BEFORE UPDATE OF id, mint, path_number ON keysets BEGIN
  SELECT RAISE(ABORT, 'a keyset stays with its mint'); END;

CREATE TABLE operations (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  mint INTEGER NOT NULL REFERENCES mints (id),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  fee INTEGER NOT NULL DEFAULT 0 CHECK (fee >= 0),
  takes_back INTEGER REFERENCES operations (id),
  idempotency_key TEXT UNIQUE,
  request_digest BLOB CHECK (length(request_digest) = 32),
  memo TEXT,
  note TEXT NOT NULL DEFAULT '',
  sealed BLOB,
  version INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL
) STRICT;
CREATE TRIGGER an_end_is_an_end BEFORE UPDATE OF state ON operations
WHEN OLD.state IN (1, 2) AND NEW.state <> OLD.state BEGIN
  SELECT RAISE(ABORT, 'an operation that has ended stays as it ended'); END;
CREATE INDEX open_operations ON operations (mint) WHERE state IN (0, 3);

CREATE TABLE requests (
  id INTEGER PRIMARY KEY,
  operation INTEGER NOT NULL REFERENCES operations (id),
  path TEXT NOT NULL,
  body BLOB NOT NULL,
  body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
  state INTEGER NOT NULL,
  sendings INTEGER NOT NULL DEFAULT 0,
  answers INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  CHECK (answers <= sendings)
) STRICT;
CREATE INDEX requests_of_operation ON requests (operation);
CREATE INDEX unfinished_requests ON requests (id) WHERE state <= 1;
CREATE TRIGGER a_request_stays_as_it_is BEFORE UPDATE OF operation, path, body, body_sha256 ON requests BEGIN
  SELECT RAISE(ABORT, 'a request stays as it was stored'); END;
CREATE TRIGGER a_request_is_never_forgotten BEFORE DELETE ON requests BEGIN
  SELECT RAISE(ABORT, 'a request is never forgotten'); END;

CREATE TABLE outputs (
  request INTEGER NOT NULL REFERENCES requests (id),
  position INTEGER NOT NULL,
  keyset TEXT NOT NULL REFERENCES keysets (id),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  counter INTEGER,
  sealed BLOB,
  give INTEGER NOT NULL,
  PRIMARY KEY (request, position),
  UNIQUE (keyset, counter),
  CHECK ((counter IS NULL) <> (sealed IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER an_output_is_never_forgotten BEFORE DELETE ON outputs BEGIN
  SELECT RAISE(ABORT, 'an output is never forgotten'); END;

CREATE TABLE proofs (
  y BLOB NOT NULL PRIMARY KEY CHECK (length(y) = 33),
  keyset TEXT NOT NULL REFERENCES keysets (id),
  amount INTEGER NOT NULL CHECK (amount > 0),
  c BLOB NOT NULL CHECK (length(c) = 33),
  counter INTEGER,
  sealed BLOB,
  dleq BLOB CHECK (length(dleq) = 96),
  state INTEGER NOT NULL,
  came_by INTEGER NOT NULL REFERENCES operations (id),
  held_by INTEGER REFERENCES operations (id),
  CHECK ((counter IS NULL) <> (sealed IS NULL)),
  CHECK ((state = 0) = (held_by IS NULL) OR state = 4)
) STRICT, WITHOUT ROWID;
CREATE INDEX spendable_proofs ON proofs (keyset, amount, came_by) WHERE state = 0;
CREATE INDEX held_proofs ON proofs (held_by) WHERE held_by IS NOT NULL;
CREATE TRIGGER spent_is_spent BEFORE UPDATE OF state ON proofs
WHEN OLD.state = 3 AND NEW.state <> 3 BEGIN
  SELECT RAISE(ABORT, 'a spent proof stays spent'); END;

CREATE TABLE quotes (
  operation INTEGER NOT NULL PRIMARY KEY REFERENCES operations (id),
  sealed_id BLOB,
  invoice TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  fee_reserve INTEGER NOT NULL CHECK (fee_reserve >= 0),
  most_fee INTEGER CHECK (most_fee >= 0),
  expiry_s INTEGER,
  key_index INTEGER UNIQUE,
  preimage TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE holdings (
  keyset TEXT NOT NULL REFERENCES keysets (id),
  amount INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (keyset, amount)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER holdings_of_new AFTER INSERT ON proofs WHEN NEW.state = 0 BEGIN
  INSERT INTO holdings (keyset, amount, count) VALUES (NEW.keyset, NEW.amount, 1)
  ON CONFLICT (keyset, amount) DO UPDATE SET count = count + 1; END;
CREATE TRIGGER holdings_of_taken AFTER UPDATE OF state ON proofs
WHEN OLD.state = 0 AND NEW.state <> 0 BEGIN
  UPDATE holdings SET count = count - 1 WHERE keyset = NEW.keyset AND amount = NEW.amount; END;
CREATE TRIGGER holdings_of_released AFTER UPDATE OF state ON proofs
WHEN OLD.state <> 0 AND NEW.state = 0 BEGIN
  UPDATE holdings SET count = count + 1 WHERE keyset = NEW.keyset AND amount = NEW.amount; END;
CREATE TRIGGER proofs_are_never_forgotten BEFORE DELETE ON proofs BEGIN
  SELECT RAISE(ABORT, 'a proof is never forgotten'); END;

CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  operation INTEGER NOT NULL REFERENCES operations (id),
  mint INTEGER NOT NULL REFERENCES mints (id),
  unit TEXT NOT NULL,
  change INTEGER NOT NULL,
  fee INTEGER NOT NULL CHECK (fee >= 0),
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_of_mint ON ledger (mint);

CREATE TABLE facts (
  name TEXT NOT NULL PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Recoveries: RecoveryState. The indices are of what a backup holds (backup_image.hpp).
constexpr const char* kVersion2 = R"sql(
CREATE TABLE recoveries (
  mint INTEGER PRIMARY KEY REFERENCES mints (id),
  state INTEGER NOT NULL,
  found INTEGER NOT NULL DEFAULT 0 CHECK (found >= 0),
  spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
  note TEXT NOT NULL DEFAULT '',
  begun_ms INTEGER NOT NULL,
  last_operation INTEGER NOT NULL
) STRICT;
CREATE INDEX proofs_out_of_hand ON proofs (came_by) WHERE state IN (1, 2, 4);
CREATE INDEX named_operations ON operations (created_ms) WHERE idempotency_key IS NOT NULL;
)sql";

// What was asked of the daemons of federations (fedimint/federation_book.hpp). Kinds are those of
// IssuerAction (1 pays, 3 reissues), stages those of FederationStage; from 4 on an end.
constexpr const char* kFederations = R"sql(
CREATE TABLE federation_operations (
  id INTEGER PRIMARY KEY,
  federation TEXT NOT NULL,
  kind INTEGER NOT NULL,
  stage INTEGER NOT NULL,
  key TEXT NOT NULL,
  request_digest BLOB NOT NULL CHECK (length(request_digest) = 32),
  mark TEXT NOT NULL UNIQUE,
  amount_msat INTEGER NOT NULL CHECK (amount_msat > 0),
  most_fee_msat INTEGER CHECK (most_fee_msat >= 0),
  fee_msat INTEGER CHECK (fee_msat >= 0),
  invoice TEXT,
  payment_hash BLOB CHECK (length(payment_hash) = 32),
  expires_s INTEGER,
  path TEXT NOT NULL,
  sealed_body BLOB NOT NULL,
  anchor TEXT,
  daemon_operation TEXT,
  sealed_notes BLOB,
  take_back_ms INTEGER,
  preimage TEXT,
  sendings INTEGER NOT NULL DEFAULT 0,
  sent_ms INTEGER,
  lost_ms INTEGER,
  note TEXT NOT NULL DEFAULT '',
  version INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  CHECK ((sendings = 0) = (sent_ms IS NULL)),
  CHECK (stage <> 1 OR sendings > 0),
  CHECK (stage <> 2 OR daemon_operation IS NOT NULL),
  CHECK (stage <> 3 OR sealed_notes IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX federation_keys ON federation_operations (federation, key)
WHERE kind <> 3 OR stage <> 5;
CREATE UNIQUE INDEX federation_payments ON federation_operations (federation, payment_hash)
WHERE kind = 1 AND stage <> 5;
CREATE UNIQUE INDEX federation_anchors ON federation_operations (federation, daemon_operation)
WHERE kind <> 1 AND daemon_operation IS NOT NULL;
CREATE INDEX open_federation_operations ON federation_operations (federation) WHERE stage < 4;
CREATE TRIGGER a_federation_request_stays_as_it_is
BEFORE UPDATE OF federation, kind, key, request_digest, mark, amount_msat, most_fee_msat,
  payment_hash, expires_s, path, sealed_body, anchor
ON federation_operations BEGIN
  SELECT RAISE(ABORT, 'a request to a federation stays as it was stored'); END;
CREATE TRIGGER a_federation_end_is_an_end BEFORE UPDATE OF stage ON federation_operations
WHEN OLD.stage >= 4 AND NEW.stage <> OLD.stage BEGIN
  SELECT RAISE(ABORT, 'an operation of a federation that has ended stays as it ended'); END;
CREATE TRIGGER a_daemons_word_stays BEFORE UPDATE OF daemon_operation ON federation_operations
WHEN OLD.daemon_operation IS NOT NULL AND NEW.daemon_operation IS NOT OLD.daemon_operation BEGIN
  SELECT RAISE(ABORT, 'an operation keeps the name that the daemon gave it'); END;
CREATE TRIGGER sendings_only_grow BEFORE UPDATE OF sendings ON federation_operations
WHEN NEW.sendings < OLD.sendings BEGIN
  SELECT RAISE(ABORT, 'a sending is never forgotten'); END;
CREATE TRIGGER federation_operations_are_never_forgotten BEFORE DELETE ON federation_operations BEGIN
  SELECT RAISE(ABORT, 'an operation of a federation is never forgotten'); END;
)sql";

// Swaps from one mint to another (transfer_book.hpp), the operations that are parts of one, and
// what is remembered of each way (route_book.hpp): weights in thousandths.
constexpr const char* kTransfers = R"sql(
ALTER TABLE operations ADD COLUMN part_of INTEGER REFERENCES operations (id);
CREATE INDEX parts_of_operation ON operations (part_of) WHERE part_of IS NOT NULL;
CREATE TABLE transfers (
  operation INTEGER NOT NULL PRIMARY KEY REFERENCES operations (id),
  from_mint INTEGER NOT NULL REFERENCES mints (id),
  to_mint INTEGER NOT NULL REFERENCES mints (id),
  most_fee INTEGER NOT NULL CHECK (most_fee >= 0),
  deadline_ms INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  claim INTEGER REFERENCES operations (id),
  payment INTEGER REFERENCES operations (id),
  sent_ms INTEGER,
  paid_ms INTEGER,
  CHECK (from_mint <> to_mint)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER a_transfer_stays_as_it_was_asked
BEFORE UPDATE OF operation, from_mint, to_mint, most_fee, deadline_ms ON transfers BEGIN
  SELECT RAISE(ABORT, 'a transfer stays as it was asked for'); END;
CREATE TRIGGER transfers_are_never_forgotten BEFORE DELETE ON transfers BEGIN
  SELECT RAISE(ABORT, 'a transfer is never forgotten'); END;
CREATE TABLE routes (
  from_mint INTEGER NOT NULL REFERENCES mints (id),
  to_mint INTEGER NOT NULL REFERENCES mints (id),
  bucket INTEGER NOT NULL,
  successes INTEGER NOT NULL CHECK (successes >= 0),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  in_a_row INTEGER NOT NULL,
  usual_ms INTEGER NOT NULL,
  usual_fee_ppm INTEGER NOT NULL,
  most_done INTEGER NOT NULL,
  least_failed INTEGER,
  left_until_ms INTEGER NOT NULL,
  last_note TEXT NOT NULL,
  changed_ms INTEGER NOT NULL,
  PRIMARY KEY (from_mint, to_mint, bucket)
) STRICT, WITHOUT ROWID;
)sql";

// Proofs of others' tokens, each with the operation that receives it or has received it.
constexpr const char* kReceived = R"sql(
CREATE TABLE received (
  y BLOB NOT NULL PRIMARY KEY CHECK (length(y) = 33),
  operation INTEGER NOT NULL REFERENCES operations (id)
) STRICT, WITHOUT ROWID;
)sql";

// What is sold (streaming/service_book.hpp, streaming/session_book.hpp). A payment is the row of a
// peer's token beside the operation that receives it. It becomes credit by the very change that
// books the operation, so there is no moment at which one of the two holds without the other; the
// operation's amount is by then what the wallet has got for it. 30 days in milliseconds, a day in
// milliseconds, and no sum beyond kMostMsat. States of payments: PaymentState. Metrics: Metric.
constexpr const char* kStreaming = R"sql(
CREATE TABLE services (
  id INTEGER PRIMARY KEY,
  enabled INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  step_size INTEGER NOT NULL CHECK (step_size > 0),
  per_step INTEGER NOT NULL CHECK (per_step >= 0),
  min_steps INTEGER NOT NULL CHECK (min_steps > 0),
  accepted_mints TEXT,
  revision INTEGER NOT NULL CHECK (revision > 0),
  changed_ms INTEGER NOT NULL
) STRICT;
CREATE TRIGGER revisions_only_grow BEFORE UPDATE ON services
WHEN NEW.revision <= OLD.revision BEGIN
  SELECT RAISE(ABORT, 'a revision only grows'); END;

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  peer BLOB NOT NULL CHECK (length(peer) = 32),
  service INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  metric INTEGER NOT NULL,
  step_size INTEGER NOT NULL CHECK (step_size > 0),
  per_step INTEGER NOT NULL CHECK (per_step >= 0),
  min_steps INTEGER NOT NULL CHECK (min_steps > 0),
  terms_of TEXT NOT NULL DEFAULT '',
  credit_msat INTEGER NOT NULL DEFAULT 0 CHECK (credit_msat >= 0),
  base_msat INTEGER NOT NULL DEFAULT 0 CHECK (base_msat >= 0),
  units INTEGER NOT NULL DEFAULT 0 CHECK (units >= 0),
  units_before INTEGER NOT NULL DEFAULT 0 CHECK (units_before >= 0),
  used_msat INTEGER NOT NULL DEFAULT 0 CHECK (used_msat BETWEEN base_msat AND credit_msat),
  opened_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  closed_ms INTEGER,
  refund_sat INTEGER CHECK (refund_sat >= 0),
  refund_mint TEXT,
  refund_tries INTEGER NOT NULL DEFAULT 0,
  refund INTEGER UNIQUE,
  CHECK (closed_ms IS NOT NULL OR refund_sat IS NULL),
  CHECK (refund_sat IS NOT NULL OR refund IS NULL)
) STRICT;
CREATE UNIQUE INDEX open_sessions ON sessions (peer, service, hash) WHERE closed_ms IS NULL;
CREATE TRIGGER a_session_stays_whose_it_is
BEFORE UPDATE OF peer, service, hash, opened_ms ON sessions BEGIN
  SELECT RAISE(ABORT, 'a session stays whose it is'); END;
CREATE TRIGGER sums_of_sessions_only_grow BEFORE UPDATE OF credit_msat, used_msat ON sessions
WHEN NEW.credit_msat < OLD.credit_msat OR NEW.used_msat < OLD.used_msat BEGIN
  SELECT RAISE(ABORT, 'what was paid and what was used only grow'); END;
CREATE TRIGGER a_closed_session_stays_closed BEFORE UPDATE OF closed_ms, used_msat ON sessions
WHEN OLD.closed_ms IS NOT NULL AND
  (NEW.closed_ms IS NOT OLD.closed_ms OR NEW.used_msat <> OLD.used_msat) BEGIN
  SELECT RAISE(ABORT, 'a session that was closed stays as it was'); END;
CREATE TRIGGER one_refund BEFORE UPDATE OF refund, refund_sat ON sessions
WHEN (OLD.refund IS NOT NULL AND NEW.refund IS NOT OLD.refund) OR
  (OLD.refund_sat IS NOT NULL AND NEW.refund_sat IS NOT OLD.refund_sat) BEGIN
  SELECT RAISE(ABORT, 'a session is refunded once'); END;
CREATE TRIGGER sessions_are_never_forgotten BEFORE DELETE ON sessions BEGIN
  SELECT RAISE(ABORT, 'a session is never forgotten'); END;

CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  operation INTEGER NOT NULL UNIQUE REFERENCES operations (id),
  session INTEGER NOT NULL REFERENCES sessions (id),
  name TEXT NOT NULL UNIQUE,
  state INTEGER NOT NULL DEFAULT 0,
  metric INTEGER NOT NULL,
  step_size INTEGER NOT NULL CHECK (step_size > 0),
  per_step INTEGER NOT NULL CHECK (per_step >= 0),
  min_steps INTEGER NOT NULL CHECK (min_steps > 0),
  net_msat INTEGER NOT NULL DEFAULT 0 CHECK (net_msat >= 0),
  begun_ms INTEGER NOT NULL,
  ended_ms INTEGER
) STRICT;
CREATE INDEX payments_of_session ON payments (session);
CREATE TRIGGER a_payment_stays_what_it_is
BEFORE UPDATE OF operation, session, name, metric, step_size, per_step, min_steps ON payments BEGIN
  SELECT RAISE(ABORT, 'a payment stays what it is'); END;
CREATE TRIGGER a_payment_ends_once BEFORE UPDATE OF state, net_msat ON payments
WHEN OLD.state <> 0 BEGIN
  SELECT RAISE(ABORT, 'a payment ends once'); END;
CREATE TRIGGER payments_are_never_forgotten BEFORE DELETE ON payments BEGIN
  SELECT RAISE(ABORT, 'a payment is never forgotten'); END;

CREATE TABLE service_days (
  service INTEGER NOT NULL,
  day INTEGER NOT NULL,
  units_paid INTEGER NOT NULL DEFAULT 0 CHECK (units_paid >= 0),
  units_grace INTEGER NOT NULL DEFAULT 0 CHECK (units_grace >= 0),
  sessions INTEGER NOT NULL DEFAULT 0,
  earned_sat INTEGER NOT NULL DEFAULT 0 CHECK (earned_sat >= 0),
  refunded_sat INTEGER NOT NULL DEFAULT 0 CHECK (refunded_sat >= 0),
  PRIMARY KEY (service, day)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER days_are_never_forgotten BEFORE DELETE ON service_days BEGIN
  SELECT RAISE(ABORT, 'what was earned is never forgotten'); END;
CREATE TABLE grace (
  day INTEGER NOT NULL,
  whose BLOB NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  PRIMARY KEY (day, whose)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER what_is_received_is_credit AFTER UPDATE OF state ON operations
WHEN NEW.kind = 4 AND NEW.state = 1 AND OLD.state <> 1 BEGIN
  UPDATE sessions SET
    credit_msat = min(credit_msat + 1000 * min(NEW.amount, 2100000000000000), 2100000000000000000),
    expires_ms = max(expires_ms, NEW.changed_ms + 2592000000)
  WHERE id = (SELECT session FROM payments WHERE operation = NEW.id AND state = 0)
  ; INSERT INTO service_days (service, day, earned_sat)
  SELECT s.service, NEW.changed_ms / 86400000, NEW.amount
  FROM payments p JOIN sessions s ON s.id = p.session WHERE p.operation = NEW.id AND p.state = 0
  ON CONFLICT (service, day) DO UPDATE SET earned_sat = earned_sat + excluded.earned_sat
  ; UPDATE payments SET state = 1, net_msat = 1000 * min(NEW.amount, 2100000000000000),
    ended_ms = NEW.changed_ms
  WHERE operation = NEW.id AND state = 0; END;
CREATE TRIGGER what_is_not_received_is_none AFTER UPDATE OF state ON operations
WHEN NEW.kind = 4 AND NEW.state = 2 AND OLD.state <> 2 BEGIN
  UPDATE payments SET state = 2, ended_ms = NEW.changed_ms
  WHERE operation = NEW.id AND state = 0; END;
)sql";

// What was bought (streaming/purchase_book.hpp). States are those of PurchaseState; 0 and 1 are
// open.
constexpr const char* kPurchases = R"sql(
CREATE TABLE purchases (
  id INTEGER PRIMARY KEY,
  seller BLOB NOT NULL CHECK (length(seller) = 32),
  blob BLOB NOT NULL CHECK (length(blob) = 32),
  film TEXT,
  state INTEGER NOT NULL,
  price INTEGER NOT NULL CHECK (price > 0),
  most_fee INTEGER NOT NULL CHECK (most_fee >= 0),
  mints TEXT NOT NULL,
  cost INTEGER NOT NULL CHECK (cost >= 0 AND cost <= price + most_fee),
  token INTEGER REFERENCES operations (id),
  payment TEXT NOT NULL,
  undelivered INTEGER NOT NULL DEFAULT 0,
  day INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  CHECK (state NOT IN (1, 2, 5) OR token IS NOT NULL)
) STRICT;
CREATE INDEX purchases_for_blob ON purchases (blob, seller);
CREATE INDEX purchases_for_film ON purchases (film) WHERE film IS NOT NULL;
CREATE INDEX purchases_from_peer ON purchases (seller);
CREATE INDEX purchases_of_day ON purchases (day);
CREATE INDEX open_purchases ON purchases (id) WHERE state <= 1;
CREATE TRIGGER a_purchase_stays_what_it_is
BEFORE UPDATE OF id, seller, blob, film, price, most_fee, mints, day, at_ms ON purchases BEGIN
  SELECT RAISE(ABORT, 'a purchase stays what it is'); END;
CREATE TRIGGER a_purchase_is_over_once BEFORE UPDATE OF state ON purchases
WHEN OLD.state IN (2, 3, 4) AND NEW.state <> OLD.state BEGIN
  SELECT RAISE(ABORT, 'a purchase is over once'); END;
CREATE TRIGGER purchases_are_never_forgotten BEFORE DELETE ON purchases BEGIN
  SELECT RAISE(ABORT, 'a purchase is never forgotten'); END;
)sql";

constexpr const char* kSteps[] = {kVersion1, kVersion2,  kFederations, kTransfers,
                                  kReceived, kStreaming, kPurchases};
constexpr db::Schema kSchema{"wallet.db", 0x61725732, kSteps};

}  // namespace

const db::Schema& wallet_schema() { return kSchema; }

}  // namespace archy::wallet
