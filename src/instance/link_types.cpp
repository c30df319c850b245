#include "instance/link_types.h"

#include "net/http_url.h"

namespace ponte::instance {
namespace {

constexpr std::size_t kLongestReturnUrl = 2048;

Error invalid_link(std::string what) {
  return {Errc::kInvalidArgument, Cause::kInvalidLink, std::move(what)};
}

}  // namespace

LinkStanding standing_of(const LinkInfo& link, Wall now) {
  if (link.instance_deleted) return LinkStanding::kInstanceDeleted;
  if (link.used >= link.uses) return LinkStanding::kUsed;
  return now < link.expires_at ? LinkStanding::kOpen : LinkStanding::kExpired;
}

std::string_view standing_name(LinkStanding standing) {
  switch (standing) {
    case LinkStanding::kOpen: return "open";
    case LinkStanding::kUsed: return "used";
    case LinkStanding::kExpired: return "expired";
    case LinkStanding::kInstanceDeleted: return "deleted";
  }
  return "expired";
}

Error link_gone(LinkStanding standing) {
  switch (standing) {
    case LinkStanding::kUsed: return {Errc::kNotFound, Cause::kLinkUsed, "the link has been used"};
    case LinkStanding::kInstanceDeleted:
      return {Errc::kNotFound, Cause::kLinkInstanceDeleted, "the instance that the link was for is gone"};
    case LinkStanding::kOpen:
    case LinkStanding::kExpired: break;
  }
  return {Errc::kNotFound, Cause::kLinkExpired, "the time of the link is over"};
}

std::string_view link_state_name(LinkView::State state) {
  using View = LinkView::State;
  switch (state) {
    case View::kIdle: return "idle";
    case View::kStarting: return "starting";
    case View::kQr: return "qr";
    case View::kCode: return "code";
    case View::kPasskey: return "passkey";
    case View::kLinking: return "linking";
    case View::kConnected: return "connected";
    case View::kFailed: return "failed";
  }
  return "failed";
}

Status check_return_url(const std::string& text) {
  if (text.size() > kLongestReturnUrl) return invalid_link("returnUrl: expected at most 2048 bytes");
  const auto url = net::parse_http_url(text);
  return url.ok() ? Status::Ok() : Status(invalid_link("returnUrl: " + url.error().message));
}

}  // namespace ponte::instance
