// WhatsApp identifiers (wire: pairing.md 4.5, 11).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ponte::protocol::wire {

inline constexpr std::string_view kUserServer = "s.whatsapp.net";
inline constexpr std::string_view kLidServer = "lid";
inline constexpr std::string_view kHostedServer = "hosted";
inline constexpr std::string_view kHostedLidServer = "hosted.lid";
inline constexpr std::string_view kMessengerServer = "msgr";
inline constexpr std::string_view kInteropServer = "interop";
inline constexpr std::string_view kGroupServer = "g.us";
inline constexpr std::string_view kBroadcastServer = "broadcast";

/// `user[:device]@server`. An empty user with kUserServer is WhatsApp's server itself.
struct Jid {
  std::string user;
  std::string server;
  std::uint16_t device = 0;      ///< 0 is the primary phone
  std::uint16_t integrator = 0;  ///< interop only
  /// Domain byte of an AD_JID whose value the table does not know, kept so that it is written back as it came.
  std::optional<std::uint8_t> unknown_domain = std::nullopt;

  bool operator==(const Jid&) const = default;

  /// Text form; device 0 is left out, `@server` where the user is empty.
  std::string to_string() const;
  /// Accepts `user@server`, `user:device@server`, legacy `user.agent:device@server`, `@server`.
  /// nullopt where there is no '@', the server is empty, or the device is not 0..65535.
  static std::optional<Jid> parse(std::string_view text);

  bool is_server() const { return user.empty() && server == kUserServer; }
  Jid without_device() const;
};

/// `@s.whatsapp.net`.
const Jid& server_jid();

}  // namespace ponte::protocol::wire
