#include "protocol/wire/tokens.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "protocol/wire/token_tables.h"

namespace ponte::protocol::wire {
namespace {

constexpr std::size_t kSlots = 4096;  // a third full: a look-up that misses usually ends at its first slot
constexpr std::size_t kLongestToken = 48;
/// A slot holds 0 where it is empty, else the number of the token: single-byte ones first (1..235),
/// then 256 for each double-byte dictionary.
constexpr std::size_t kFirstDouble = 256;

constexpr std::string_view token_of_number(std::uint16_t number) {
  if (number < kFirstDouble) return kSingleTokens[number];
  return kDoubleTokens[(number - kFirstDouble) / 256][number % 256];
}

/// Little-endian load. The loop is what constant evaluation (and another byte order) needs: compilers
/// do not make one instruction of it.
template <std::size_t N>
constexpr std::uint64_t load(const char* text) {
  std::uint64_t value = 0;
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
    std::memcpy(&value, text, N);
    return value;
  }
  for (std::size_t i = 0; i < N; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  }
  return value;
}

/// Mixes the length with the first and last eight bytes, which tell nearly all tokens apart.
/// Precondition: text not empty.
constexpr std::size_t slot_of(std::string_view text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  if (text.size() >= 8) {
    head = load<8>(begin);
    tail = load<8>(end - 8);
  } else if (text.size() >= 4) {
    head = load<4>(begin);
    tail = load<4>(end - 4);
  } else {
    head = load<1>(begin) << 8 | load<1>(begin + text.size() / 2);
    tail = load<1>(end - 1);
  }
  const std::uint64_t mixed = (head ^ text.size()) * 0x9e3779b97f4a7c15u ^ std::rotl(tail * 0xc2b2ae3d27d4eb4fu, 29);
  return (mixed * 0x9e3779b97f4a7c15u) >> (64 - std::bit_width(kSlots - 1));
}

constexpr std::array<std::uint16_t, kSlots> make_slots() {
  std::array<std::uint16_t, kSlots> slots{};
  const auto place = [&slots](std::size_t number) {
    std::size_t slot = slot_of(token_of_number(static_cast<std::uint16_t>(number)));
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::uint16_t>(number);
  };
  for (std::size_t i = 1; i < kSingleTokens.size(); ++i) place(i);
  for (std::size_t i = 0; i < 4 * 256; ++i) place(kFirstDouble + i);
  return slots;
}

constexpr std::array<std::uint16_t, kSlots> kTokenSlots = make_slots();

constexpr bool tokens_fit() {
  for (std::size_t i = 1; i < kSingleTokens.size(); ++i) {
    if (kSingleTokens[i].empty() || kSingleTokens[i].size() > kLongestToken) return false;
  }
  for (const auto& dictionary : kDoubleTokens) {
    for (std::string_view token : dictionary) {
      if (token.empty() || token.size() > kLongestToken) return false;
    }
  }
  return true;
}
static_assert(tokens_fit());

}  // namespace

std::string_view single_token(std::uint8_t index) {
  return index < kSingleTokens.size() ? kSingleTokens[index] : std::string_view{};
}

std::string_view double_token(std::uint8_t dictionary, std::uint8_t index) {
  return dictionary < kDoubleTokens.size() ? kDoubleTokens[dictionary][index] : std::string_view{};
}

std::optional<TokenIndex> find_token(std::string_view text) {
  if (text.empty() || text.size() > kLongestToken) return std::nullopt;
  for (std::size_t slot = slot_of(text); kTokenSlots[slot] != 0; slot = (slot + 1) % kSlots) {
    const std::uint16_t number = kTokenSlots[slot];
    if (token_of_number(number) != text) continue;
    const auto index = static_cast<std::uint8_t>(number % 256);
    if (number < kFirstDouble) return TokenIndex{std::nullopt, index};
    return TokenIndex{static_cast<std::uint8_t>((number - kFirstDouble) / 256), index};
  }
  return std::nullopt;
}

}  // namespace ponte::protocol::wire
