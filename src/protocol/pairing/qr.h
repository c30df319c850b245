// QR codes: the text a phone scans, and the rotation of refs (wire: pairing.md 5.2, 5.3).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "protocol/session/config.h"
#include "store/records.h"

namespace ponte::protocol::pairing {

/// `clientType` of a Chrome companion: a character of its own table, not DeviceProps.PlatformType.
inline constexpr char kClientTypeChrome = '1';

/// ref , base64(noise pub) , base64(identity pub) , base64(advSecret) , clientType; prefixed where asked.
std::string qr_text(std::string_view ref, const store::Credentials& credentials, QrFormat format);

/// Which ref is on display until when. Texts are made at display time, never ahead, since the
/// ADV secret may change in between (companion_reg_refresh).
class QrRotation {
 public:
  /// Begins with the first ref, shown for `first_ttl`; each later one for `ttl`. Precondition: refs not empty.
  void start(std::deque<std::string> refs, Mono now, Milliseconds first_ttl, Milliseconds ttl);
  void stop();

  bool active() const { return valid_until_.has_value(); }
  /// The ref on display. Precondition: active().
  const std::string& current() const { return refs_.front(); }
  Mono valid_until() const { return *valid_until_; }

  enum class Due { kNothing, kNext, kExhausted };
  /// Moves to the next ref where the current one's time is over. kExhausted: stopped, no ref is left.
  Due on_deadline(Mono now);

 private:
  std::deque<std::string> refs_;
  std::optional<Mono> valid_until_;
  Milliseconds ttl_{0};
};

}  // namespace ponte::protocol::pairing
