#include "streaming/service_book.hpp"

#include "streaming/terms_columns.hpp"

namespace archy::streaming {
namespace {

// URLs have no line breaks.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace

Result<Service> ServiceBook::find(ServiceId id) {
  TRY(query, db_.connection().query(
                 "SELECT metric, step_size, per_step, min_steps, enabled, accepted_mints, revision "
                 "FROM services WHERE id = ?",
                 id));
  Service out{.id = id};
  TRY(there, query.step());
  if (!there) return out;
  out.price = terms_at(query, 0);
  TRY_OK(check(out.price));
  out.enabled = query.integer(4) != 0;
  if (!query.is_null(5)) out.accepted_mints = lines_of(query.text(5));
  out.revision = static_cast<std::uint64_t>(query.integer(6));
  return out;
}

Result<std::vector<Service>> ServiceBook::list() {
  std::vector<Service> out;
  for (const ServiceId id : kServices) {
    TRY(service, find(id));
    out.push_back(std::move(service));
  }
  return out;
}

Result<Service> ServiceBook::put(Service service, std::uint64_t expected_revision,
                                 std::int64_t now_ms) {
  TRY(transaction, db_.begin());
  TRY(before, find(service.id));
  if (before.revision != expected_revision)
    return fail(Code::try_later, "somebody else has changed this service: it is at revision " +
                                     std::to_string(before.revision));
  service.revision = before.revision + 1;
  std::optional<std::string> mints;
  if (service.accepted_mints) mints = text_of(*service.accepted_mints);
  std::optional<std::string_view> mints_view;
  if (mints) mints_view = *mints;
  TRY_OK(db_.connection().run(
      "INSERT INTO services (id, enabled, metric, step_size, per_step, min_steps, accepted_mints, "
      "revision, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO "
      "UPDATE SET enabled = ?2, metric = ?3, step_size = ?4, per_step = ?5, min_steps = ?6, "
      "accepted_mints = ?7, revision = ?8, changed_ms = ?9",
      service.id, service.enabled, service.price.metric, service.price.step_size,
      service.price.per_step.value(), service.price.min_steps, mints_view, service.revision,
      now_ms));
  TRY_OK(transaction.commit());
  return service;
}

}  // namespace archy::streaming
