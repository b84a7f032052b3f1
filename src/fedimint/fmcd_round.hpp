// One step of an operation at a federation: sent when it was never sent, else looked for in the
// daemon's log. The log is asked before anything is sent a second time, and what it says beats what
// an answer said.
//
//   armed --(counted, first byte)--> sent --answered--------------> known (receive, pay, reissue)
//     |                               |                             handed (spend)
//     '--nothing has left--> undone   |                             done (pay, reissue)
//                                     |--in the log---------------> the same
//                                     |--not in the log, and no copy on its way--> undone
//                                     '--not in the log, a copy may be on its way:
//                                          receive, reissue: sent again (harmless, see below)
//                                          pay: sent again only when the caller asks again and the
//                                               invoice has not expired
//                                          spend: waits, and is never sent again
//   known --receive: claimed------> done        known --canceled, refunded, failed--> undone
//     '-----pay, reissue: success-> done
//   handed --the notes' time is over--> done (redeemed), undone (taken back), lapsed (one of them)
//
// Why a second sending can do no harm: an invoice more that nobody has seen; the same notes are
// reissued once; the daemon pays an invoice once (it knows it by its payment hash, and refuses
// while an attempt runs). A spend would take other notes each time, so there is one sending, ever.
//
// What the log has begun is not sent again, even when the log never names its outcome: a payment
// whose refund the federation rejected looks the same to the daemon, and would be paid twice.
//
// A copy is on its way until its answer came, or `copy_life` has passed; that of a payment until
// `copy_life` after its invoice's end, since until then it could still pay. A refusal by the daemon
// is believed only together with its log: fmcd says 400 for a payment that was begun and refunded.
// A log that is whole and has not the anchor is another log: from its silence follows nothing.
//
// A payment that is sent later than it was made goes out only while its gateway keeps the cap.
//
// | crash after                     | the row says | what is then done                     |
// |---------------------------------|--------------|---------------------------------------|
// | a question (gateways, anchor)   | no row       | nothing                               |
// | the row                         | armed        | undone; reissue: sent                 |
// | the count before the first byte | sent         | the log; not there: undone in a while |
// | the daemon's execution of it    | sent         | the log has it: as if answered        |
// | the answer, before its booking  | sent         | the same                              |
// | the booking of an invoice       | known        | its state is asked                    |
// | the booking of a begun payment  | known        | the log, until it has an outcome      |
// | the booking of notes            | handed       | shown again until their time is over  |
// | an end                          | the end      | nothing                               |
//
// The notes' time: the daemon takes back what nobody has redeemed `notes` after the spend. We count
// from our own sending, which was earlier, and show them until then; whoever holds them then must
// have redeemed them. A spend whose answer was lost and that is in the log is handed out late and
// ends at the same time. One that cannot be found costs nothing: nobody has seen its notes, and the
// daemon takes them back.
#pragma once

#include "fedimint/fmcd_client.hpp"
#include "fedimint/fmcd_match.hpp"

namespace archy::fedimint {

struct FmcdTimes {
  rt::Duration answer = std::chrono::seconds(30);
  rt::Duration payment = std::chrono::minutes(3);  // the daemon answers when it is through
  std::chrono::seconds invoice = std::chrono::hours(1);
  std::chrono::seconds notes = std::chrono::hours(72);
  std::chrono::milliseconds copy_life = std::chrono::minutes(10);
};

// Thread: the loop. Lifetime: the clock, and what book and client were made with, outlive it.
struct FmcdDesk {
  FederationBook book;
  FmcdClient client;
  rt::Clock& clock;
  const std::string federation;
  const FmcdTimes times;
};

// What may be sent a second time.
enum class Resend : unsigned char {
  nothing,
  harmless,  // what brings money in
  wanted,    // the caller has asked for it again: a payment too
  first,     // it was made a moment ago, and no gateway can have changed its price
};

// Errors: those of a question that was not answered: the row says what is known; the disk's;
// cancelled.
rt::Task<> fmcd_round(FmcdDesk& desk, FederationOperation& operation, Resend resend,
                      std::stop_token stop);

// Errors: try_later: there is none; as a question's.
rt::Task<std::vector<FmcdGateway>> fmcd_gateways(FmcdDesk& desk, std::stop_token stop);

// What the daemon's log begins with now; none: it is empty. Errors: as a question's.
rt::Task<std::optional<std::string>> newest_operation(FmcdDesk& desk, std::stop_token stop);

}  // namespace archy::fedimint
