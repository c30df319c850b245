// ponte: moves instances in and out, and the debugging tool: WhatsApp's server, a phone, decoders.
#include "ponte/commands.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Tools around Ponte: instances moved in and out, a simulator of WhatsApp's server and a phone, decoders.",
      "ponte");
  app.require_subcommand(1);
  int exit_code = ponte::tool::kOk;
  ponte::tool::register_sim(app, exit_code);
  ponte::tool::register_phone(app, exit_code);
  ponte::tool::register_decode(app, exit_code);
  ponte::tool::register_replay(app, exit_code);
  ponte::tool::register_export(app, exit_code);
  ponte::tool::register_import(app, exit_code);
  ponte::tool::register_link(app, exit_code);
  ponte::tool::register_doctor(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stopped) {
    return app.exit(stopped) == 0 ? ponte::tool::kOk : ponte::tool::kUsage;
  }
  return exit_code;
}
