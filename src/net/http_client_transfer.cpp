#include "net/http_client_transfer.h"

#include <sys/socket.h>

#include <algorithm>

#include "net/address_class.h"
#include "net/authority.h"
#include "net/http_url.h"
#include "net/text.h"

namespace ponte::net {
namespace {

// Headers that libcurl makes.
constexpr std::string_view kOurHeaders[] = {"connection", "content-length", "expect", "transfer-encoding", "upgrade"};

Error invalid(const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kInvalidRequest, "the HTTP request cannot be sent: " + what};
}

// host:port. The text is such that libcurl reads the same from it.
Result<std::string> parse_target(std::string_view text) {
  const auto url = parse_http_url(text);
  if (!url.ok()) return invalid(url.error().message);
  return url->target();
}

Status check_header(const std::string& name, const std::string& value) {
  const bool is_plain =
      std::none_of(value.begin(), value.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
  const bool is_ours = std::count(std::begin(kOurHeaders), std::end(kOurHeaders), lower_case(name)) > 0;
  if (is_http_token(name) && is_plain && !is_ours) return Status::Ok();
  return invalid("header " + printable(name) + ": expected a token and a value in one line, and none that we make");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Status check_http_request(const HttpRequest& request) {
  if (const auto target = parse_target(request.url); !target.ok()) return target.error();
  if (!is_http_token(request.method)) return invalid("expected a token as the method");
  for (const auto& [name, value] : request.headers) PONTE_TRY(check_header(name, value));
  if (!request.proxy) return Status::Ok();
  if (!request.allow_private) return invalid("by a proxy nobody here sees whether the target is public");
  return request.proxy->check();
}

HttpTransfer::HttpTransfer(HttpRequest request, Reply<HttpReply> reply)
    : request_(std::move(request)), reply_(std::move(reply)), target_(parse_target(request_.url).value()) {}

template <typename Value>
void HttpTransfer::set(CURLoption option, Value value) {
  if (set_up_ == CURLE_OK) set_up_ = curl_easy_setopt(handle_.get(), option, value);
}

Status HttpTransfer::prepare(Milliseconds timeout) {
  handle_.reset(curl_easy_init());
  if (!handle_) return Error{Errc::kInternal, Cause::kHttpFailed, "no handle for an HTTP request"};
  set_request();
  set_headers();
  set_answer();
  set_connection(timeout);
  set_tls();
  set_proxy();
  if (set_up_ == CURLE_OK) return Status::Ok();
  return Error{Errc::kInternal, Cause::kHttpFailed,
               std::string("an HTTP request cannot be set up: ") + curl_easy_strerror(set_up_)};
}

void HttpTransfer::set_request() {
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PATH_AS_IS, 1L);
  const std::string& method = request_.method;
  if (method == "HEAD") return set(CURLOPT_NOBODY, 1L);
  const bool wants_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (wants_body || !request_.body.empty()) {
    set(CURLOPT_POST, 1L);
    // Without a pointer it would ask a callback for the body.
    set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : reinterpret_cast<const char*>(request_.body.data()));
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
}

void HttpTransfer::set_headers() {
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  };
  bool has_content_type = false;
  for (const auto& [name, value] : request_.headers) {
    std::string line = name;
    // An empty value has a form of its own; `name:` would take a header off.
    line += trimmed(value).empty() ? ";" : ": " + value;
    add(line);
    has_content_type = has_content_type || lower_case(name) == "content-type";
  }
  // libcurl's own are taken off: a pause before large bodies, and a type that nobody named.
  add("Expect:");
  if (!has_content_type) add("Content-Type:");
  headers_.reset(list);
  set(CURLOPT_HTTPHEADER, list);
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
}

void HttpTransfer::set_answer() {
  set(
      CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) -> std::size_t {
        return static_cast<HttpTransfer*>(self)->on_body(as_bytes({data, size})) ? size : CURL_WRITEFUNC_ERROR;
      });
  set(CURLOPT_WRITEDATA, this);
  set(
      CURLOPT_HEADERFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) -> std::size_t {
        return static_cast<HttpTransfer*>(self)->on_header({data, size}) ? size : CURL_WRITEFUNC_ERROR;
      });
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_ERRORBUFFER, words_);
}

void HttpTransfer::set_connection(Milliseconds timeout) {
  const long milliseconds = std::max<long>(1, static_cast<long>(timeout.count()));
  set(CURLOPT_TIMEOUT_MS, milliseconds);
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  set(CURLOPT_NOSIGNAL, 1L);
  // A look-up that hangs is left to itself; it would hold the client's thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // A proxy's address is judged when a socket is opened: an open connection was perhaps another's, who need not ask.
  const bool is_judged = request_.proxy && !request_.proxy->allow_private;
  if (request_.connections == HttpConnections::kFresh || is_judged) {
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
  }
  set(
      CURLOPT_OPENSOCKETFUNCTION, +[](void* self, curlsocktype, curl_sockaddr* address) -> curl_socket_t {
        return static_cast<HttpTransfer*>(self)->on_open_socket(*address);
      });
  set(CURLOPT_OPENSOCKETDATA, this);
  set(
      CURLOPT_PREREQFUNCTION, +[](void* self, char* peer, char*, int, int) -> int {
        return static_cast<HttpTransfer*>(self)->on_connected(peer) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
      });
  set(CURLOPT_PREREQDATA, this);
}

void HttpTransfer::set_tls() {
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  // Where the library knows a folder of roots, they are read as they are needed: reading them all takes longer than
  // the handshake, each time.
  const char* const folder = curl_version_info(CURLVERSION_NOW)->capath;
  if (request_.ca_file.empty() && !folder) return;
  const char* const file = request_.ca_file.empty() ? nullptr : request_.ca_file.c_str();
  set(CURLOPT_CAINFO, file);
  set(CURLOPT_PROXY_CAINFO, file);
  set(CURLOPT_CAPATH, folder);
  set(CURLOPT_PROXY_CAPATH, folder);
}

void HttpTransfer::set_proxy() {
  // Set in any case: else the environment's would be taken.
  set(CURLOPT_NOPROXY, "");
  if (!request_.proxy) return set(CURLOPT_PROXY, "");
  const Proxy& proxy = *request_.proxy;
  const std::string authority = format_authority(proxy.host, proxy.port);
  set(CURLOPT_PROXY, authority.c_str());
  switch (proxy.protocol) {
    case ProxyProtocol::kHttp: set(CURLOPT_PROXYTYPE, static_cast<long>(CURLPROXY_HTTP)); break;
    case ProxyProtocol::kHttps: set(CURLOPT_PROXYTYPE, static_cast<long>(CURLPROXY_HTTPS)); break;
    case ProxyProtocol::kSocks5: set(CURLOPT_PROXYTYPE, static_cast<long>(CURLPROXY_SOCKS5_HOSTNAME)); break;
  }
  // A way to know that the tunnel stands: SOCKS5 says nothing of it, and TLS begins after it.
  if (proxy.protocol == ProxyProtocol::kSocks5) {
    set(
        CURLOPT_SSL_CTX_FUNCTION, +[](CURL*, void*, void* self) -> CURLcode {
          static_cast<HttpTransfer*>(self)->spoke_to_target_ = true;
          return CURLE_OK;
        });
    set(CURLOPT_SSL_CTX_DATA, this);
  }
  set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  set(CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));
  if (proxy.username.empty() && proxy.password.view().empty()) return;
  SecretBytes password(concat({as_bytes(proxy.password.view()), Bytes{0}}));
  set(CURLOPT_PROXYUSERNAME, proxy.username.c_str());
  set(CURLOPT_PROXYPASSWORD, reinterpret_cast<const char*>(password.view().data()));
}

bool HttpTransfer::stop(Error why) {
  stopped_ = std::make_unique<Error>(std::move(why));
  return false;
}

bool HttpTransfer::on_body(ByteView bytes) {
  if (answer_.body.empty()) {
    // What is announced is got in one piece, within what is allowed; it becomes memory only as it comes.
    curl_off_t announced = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    answer_.body.reserve(std::min(request_.max_body, static_cast<std::size_t>(std::max<curl_off_t>(announced, 0))));
  }
  const std::size_t room = request_.max_body - answer_.body.size();
  if (bytes.size() <= room || request_.long_body == LongBody::kCut)
    append(answer_.body, bytes.first(std::min(room, bytes.size())));
  if (bytes.size() <= room) return true;
  return stop({Errc::kMalformed, Cause::kHttpFailed,
               "the answer of " + target_ + " is larger than " + std::to_string(request_.max_body) + " bytes"});
}

bool HttpTransfer::on_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > HttpClient::kMaxHeaders) {
    return stop(
        {Errc::kMalformed, Cause::kHttpFailed,
         "the headers of " + target_ + " are larger than " + std::to_string(HttpClient::kMaxHeaders) + " bytes"});
  }
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  // Each answer begins with its status: an interim one (RFC 9110 15.2) makes room for the next.
  if (line.starts_with("HTTP/")) answer_.headers.clear();
  if (line.empty()) answered_ = info(CURLINFO_RESPONSE_CODE) >= 200;
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && is_http_token(line.substr(0, colon)))
    answer_.headers.emplace_back(lower_case(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return true;
}

curl_socket_t HttpTransfer::on_open_socket(const curl_sockaddr& address) {
  if (!may_connect(classify_address(address.addr))) return CURL_SOCKET_BAD;
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

// Before the request goes out, be it over a connection that somebody else has left open.
bool HttpTransfer::on_connected(const std::string& peer) {
  if (!request_.proxy && !may_connect(classify_literal(peer).value_or(AddressClass::kReserved))) return false;
  spoke_to_target_ = true;
  return true;
}

bool HttpTransfer::may_connect(AddressClass what) {
  if (what == AddressClass::kPublic) return true;
  const std::string address = " a " + std::string(address_class_name(what)) + " address";
  // With a proxy there is no other connection than to it.
  if (request_.proxy && !request_.proxy->allow_private) {
    return stop({Errc::kForbidden, Cause::kProxyNotAllowed,
                 "proxy " + request_.proxy->to_string() + " is not allowed: it has" + address});
  }
  if (request_.allow_private) return true;
  return stop({Errc::kForbidden, Cause::kTargetNotAllowed, target_ + " is not allowed: it has" + address});
}

}  // namespace ponte::net
