// The text of a recording of the simulator: what a run was given and what it gave, as lines of a .vec file.
//
//   Kind=simulator
//   Version=1
//   Option=<name> <value>                      simulator::Options; the seed in hex, times in milliseconds
//   Now=<mono ms> <wall ms>                    before each input
//   In=open <connection> | bytes <connection> <hex> | closed <connection> | deadline <connection>
//      | drain <connection>                    output that another input caused was fetched
//      | text <connection>                     a WebSocket message that is not binary
//      | upgrade                               an upgrade was asked for, and refused
//      | admin <call> <name> <body>            POST /admin/<name>; calls count from 1
//   Random=<hex>                               what the input drew
//   Plain=in|out <connection> <hex>            each stanza, decrypted
//   Violation=<connection> <text>              what the simulator objects to
//   Answer=<call> <status> <body>              of an admin call
//   Out=send <connection> <hex> | close <connection> normal|abort | refused <HTTP status>
//
// Bodies and texts: `text ...` where they are printable ASCII, `hex ...` where they are not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "simulator/sim_connection.h"
#include "simulator/world.h"

namespace ponte::simulator::recording {

inline constexpr int kVersion = 1;
inline constexpr std::string_view kKind = "simulator";

/// The values of the `Option=` lines, and back. A seed that is absent has no line.
std::vector<std::string> render_options(const Options& options);
/// kMalformed for an unknown name or a value that is none.
Status parse_option(std::string_view value, Options& options);

std::string render_now(const Now& now);
std::string render(ConnectionId id, const Output& output);

/// A text on one line, and back. kMalformed where it is neither `text` nor `hex`.
std::string render_text(std::string_view text);
Result<std::string> parse_text(std::string_view value);

}  // namespace ponte::simulator::recording
