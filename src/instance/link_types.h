// Links: addresses that may link one instance and do nothing else (contract 1.9). What travels of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "instance/types.h"
#include "store/link_records.h"

namespace ponte::instance {

/// A link as whoever made it sees it: without its token.
using LinkInfo = store::LinkRecord;

enum class LinkStanding { kOpen, kUsed, kExpired, kInstanceDeleted };
LinkStanding standing_of(const LinkInfo& link, Wall now);
/// `open`, `used`, `expired`, `deleted`.
std::string_view standing_name(LinkStanding standing);
/// Why a link that is not open is no good: kNotFound/kLinkUsed, kLinkExpired, kLinkInstanceDeleted.
Error link_gone(LinkStanding standing);

struct LinkRequest {
  Seconds life{3600};
  std::uint32_t uses = 1;
  std::optional<std::string> title;
  std::optional<std::string> return_url;  ///< http or https
  std::optional<std::uint32_t> history_days;
};

/// kInvalidArgument/kInvalidLink for what a page may not lead back to: other than http or https, with a user in it, or
/// more than 2048 bytes.
Status check_return_url(const std::string& text);

struct CreatedLink {
  LinkInfo link;
  std::string token;  ///< 43 characters of base64url; not to be had again
};

/// Who holds a link's token.
struct LinkHolder {
  std::string link_id;
};

/// What the page of a link shows: an attempt to link that it has begun, or joined.
struct LinkView {
  enum class State {
    kIdle,       ///< nothing has been asked for
    kStarting,   ///< no code yet
    kQr,         ///< `qr` is out
    kCode,       ///< `code` is out; `qr` may be too
    kPasskey,    ///< the account asks for `passkey`
    kLinking,    ///< scanned or typed: the device logs in
    kConnected,  ///< linked
    kFailed,     ///< the attempt is over; `reason`
  };
  struct Shown {
    std::string text;
    Mono until{};
  };
  State state = State::kIdle;
  std::optional<Shown> qr;    ///< what a phone scans
  std::optional<Shown> code;  ///< XXXX-XXXX
  std::optional<PasskeyState> passkey;
  std::optional<std::string> number;  ///< digits, once the attempt has linked it
  std::optional<Error> reason;        ///< what went wrong last
  Wall reason_at{};                   ///< what its retry_after counts from
};
/// `idle`, `starting`, `qr`, `code`, `passkey`, `linking`, `connected`, `failed`.
std::string_view link_state_name(LinkView::State state);

/// A page that is open. Its methods are called one at a time, from any thread; they must not block, nor call back.
class LinkWatcher {
 public:
  virtual ~LinkWatcher() = default;
  /// False: it is gone, or too slow, and gets no more. The view is one for all who see it.
  virtual bool show(const std::shared_ptr<const LinkView>& view) = 0;
  /// Now and then, so that what lies between notices that the connection is in use. False as of show().
  virtual bool beat() = 0;
  /// There will be no more. Absent: all is said.
  virtual void end(const std::optional<Error>& why) = 0;
};

}  // namespace ponte::instance
