// Phone numbers for people's eyes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ponte::tool {

/// As the REST contract reads them (contract, decision 7): blanks, `+`, `-`, `(`, `)` are stripped, then 7 to 15 digits
/// without a leading 0. nullopt for anything else.
std::optional<std::string> number_digits(std::string_view text);

/// `+55 11 91234-5678`, `+1 202 555 0123`: `digits` in groups.
std::string display_number(std::string_view digits);

/// `+55*********78`: the first and last two digits.
std::string masked_number(std::string_view digits);

/// The digits of `5511912345678:3@s.whatsapp.net`; empty where it is no number's JID.
std::string digits_of_jid(std::string_view jid);

}  // namespace ponte::tool
