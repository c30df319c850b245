// What a record is about, as text: `["mute","49...@s.whatsapp.net"]` (wire: messages.md 5.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ponte::protocol::appstate {

/// kMalformed/kProtobufMalformed for what is no JSON array of strings with one at least, or longer than 4 KiB.
Result<std::vector<std::string>> parse_index(std::string_view json);

/// Without blanks, and nothing escaped that need not be: its bytes are what the MAC is over. Text that is no UTF-8 has
/// U+FFFD in it where it is broken.
std::string write_index(const std::vector<std::string>& parts);

}  // namespace ponte::protocol::appstate
