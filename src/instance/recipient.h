// Whom a caller means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/jid.h"

namespace ponte::instance {

/// The digits of a phone number in international form: blanks, `+`, `-`, `(`, `)` do not count; 7 to 15, no leading 0
/// (contract, decision 7). nullopt for what is none.
std::optional<std::string> phone_digits(std::string_view text);

/// A phone number as of phone_digits(), or the JID of somebody or of a group; without device. nullopt for what is none.
std::optional<protocol::wire::Jid> parse_recipient(std::string_view text);

/// Whether he, or it, can be written to: no channel, no list.
bool is_person(const protocol::wire::Jid& jid);
bool is_group(const protocol::wire::Jid& jid);

/// Users of PN JIDs that mean the same phone: a mobile number of Brazil is written with or without a ninth digit.
std::vector<std::string> number_variants(const std::string& user);

}  // namespace ponte::instance
