// The tag bytes of binary XML and of its JID forms (wire: pairing.md 4.2, 4.5). For the codec only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ponte::protocol::wire {

inline constexpr std::uint8_t kListEmpty = 0;
inline constexpr std::uint8_t kFirstDictionary = 236;
inline constexpr std::uint8_t kLastDictionary = 239;
inline constexpr std::uint8_t kInteropJid = 245;
inline constexpr std::uint8_t kFbJid = 246;
inline constexpr std::uint8_t kAdJid = 247;
inline constexpr std::uint8_t kList8 = 248;
inline constexpr std::uint8_t kList16 = 249;
inline constexpr std::uint8_t kJidPair = 250;
inline constexpr std::uint8_t kHex8 = 251;
inline constexpr std::uint8_t kBinary8 = 252;
inline constexpr std::uint8_t kBinary20 = 253;
inline constexpr std::uint8_t kBinary32 = 254;
inline constexpr std::uint8_t kNibble8 = 255;

/// Longest text, in characters, that is written packed.
inline constexpr std::size_t kMaxPackedText = 127;
inline constexpr std::uint8_t kPackedOdd = 0x80;
inline constexpr std::uint8_t kPackedPadding = 0x0F;

// Domain bytes of an AD_JID.
inline constexpr std::uint8_t kUserDomain = 0;
inline constexpr std::uint8_t kLidDomain = 1;
inline constexpr std::uint8_t kHostedDomain = 128;
inline constexpr std::uint8_t kHostedLidDomain = 129;

}  // namespace ponte::protocol::wire
