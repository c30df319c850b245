// What libcurl's verdicts are to us.
#include "net/http_client_transfer.h"
#include "net/text.h"

namespace ponte::net {
namespace {

// The reply of RFC 1928 6 that libcurl has seen; 0 where it was none.
std::uint8_t socks5_reply(long proxy_code) {
  switch (proxy_code) {
    case CURLPX_REPLY_GENERAL_SERVER_FAILURE: return 1;
    case CURLPX_REPLY_NOT_ALLOWED: return 2;
    case CURLPX_REPLY_NETWORK_UNREACHABLE: return 3;
    case CURLPX_REPLY_HOST_UNREACHABLE: return 4;
    case CURLPX_REPLY_CONNECTION_REFUSED: return 5;
    case CURLPX_REPLY_TTL_EXPIRED: return 6;
    case CURLPX_REPLY_COMMAND_NOT_SUPPORTED: return 7;
    case CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED: return 8;
    case CURLPX_REPLY_UNASSIGNED: return 9;
    default: return 0;
  }
}

}  // namespace

void HttpTransfer::finish(CURLcode code) {
  const bool counts = code == CURLE_OK || (answered_ && request_.long_body == LongBody::kCut);
  if (!counts) return fail(error_of(code));
  answer_.status = static_cast<int>(info(CURLINFO_RESPONSE_CODE));
  curl_off_t seconds = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) answer_.retry_after = Seconds(seconds);
  reply_.answer(std::move(answer_));
}

Error HttpTransfer::overdue() const {
  return {Errc::kTimedOut, Cause::kNetworkTimeout,
          "no whole answer of " + target_ + " within " + std::to_string(request_.timeout.count()) + " ms"};
}

long HttpTransfer::info(CURLINFO what) const {
  long value = 0;
  curl_easy_getinfo(handle_.get(), what, &value);
  return value;
}

bool HttpTransfer::past_proxy() const {
  return spoke_to_target_ || info(CURLINFO_HTTP_CONNECTCODE) / 100 == 2;
}

Error HttpTransfer::error_of(CURLcode code) const {
  if (stopped_) return *stopped_;
  if (!request_.proxy) return plain_error(code);
  const Proxy& proxy = *request_.proxy;
  const int status = static_cast<int>(info(CURLINFO_HTTP_CONNECTCODE));
  if (status == 407) return proxy_auth_failed(proxy, "HTTP status 407");
  if (status != 0 && status / 100 != 2) return proxy_refused(proxy, target_, http_refusal(status));
  if (code == CURLE_PROXY) return socks5_error();
  Error why = plain_error(code);
  return past_proxy() || why.cause == Cause::kConfigInvalid ? why : proxy_unreachable(proxy, std::move(why));
}

Error HttpTransfer::socks5_error() const {
  const Proxy& proxy = *request_.proxy;
  const long code = info(CURLINFO_PROXY_ERROR);
  if (const std::uint8_t reply = socks5_reply(code); reply != 0)
    return proxy_refused(proxy, target_, socks5_refusal(reply));
  switch (code) {
    case CURLPX_NO_AUTH: return proxy_auth_failed(proxy, "no way in that we have is acceptable");
    case CURLPX_USER_REJECTED: return proxy_auth_failed(proxy, "user and password");
    case CURLPX_BAD_VERSION:
    case CURLPX_BAD_ADDRESS_TYPE:
    case CURLPX_UNKNOWN_MODE:
      return proxy_unreachable(proxy, {Errc::kMalformed, Cause::kHttpFailed, "what answers is no SOCKS5 proxy"});
    default: return proxy_unreachable(proxy, plain_error(CURLE_PROXY));
  }
}

Error HttpTransfer::plain_error(CURLcode code) const {
  const std::string said = printable(words_[0] != '\0' ? words_ : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return overdue();
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Errc::kUntrusted, Cause::kTlsUntrusted, "the certificate is not trusted: " + said};
    case CURLE_SSL_CACERT_BADFILE:
      return {Errc::kInvalidArgument, Cause::kConfigInvalid,
              "CA file " + request_.ca_file + ": expected certificates in PEM"};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {Errc::kMalformed, Cause::kHttpFailed, "the answer of " + target_ + " is no HTTP: " + said};
    case CURLE_OUT_OF_MEMORY: return {Errc::kInternal, Cause::kHttpFailed, "no memory for an HTTP request"};
    default: return {Errc::kUnavailable, Cause::kHttpFailed, "no answer of " + target_ + ": " + said};
  }
}

}  // namespace ponte::net
