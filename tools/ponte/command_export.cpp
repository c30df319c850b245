// ponte export: an instance into a file that another service takes over.
#include <cstdio>
#include <memory>
#include <string>

#include "crypto/digest.h"
#include "crypto/system_random.h"
#include "ponte/commands.h"
#include "ponte/passphrase.h"
#include "ponte/portable_store.h"
#include "portable/instance_export.h"

namespace ponte::tool {
namespace {

struct ExportArguments {
  std::string name;
  StorePlace place;
  std::string out;
  std::string passphrase_file;
  bool move = false;
};

Result<portable::ExportCounts> export_instance(const ExportArguments& arguments) {
  crypto::SystemRandom random;
  PONTE_ASSIGN(const auto store, open_store(arguments.place, MissingStore::kRefused, random));
  PONTE_ASSIGN(const SecretBytes passphrase, read_passphrase(arguments.passphrase_file, Asked::kTwice));
  PONTE_ASSIGN(auto file, portable::ExportWriter::create(arguments.out, passphrase.view(), {}, random));
  PONTE_ASSIGN(portable::ExportCounts counts, portable::put_instance(file, *store, arguments.name));
  PONTE_TRY(file.finish());
  if (arguments.move) PONTE_TRY(portable::remove_instance(*store, arguments.name, random));
  return counts;
}

int run_export(const ExportArguments& arguments) {
  crypto::initialize();
  const auto counts = export_instance(arguments);
  if (!counts.ok()) return fail("export", counts.error());
  std::printf("Exported the instance %s to %s: %s of its device, %s, %s, %s.\n", counts->name.c_str(),
              arguments.out.c_str(), counted(counts->device_records, "record").c_str(),
              counted(counts->webhooks, "webhook").c_str(), counted(counts->events, "event").c_str(),
              counted(counts->messages, "message").c_str());
  std::printf("Its token stays behind: it gets a new one where it is imported.\n");
  if (arguments.move) {
    std::printf("It is removed here%s. The file is all there is of it now.\n",
                counts->linked ? ", and stays linked" : "");
  } else if (counts->linked) {
    std::printf(
        "\nThe session must not run in two places. Once it is imported elsewhere it must never run here again: keep "
        "this\n"
        "ponted stopped for good, or export with --move, which removes the instance here and leaves it linked (the "
        "API's\n"
        "delete would unlink it). Where both run, both lose messages, and WhatsApp unlinks or replaces one.\n");
  }
  return kOk;
}

}  // namespace

void register_export(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand(
      "export",
      "An instance, with its session, settings, webhooks, events and messages, into one file sealed by a passphrase. "
      "ponted must not run on the data directory; without --move, the store is left as it is");
  command->add_option("NAME", arguments->name, "the instance")->required();
  command->add_option("--data", arguments->place.directory, "the data directory of ponted (PONTE_DATA_DIR)")
      ->required();
  command->add_option("--out", arguments->out, "the file to write; it must not be there yet")->required();
  command->add_option("--passphrase-file", arguments->passphrase_file,
                      "take the passphrase from the first line of this file, - for standard input; without it, it is "
                      "asked for at the terminal");
  command->add_flag("--move", arguments->move,
                    "remove the instance here once the file is whole: it stays linked, for where it is imported");
  command->add_option("--master-key-file", arguments->place.master_key_file,
                      "the store's key, where it is not master.key in the data directory");
  command->callback([arguments, &exit_code] { exit_code = run_export(*arguments); });
}

}  // namespace ponte::tool
