// Phone numbers for people's eyes.
#pragma once

#include <string>
#include <string_view>

namespace ponte::tool {

/// `+55 11 91234-5678`, `+1 202 555 0123`: `digits` in groups.
std::string display_number(std::string_view digits);

/// `+55*********78`: the first and last two digits.
std::string masked_number(std::string_view digits);

/// The digits of `5511912345678:3@s.whatsapp.net`; empty where it is no number's JID.
std::string digits_of_jid(std::string_view jid);

}  // namespace ponte::tool
