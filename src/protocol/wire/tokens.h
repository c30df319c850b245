// The token dictionaries of binary XML, version 3 (wire: pairing.md 4.6, tokens.json).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ponte::protocol::wire {

/// Where a string stands in the dictionaries.
struct TokenIndex {
  std::optional<std::uint8_t> dictionary;  ///< 0..3 for a double-byte token, absent for a single-byte one
  std::uint8_t index = 0;
};

/// The token at a single-byte index (1..235), empty where there is none.
std::string_view single_token(std::uint8_t index);
/// The token of a double-byte dictionary (0..3); empty where the dictionary has no such entry.
std::string_view double_token(std::uint8_t dictionary, std::uint8_t index);
std::optional<TokenIndex> find_token(std::string_view text);

}  // namespace ponte::protocol::wire
