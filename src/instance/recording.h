// The text of a recording: what a session was given and what it gave, as lines of a .vec file.
//
//   Version=1
//   Config=<name> <value>          root_key, version, device_name, qr_format, qr_first_ttl, qr_ttl
//   Store=<key as hex> <value as hex>          the owner's records when the recording began
//   Now=<mono ms> <wall ms>                    before each input
//   In=open [history days] | bytes <hex> | closed <cause> | deadline | committed ok|failed
//      | work <id> <epoch> | command logout
//   Random=<hex>                               what the step drew
//   Plain=in|out <hex>                         each stanza, decrypted
//   Out=send <hex> | close | commit <crash|power> <sha256 of the batch> | work <id> <epoch> <first> <count>
//      | event <name and values>
#pragma once

#include <string>

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

std::string render_now(const Now& now);
Result<Now> parse_now(std::string_view value);

}  // namespace ponte::instance::recording
