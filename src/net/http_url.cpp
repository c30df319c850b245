#include "net/http_url.h"

#include <algorithm>

#include "net/text.h"

namespace ponte::net {
namespace {

Error invalid(const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, what};
}

}  // namespace

std::string HttpUrl::target() const {
  return format_authority(authority.host, authority.port.value_or(tls ? 443 : 80));
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto scheme_end = std::min(text.find("://"), text.size());
  const std::string scheme = lower_case(text.substr(0, scheme_end));
  if (scheme_end == text.size() || (scheme != "http" && scheme != "https"))
    return invalid("expected an http or https URL");
  std::string_view rest = text.substr(scheme_end + 3);
  if (!std::all_of(rest.begin(), rest.end(), [](char c) { return c > 0x20 && c < 0x7F; }))
    return invalid("expected a URL of printable ASCII");
  const auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  HttpUrl url;
  url.tls = scheme == "https";
  PONTE_ASSIGN(url.authority, parse_authority(rest.substr(0, authority_end)));
  url.rest = rest.substr(authority_end);
  return url;
}

}  // namespace ponte::net
