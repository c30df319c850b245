// The text of a recording: what a session was given and what it gave, as lines of a .vec file.
//
//   Version=1
//   Config=<name> <value>          root_key, version, device_name, qr_format, qr_first_ttl, qr_ttl, media_scheme
//   Store=<key as hex> <value as hex>          the device's records when the recording began
//   Chats=<key as hex> <value as hex>          those of its chats
//   Now=<mono ms> <wall ms>                    before each input
//   In=open [history=<days>] [version=<2.3000.N>] [xx] [available] [reading]
//      | bytes <hex> | closed <cause> | dropped | deadline | committed ok|failed | work <id> <epoch> [failed]
//      | fetched <id> <epoch> <status> [body as hex] | fetched <id> <epoch> failed <cause> <number of Errc>
//      | command logout | command request_code <number> [code] | command submit_assertion <id as hex> <JSON as hex>
//      | command confirm_passkey | command presence available|unavailable | command reading at_once|when_asked
//   Random=<hex>                               what the step drew
//   Plain=in|out <hex>                         each stanza, decrypted
//   Out=send <hex> | close | commit <crash|power> <sha256 of the batch> [exchanged|lost|status ...]
//      | event <name and values>
//      | work <id> <epoch> <first> <count> | work <id> <epoch> code | work <id> <epoch> media <type> <sha256 of the
//      file> | fetch <id> <epoch> <largest> <URL> [name=value as hex ...]
#pragma once

#include <string>
#include <vector>

#include "protocol/session/config.h"
#include "protocol/session/output.h"
#include "protocol/session/session.h"

namespace ponte::instance::recording {

inline constexpr int kVersion = 1;

/// The value of an `Out=` line. The same session state renders to the same text.
std::string render(const protocol::Output& output);

/// The values of the `Config=` lines, and back.
std::vector<std::string> render_config(const protocol::SessionConfig& config);
Status parse_config(std::string_view value, protocol::SessionConfig& config);

/// The values of `In=` lines for what Session::on_channel_open and Session::run are given, and back from their words:
/// kMalformed/kInvalidRequest.
std::string render_open(const protocol::OpenOptions& options);
Result<protocol::OpenOptions> parse_open(const std::vector<std::string>& words);
std::string render_command(const protocol::Command& command);
Result<protocol::Command> parse_command(const std::vector<std::string>& words);

/// The same for Session::on_fetched.
std::string render_fetched(protocol::FetchId id, protocol::Epoch epoch, const Result<protocol::HttpAnswer>& answer);
struct Fetched {
  protocol::FetchId id = 0;
  protocol::Epoch epoch = 0;
  Result<protocol::HttpAnswer> answer;
};
Result<Fetched> parse_fetched(const std::vector<std::string>& words);

std::string render_now(const Now& now);
Result<Now> parse_now(std::string_view value);

}  // namespace ponte::instance::recording
