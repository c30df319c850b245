// ponte import: an instance out of an export file, or out of what whatsmeow or Baileys keep.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "instance/types.h"
#include "ponte/commands.h"
#include "ponte/passphrase.h"
#include "ponte/portable_store.h"
#include "portable/baileys.h"
#include "portable/instance_export.h"
#include "portable/source.h"
#include "portable/whatsmeow.h"

namespace ponte::tool {
namespace {

using portable::SourceKind;

struct ImportArguments {
  std::string source;
  std::string name;
  StorePlace place;
  std::string passphrase_file;
  std::string jid;
};

/// What is told at the end.
struct Told {
  std::vector<std::string> taken;
  std::vector<std::string> left;
  bool linked = true;
  std::string new_store;  ///< where one was made
};

Error usage(std::string what) {
  return {Errc::kInvalidArgument, Cause::kInvalidField, std::move(what)};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

void add(std::vector<std::string>& parts, std::uint64_t number, const std::string& one, const std::string& why = "") {
  if (number > 0) parts.push_back(counted(number, one) + why);
}

Told told_of(const portable::ExportCounts& counts) {
  Told told;
  told.linked = counts.linked;
  told.taken = {counted(counts.device_records, "record") + " of the device"};
  add(told.taken, counts.webhooks, "webhook");
  add(told.taken, counts.events, "event");
  add(told.taken, counts.messages, "message");
  told.left = {"its token (it has a new one)"};
  return told;
}

Told told_of(const portable::AdoptionCounts& counts) {
  Told told;
  told.taken = {"the device's keys"};
  add(told.taken, counts.prekeys, "prekey");
  add(told.taken, counts.sessions, "session");
  add(told.taken, counts.identities, "identity key");
  add(told.taken, counts.sender_keys, "sender key");
  add(told.taken, counts.app_state_keys, "app state key");
  add(told.taken, counts.mappings, "LID");
  add(told.taken, counts.privacy_tokens, "privacy token");
  add(told.taken, counts.contacts, "contact");
  add(told.left, counts.sessions_left, "session", " (made anew with the next message)");
  add(told.left, counts.own_sender_keys, "sender key", " of our own (made anew with the next message)");
  add(told.left, counts.sender_keys_left, "sender key", " of others (asked for again)");
  add(told.left, counts.unreadable, "other entry", " that could not be read");
  told.left.push_back("app state (fetched again at the first login)");
  told.left.push_back("messages, chats and settings");
  return told;
}

Result<store::InstanceRecord> admit(const ImportArguments& arguments, portable::Incoming incoming, Wall now,
                                    RandomSource& random, Told& told) {
  if (!holds_store(arguments.place)) told.new_store = arguments.place.directory;
  PONTE_ASSIGN(const auto store, open_store(arguments.place, MissingStore::kMade, random));
  return portable::admit(*store, std::move(incoming), {arguments.name, now}, random);
}

Result<store::InstanceRecord> import_export(const ImportArguments& arguments, Wall now, RandomSource& random,
                                            Told& told) {
  PONTE_ASSIGN(const SecretBytes passphrase, read_passphrase(arguments.passphrase_file, Asked::kOnce));
  PONTE_ASSIGN(const auto file, portable::ExportReader::open(arguments.source, passphrase.view()));
  PONTE_ASSIGN(portable::ReadExport read, portable::read_export(file));
  told = told_of(read.counts);
  return admit(arguments, std::move(read.incoming), now, random, told);
}

Result<store::InstanceRecord> import_foreign(const ImportArguments& arguments, SourceKind kind, Wall now,
                                             RandomSource& random, Told& told) {
  if (arguments.name.empty()) return usage("--name: expected the name that the instance gets here");
  portable::Adoption adoption(now, random);
  PONTE_TRY(kind == SourceKind::kWhatsmeow ? portable::read_whatsmeow(arguments.source, arguments.jid, now, adoption)
                                           : portable::read_baileys(arguments.source, now, adoption));
  PONTE_ASSIGN(portable::Incoming incoming, adoption.finish(arguments.name));
  told = told_of(adoption.counts());
  return admit(arguments, std::move(incoming), now, random, told);
}

Result<store::InstanceRecord> import_any(const ImportArguments& arguments, Told& told) {
  crypto::SystemRandom random;
  const Wall now = SystemClock().now().wall;
  // Before a store is made.
  if (!arguments.name.empty() && !instance::is_instance_name(arguments.name))
    return usage("--name: expected 1 to 100 letters, digits, '_' and '-'");
  PONTE_ASSIGN(const SourceKind kind, portable::kind_of_source(arguments.source));
  if (!arguments.jid.empty() && kind != SourceKind::kWhatsmeow)
    return usage("--jid: only a store of whatsmeow holds several devices");
  return kind == SourceKind::kExport ? import_export(arguments, now, random, told)
                                     : import_foreign(arguments, kind, now, random, told);
}

int run_import(const ImportArguments& arguments) {
  crypto::initialize();
  Told told;
  const auto instance = import_any(arguments, told);
  if (!instance.ok()) return fail("import", instance.error());
  std::printf("Imported as the instance %s, with a new token (/api/instance/list shows it).\n", instance->name.c_str());
  std::printf("  taken:    %s\n  left out: %s\n", joined(told.taken).c_str(), joined(told.left).c_str());
  if (!told.new_store.empty())
    std::printf("A new store was made in %s. Keep its master key safe: without it the store is lost.\n",
                told.new_store.c_str());
  if (told.linked) {
    std::printf(
        "\nThe session must not run in two places. Where it came from must stay stopped for good, before ponted is\n"
        "started here: where both run, both lose messages, and WhatsApp unlinks or replaces one.\n");
  }
  return kOk;
}

}  // namespace

void register_import(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = app.add_subcommand(
      "import",
      "A linked device becomes an instance, without being linked anew: out of a file of `ponte export`, a SQLite store "
      "of whatsmeow, or an auth folder of Baileys. ponted must not run on the data directory; the source is left as it "
      "is");
  command->add_option("SOURCE", arguments->source, "the file or the folder; which of the three it is, is seen")
      ->required();
  command->add_option("--data", arguments->place.directory, "the data directory of ponted; made where there is none")
      ->required();
  command->add_option("--name", arguments->name, "the instance's name here; an export file brings its own");
  command->add_option("--jid", arguments->jid, "which device of a store of whatsmeow that holds several");
  command->add_option("--passphrase-file", arguments->passphrase_file,
                      "take the passphrase of an export file from the first line of this file, - for standard input; "
                      "without it, it is asked for at the terminal");
  command->add_option("--master-key-file", arguments->place.master_key_file,
                      "the store's key, where it is not master.key in the data directory");
  command->callback([arguments, &exit_code] { exit_code = run_import(*arguments); });
}

}  // namespace ponte::tool
