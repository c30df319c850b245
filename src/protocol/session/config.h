// What a session is told once, by its owner.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "crypto/curve25519.h"
#include "protocol/wire/node.h"

namespace ponte::protocol {

/// `2.3000.N` (wire: pairing.md 10).
struct ClientVersion {
  std::uint32_t primary = 2;
  std::uint32_t secondary = 3000;
  std::uint32_t tertiary = 0;

  /// kInvalidArgument/kConfigInvalid where the text is not three decimal numbers with dots.
  static Result<ClientVersion> parse(std::string_view text);
  /// 2.3000.N with the first `client_revision` N in a page of WhatsApp Web, whose quotes may be escaped; nullopt where
  /// it has none (wire: pairing.md 10).
  static std::optional<ClientVersion> in_page(std::string_view page);
  std::string to_string() const;

  auto operator<=>(const ClientVersion&) const = default;
};

enum class QrFormat {
  kUrl,   ///< with the prefix https://wa.me/settings/linked_devices#
  kBare,  ///< the five fields alone
};

/// How files are fetched from the hosts that the server names.
enum class MediaScheme {
  kHttps,
  kHttp,  ///< of a server of one's own, which is spoken to without TLS as well
};

/// Sees each stanza as plaintext. For recordings and debugging; called on the session's thread.
class StanzaObserver {
 public:
  enum class Direction { kIn, kOut };
  virtual ~StanzaObserver() = default;
  /// `plaintext` is the frame with its flag byte.
  virtual void on_stanza(Direction direction, ByteView plaintext) = 0;
};

struct SessionConfig {
  crypto::PublicKey root_key{};  ///< root of the server's certificate chain
  ClientVersion version;
  std::string device_name;  ///< what the phone shows in its list of linked devices
  QrFormat qr_format = QrFormat::kUrl;
  Milliseconds qr_first_ttl{60'000};  ///< wire: pairing.md 5.3
  Milliseconds qr_ttl{20'000};
  MediaScheme media_scheme = MediaScheme::kHttps;
  StanzaObserver* observer = nullptr;  ///< outlives the session
};

/// Whether IK is spoken where the server's key is known (wire: pairing.md 2.7).
enum class Resumption {
  kAllowed,
  kForbidden,  ///< it has failed in this process before
};

/// Whether the account is announced as `available` after login; the phone then notifies its user less.
enum class Presence { kUnavailable, kAvailable };

/// Whether messages count as read as soon as they come, which their authors are told, or when somebody says so.
enum class Reading { kWhenAsked, kAtOnce };

/// What varies from one connection to the next.
struct OpenOptions {
  /// Ask the phone for the last N days of history; counts only at registration (wire: pairing.md 3.6).
  std::optional<std::uint32_t> history_days;
  /// In place of SessionConfig's: one that was fetched since.
  std::optional<ClientVersion> version;
  Resumption resumption = Resumption::kAllowed;
  Presence presence = Presence::kUnavailable;
  Reading reading = Reading::kWhenAsked;
};

}  // namespace ponte::protocol
