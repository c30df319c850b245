#include "api/static_content.h"

#include <algorithm>
#include <cstdlib>

#include "api/text.h"
#include "base/hex.h"
#include "crypto/digest.h"

namespace ponte::api {
namespace {

bool is_current(const Request& request, std::string_view etag) {
  const auto condition = request.header("if-none-match");
  if (!condition) return false;
  for (std::string_view each : split_list(*condition)) {
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == etag || each == "*") return true;
  }
  return false;
}

/// `q=0` and its longer spellings refuse.
bool is_refused(std::string_view parameters) {
  const auto at = to_lower(parameters).find("q=");
  return at != std::string::npos && std::strtod(std::string(parameters.substr(at + 2)).c_str(), nullptr) <= 0;
}

}  // namespace

bool accepts_gzip(const Request& request) {
  const auto accepted = request.header("accept-encoding");
  if (!accepted) return false;
  bool any = false;
  for (const std::string_view each : split_list(*accepted)) {
    const auto semicolon = std::min(each.find(';'), each.size());
    const std::string_view coding = trim(each.substr(0, semicolon));
    const bool refused = is_refused(each.substr(semicolon));
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) return !refused;
    if (coding == "*") any = !refused;
  }
  return any;
}

const std::string& StaticContent::Form::etag() const {
  std::call_once(hashed_, [this] {
    const auto digest = crypto::sha256(as_bytes(bytes_));
    etag_ = '"' + to_hex(ByteView(digest).first(16)) + '"';
  });
  return etag_;
}

StaticContent::StaticContent(std::string content_type, std::string_view plain, std::string_view gzip, Keeping keeping)
    : content_type_(std::move(content_type)), plain_(plain), gzip_(gzip), keeping_(keeping) {}

Response StaticContent::answer(const Request& request) const {
  const bool compressed = !gzip_.bytes().empty() && accepts_gzip(request);
  const Form& form = compressed ? gzip_ : plain_;
  Response response;
  response.content_type = content_type_;
  const bool kept = keeping_ == Keeping::kRevalidated;
  if (kept) response.headers.emplace_back("ETag", form.etag());
  response.headers.emplace_back("Cache-Control", kept ? "no-cache" : "no-store");
  if (!gzip_.bytes().empty()) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (kept && is_current(request, form.etag())) {
    response.status = 304;
    return response;
  }
  if (compressed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = form.bytes();
  return response;
}

}  // namespace ponte::api
