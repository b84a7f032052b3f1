// Planted bugs: known mistakes that a test build can switch on, to prove that the checks notice.
// Compiled in only with ARCHY_TEST_HOOKS; everywhere else planted() is the constant false and the
// branch disappears.
//
// Names in use: last_group_unverified, bitfield_before_sync, size_trusted_early,
// resume_off_by_one_group, liar_not_dropped, origin_length_unchecked; engine:
// liar_range_not_reassigned, hedge_never_fires, playhead_ignored, bitfield_wake_lost; encoder
// mutants: child_order, no_inner_parents, size_plus_one, trailing_byte, short_last_group;
// connector: connector_checks_name; control port: guard_skips_method, _host, _fetch_site, _origin,
// _token, _scope, _size, _content_type, guard_token_before_host, token_seal_unchecked,
// rpc_scope_unchecked, rpc_depth_unchecked, rpc_batch_unbounded; wallet:
// wallet_release_after_unknown, _no_restore, _no_fence, _counter_goes_back, _body_made_anew,
// _mark_after_send, _spent_is_failure, _books_in_two, _reissue_without_restore, _pays_again,
// _change_dropped, _old_copy_trusted, _key_forgotten, _two_drivers, _sent_mark_later; swaps between
// mints: cross_claim_stored_late, _claims_first, _skips_issued, _cap_on_estimate; database:
// db_not_exclusive; selling: gate_grants_before_redeem, gate_error_is_allow, gate_credits_twice,
// gate_refunds_twice, meter_after_send, class_from_request; buying: buyer_cap_after_pay.
#pragma once

#include <string_view>

namespace archy::test_hooks {

#ifdef ARCHY_TEST_HOOKS
// True when `name` is the bug switched on by plant() or, without one, by ARCHIPELAGO_TEST_MUTANT.
bool planted(std::string_view name);
// Empty: none.
void plant(std::string_view name);
#else
constexpr bool planted(std::string_view) { return false; }
#endif

}  // namespace archy::test_hooks
