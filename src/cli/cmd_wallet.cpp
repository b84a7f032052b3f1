// wallet: the options of its commands.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/wallet_commands.hpp"

namespace archy::cli {
namespace {

constexpr const char* kWordsHelp = "a file with the words, or - for standard input";
constexpr const char* kMintHelp = "URL of the mint (default: the home mint)";
constexpr const char* kKeyHelp =
    "a name of yours for it: the same command with the same name does nothing twice";

// Lifetime: the command line's.
class WalletOptions {
 public:
  WalletOptions(CLI::App& app, const GlobalOptions& global, int& exit)
      : wallet_(*app.add_subcommand("wallet", "ecash: balances, payments, mints")),
        global_(global),
        exit_(exit) {
    wallet_.require_subcommand(1);
  }

  void add_all() {
    words();
    mints();
    payments();
    across();
    operations();
  }

 private:
  // A subcommand whose options are read into a fresh T.
  template <class T>
  CLI::App* add(CLI::App& under, const char* name, const char* help, std::shared_ptr<T> into,
                std::function<int(const GlobalOptions&, const T&)> run) {
    auto* command = under.add_subcommand(name, help);
    command->callback([&global = global_, &exit = exit_, into, run] { exit = run(global, *into); });
    return command;
  }
  CLI::App* add_plain(CLI::App& under, const char* name, const char* help,
                      int (*run)(const GlobalOptions&)) {
    auto* command = under.add_subcommand(name, help);
    command->callback([&global = global_, &exit = exit_, run] { exit = run(global); });
    return command;
  }
  void add_url(CLI::App& under, const char* name, const char* help,
               int (*run)(const GlobalOptions&, const std::string&)) {
    auto url = std::make_shared<std::string>();
    auto* command = add<std::string>(under, name, help, url, run);
    command->add_option("url", *url, "of the mint")->required();
  }
  CLI::App* add_number(CLI::App& under, const char* name, const char* help,
                       int (*run)(const GlobalOptions&, std::uint64_t), bool required = true) {
    auto id = std::make_shared<std::uint64_t>(0);
    auto* command = add<std::uint64_t>(under, name, help, id, run);
    command->add_option("operation", *id, "its number (wallet history)")->required(required);
    return command;
  }

  void words() {
    auto file = std::make_shared<std::string>();
    auto* init = add<std::string>(wallet_, "init", "make a wallet, or take in one by its words",
                                  file, wallet_init);
    init->add_option("--words", *file, kWordsHelp);
    add_plain(wallet_, "words", "show the words: whoever has them has the ecash", wallet_words);
    add_plain(wallet_, "pubkey", "the key that others lock ecash to for this wallet", wallet_pubkey)
        ->alias("key");
    add_plain(wallet_, "balance", "what lies where", wallet_balance);
    add_plain(wallet_, "doctor", "whether all is well with it and its mints", wallet_doctor);

    backups();
  }

  void backups() {
    struct Restore {
      std::string words, from;
      std::vector<std::string> mints;
    };
    auto how = std::make_shared<Restore>();
    auto* restore =
        add<Restore>(wallet_, "restore", "bring ecash back from the words alone, or with a backup",
                     how, [](const GlobalOptions& global, const Restore& one) {
                       return one.from.empty() ? wallet_restore(global, one.words, one.mints)
                                               : wallet_restore_backup(global, one.from, one.words);
                     });
    restore->add_option("--words", how->words, kWordsHelp);
    auto* mint = restore->add_option("--mint", how->mints, "URLs (default: every trusted mint)");
    restore->add_option("--from", how->from, "a backup, where there is no wallet yet")
        ->excludes(mint);

    auto to = std::make_shared<std::string>();
    auto* backup = add<std::string>(
        wallet_, "backup", "write a backup that opens with the words alone", to, wallet_backup);
    backup->add_option("--to", *to, "a file (default: the folders that backups are kept in)");

    auto way = std::make_shared<std::string>();
    auto* repair = add<std::string>(
        wallet_, "repair", "set a damaged database aside and make a new one", way, wallet_repair);
    repair->add_option("--way", *way,
                       "backup, rows or words (default: the first that can be gone)");

    using Urls = std::vector<std::string>;
    auto aside = std::make_shared<Urls>();
    auto* recover = add<Urls>(wallet_, "recover",
                              "ask the mints what has to be known after a backup was put back",
                              aside, wallet_recover);
    recover->add_option("--set-aside", *aside,
                        "URL of a mint that does not answer: it holds up the others no longer");
  }

  void mints() {
    auto* mints = wallet_.add_subcommand("mints", "which mints are trusted");
    mints->require_subcommand(0, 1);
    mints->callback([&global = global_, &exit = exit_, mints] {
      if (mints->get_subcommands().empty()) exit = wallet_mints(global);
    });
    add_plain(*mints, "list", "all of them", wallet_mints);
    add_url(*mints, "add", "trust a mint; the first one becomes home", wallet_mint_add);
    add_url(*mints, "trust", "the same: trust a mint, again", wallet_mint_add);
    add_url(*mints, "home", "use this one where none is named", wallet_mint_home);
    add_url(*mints, "remove", "trust it no longer; what lies there can be spent",
            wallet_mint_remove);
    struct Cap {
      std::string url, sats;
    };
    auto cap = std::make_shared<Cap>();
    auto* command = add<Cap>(*mints, "cap", "how much may lie there at most", cap,
                             [](const GlobalOptions& global, const Cap& one) {
                               return wallet_mint_cap(global, one.url, one.sats);
                             });
    command->add_option("url", cap->url, "of the mint")->required();
    command->add_option("sats", cap->sats, "a number, or none")->required();
  }

  void payments() {
    auto minting = std::make_shared<PayOptions>();
    auto* mint = add<PayOptions>(wallet_, "mint", "an invoice; what is paid to it becomes ecash",
                                 minting, wallet_mint);
    mint->add_option("amount", minting->amount, "in sat")->required();
    mint->add_option("--mint", minting->mint, kMintHelp);
    mint->add_flag("--no-wait", minting->no_wait, "do not wait for the payment");
    mint->add_option("--timeout", minting->timeout_s, "seconds (default: as long as the invoice)");
    mint->add_option("--key", minting->key, kKeyHelp);

    auto melting = std::make_shared<PayOptions>();
    auto* melt = add<PayOptions>(wallet_, "melt", "pay a Lightning invoice", melting, wallet_melt);
    melt->add_option("invoice", melting->invoice, "with an amount")->required();
    melt->add_option("--mint", melting->mint, kMintHelp);
    melt->add_option("--max-fee", melting->max_fee, "in sat (default 5 %, at least 20)");
    melt->add_option("--key", melting->key, kKeyHelp);

    auto sending = std::make_shared<PayOptions>();
    auto* send =
        add<PayOptions>(wallet_, "send", "a token for somebody else, alone on standard output",
                        sending, wallet_send);
    send->add_option("amount", sending->amount, "in sat")->required();
    send->add_option("--mint", sending->mint, kMintHelp);
    send->add_option("--memo", sending->memo, "anybody with the token can read it");
    send->add_option("--lock", sending->lock, "public key of whom it is for (his wallet pubkey)");
    send->add_flag("--include-fee", sending->include_fee,
                   "so much that the receiver has the amount after the mint's fee");
    send->add_option("--max-fee", sending->max_fee, "in sat; refused when it would cost more");
    send->add_option("--key", sending->key, kKeyHelp);
    send->add_flag("--qr", sending->qr, "also as a QR code, on standard error");

    struct Receive {
      std::string file = "-";
      bool offline = false;
    };
    auto receiving = std::make_shared<Receive>();
    auto* receive = add<Receive>(wallet_, "receive", "make somebody's token ours", receiving,
                                 [](const GlobalOptions& global, const Receive& one) {
                                   return wallet_receive(global, one.file, one.offline);
                                 });
    receive->add_option("file", receiving->file,
                        "that has the token (default -: standard input); never the token itself");
    receive->add_flag("--offline", receiving->offline,
                      "without its mint: tokens locked to wallet pubkey alone");
  }

  void across() {
    auto swapping = std::make_shared<SwapOptions>();
    auto* swap = add<SwapOptions>(wallet_, "swap", "ecash of one mint becomes ecash of another",
                                  swapping, wallet_swap);
    swap->add_option("amount", swapping->amount, "in sat, that is to arrive")->required();
    swap->add_option("--from", swapping->from, "URL of the mint where the ecash is")->required();
    swap->add_option("--to", swapping->to, "URL of a trusted mint")->required();
    swap->add_option("--max-fee", swapping->max_fee,
                     "in sat, all fees together; dearer ones are not begun (default 4 %, at "
                     "least 5)");
    swap->add_option("--key", swapping->key, kKeyHelp);

    auto planning = std::make_shared<PlanOptions>();
    auto* plan =
        add<PlanOptions>(wallet_, "plan", "how somebody would be paid", planning, wallet_plan);
    plan->add_option("amount", planning->amount, "in sat")->required();
    plan->add_option("--accepted", planning->accepted, "URLs of the mints that he takes")
        ->required();
    plan->add_option("--max-fee", planning->max_fee, "in sat; dearer ways are none");
    add_plain(wallet_, "routes", "what is remembered of swaps between mints", wallet_routes);
  }

  void operations() {
    auto limit = std::make_shared<std::uint64_t>(50);
    auto* history = add<std::uint64_t>(wallet_, "history", "the last operations, newest first",
                                       limit, wallet_history);
    history->add_option("--limit", *limit, "default 50, at most 1000");
    auto* op = wallet_.add_subcommand("op", "operations one by one");
    op->require_subcommand(1);
    add_number(*op, "show", "all that is known of one", wallet_operation);
    add_number(wallet_, "reclaim", "take a token back that nobody has redeemed", wallet_reclaim);
    add_number(wallet_, "token", "the token of a send again", wallet_token);
    add_number(wallet_, "cancel", "end a swap between mints of which nothing was sent",
               wallet_cancel);
    add_number(wallet_, "resume", "go on with what is open: one, or all", wallet_resume, false);
  }

  CLI::App& wallet_;
  const GlobalOptions& global_;
  int& exit_;
};

}  // namespace

void register_wallet(CLI::App& app, const GlobalOptions& global, int& exit) {
  WalletOptions(app, global, exit).add_all();
}

}  // namespace archy::cli
