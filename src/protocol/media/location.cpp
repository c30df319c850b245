#include "protocol/media/location.h"

#include <algorithm>

#include "crypto/base64.h"

namespace ponte::protocol::media {
namespace {

constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestPath = 2048;
constexpr std::string_view kWhatsAppDomain = ".whatsapp.net";
constexpr std::string_view kHttps = "https://";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_host_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
}
bool is_path_character(char c) {
  return c > ' ' && c < 0x7F && std::string_view("\"#<>\\^`{|}").find(c) == std::string_view::npos;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.front() != '0' && std::all_of(text.begin(), text.end(), is_digit);
}

/// A '.' or '..' between slashes, spelled plainly or not.
bool has_dots(std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == ".." || segment.find("%2e") != segment.npos || segment.find("%2E") != segment.npos)
      return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

}  // namespace

bool is_media_host(std::string_view host) {
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return false;
  const std::string_view name = host.substr(0, colon);
  if (name.empty() || name.size() > kLongestHost) return false;
  if (name.find("..") != std::string_view::npos) return false;
  if (std::string_view("-.").find(name.front()) != std::string_view::npos || name.back() == '.') return false;
  return std::all_of(name.begin(), name.end(), is_host_character);
}

bool is_direct_path(std::string_view path) {
  if (path.size() < 2 || path.size() > kLongestPath || path[0] != '/' || path[1] == '/') return false;
  return std::all_of(path.begin(), path.end(), is_path_character) && !has_dots(path);
}

std::optional<std::string> direct_path_of(std::string_view url) {
  if (!url.starts_with(kHttps)) return std::nullopt;
  url.remove_prefix(kHttps.size());
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view host = url.substr(0, slash);
  const std::string_view path = url.substr(slash);
  if (!is_media_host(host) || !host.ends_with(kWhatsAppDomain) || !is_direct_path(path)) return std::nullopt;
  return std::string(path);
}

std::string download_url(MediaScheme scheme, std::string_view host, std::string_view path, MediaType type,
                         const std::optional<ByteArray<32>>& sealed_sha256) {
  std::string url(scheme == MediaScheme::kHttps ? kHttps : std::string_view("http://"));
  url.append(host).append(path).append(path.find('?') == std::string_view::npos ? "?" : "&");
  if (sealed_sha256) url.append("hash=").append(crypto::base64_url(*sealed_sha256)).append("&");
  return url.append("mms-type=").append(mms_type(type)).append("&__wa-mms=");
}

}  // namespace ponte::protocol::media
