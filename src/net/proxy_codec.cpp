#include "net/proxy_codec.h"

#include <arpa/inet.h>

#include <algorithm>

#include "crypto/base64.h"
#include "net/authority.h"
#include "net/text.h"

namespace ponte::net {
namespace {

// ---- HTTP CONNECT -----------------------------------------------------------------------------------

constexpr std::string_view kHttpStart = "HTTP/1.";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";
// "HTTP/1.1 200"
constexpr std::size_t kStatusAt = 9;
constexpr std::size_t kStatusEnd = 12;

class HttpConnect final : public ProxyCodec {
 public:
  HttpConnect(Proxy proxy, ProxyTarget target) : ProxyCodec(std::move(proxy), std::move(target)) { put_request(); }

 private:
  void put_request();
  Status on_byte(std::uint8_t byte) override;
  Status on_header();
  Status check_fields() const;

  std::string header_;
};

void HttpConnect::put_request() {
  const std::string authority = format_authority(target().host, target().port);
  const std::string start = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  const std::string_view password = proxy().password.view();
  if (proxy().username.empty() && password.empty()) return put_output(to_bytes(start + "\r\n"));
  // RFC 7617 2.
  const SecretBytes user_and_password(
      concat({as_bytes(proxy().username), as_bytes(std::string_view(":")), as_bytes(password)}));
  std::string encoded = crypto::base64(user_and_password.view());
  put_output(concat({as_bytes(start), as_bytes(std::string_view("Proxy-Authorization: Basic ")), as_bytes(encoded),
                     as_bytes(kHeaderEnd)}));
  wipe({reinterpret_cast<std::uint8_t*>(encoded.data()), encoded.size()});
}

Status HttpConnect::on_byte(std::uint8_t byte) {
  const char c = static_cast<char>(byte);
  const std::size_t at = header_.size();
  if (at < kHttpStart.size() && c != kHttpStart[at]) return malformed("its answer is no HTTP/1 answer");
  // RFC 9112 2.2: lines end with CRLF, and neither of the two stands alone.
  const bool after_cr = at > 0 && header_.back() == '\r';
  const bool is_control = byte < 0x20 && c != '\t' && c != '\r' && c != '\n';
  if (after_cr != (c == '\n') || is_control || byte == 0x7F)
    return malformed("its answer has a control character, or a line that does not end with CRLF");
  header_.push_back(c);
  if (header_.ends_with(kHeaderEnd)) return on_header();
  if (header_.size() == kMaxAnswer)
    return malformed("its answer is longer than " + std::to_string(kMaxAnswer) + " bytes");
  return Status::Ok();
}

Status HttpConnect::on_header() {
  const std::string_view line = std::string_view(header_).substr(0, header_.find('\r'));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() < kStatusEnd || !is_digit(line[kHttpStart.size()]) || line[kStatusAt - 1] != ' ' ||
      !std::all_of(line.begin() + kStatusAt, line.begin() + kStatusEnd, is_digit) ||
      (line.size() > kStatusEnd && line[kStatusEnd] != ' '))
    return malformed("its answer has no status");
  int status = 0;
  for (const char digit : line.substr(kStatusAt, kStatusEnd - kStatusAt)) status = status * 10 + (digit - '0');
  if (status == 407) return proxy_auth_failed(proxy(), "HTTP status 407");
  if (status / 100 != 2) {
    ProxyRefusal refusal = http_refusal(status);
    const std::string_view reason = line.substr(std::min(line.size(), kStatusEnd + 1));
    // A proxy that was told a password could repeat it, in whatever disguise: it gets no word in.
    if (!reason.empty() && proxy().password.view().empty()) refusal.why += " " + printable(reason);
    return refused(refusal);
  }
  PONTE_TRY(check_fields());
  header_ = std::string();
  establish();
  return Status::Ok();
}

// RFC 9112 5. Their content says nothing: Content-Length and Transfer-Encoding have no meaning here (RFC 9110 9.3.6).
Status HttpConnect::check_fields() const {
  std::string_view rest(header_);
  rest.remove_prefix(rest.find('\n') + 1);
  while (!rest.starts_with('\r')) {
    if (!is_http_token(rest.substr(0, rest.find_first_of(":\r"))))
      return malformed("its answer has no valid header fields");
    if (rest[rest.find_first_of(":\r")] != ':') return malformed("its answer has a header field without a colon");
    rest.remove_prefix(rest.find('\n') + 1);
  }
  return Status::Ok();
}

// ---- SOCKS5 -----------------------------------------------------------------------------------------

constexpr std::uint8_t kVersion = 5;
constexpr std::uint8_t kAuthVersion = 1;
constexpr std::uint8_t kNoAuth = 0;
constexpr std::uint8_t kUserPassword = 2;
constexpr std::uint8_t kNoneAcceptable = 0xFF;
constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kIpv4 = 1;
constexpr std::uint8_t kDomain = 3;
constexpr std::uint8_t kIpv6 = 4;
// Version, reply, reserved, address type.
constexpr std::size_t kReplyHead = 4;
constexpr std::size_t kPortSize = 2;

class Socks5 final : public ProxyCodec {
 public:
  Socks5(Proxy proxy, ProxyTarget target) : ProxyCodec(std::move(proxy), std::move(target)) {
    put_output({kVersion, 1, method()});
  }

 private:
  // kMethod ──no authentication──► kReply ──► established
  //    └──user and password──► kAuth ──┘
  enum class State {
    kMethod,  // the greeting is sent
    kAuth,    // user and password are sent
    kReply,   // the request is sent
  };

  Status on_byte(std::uint8_t byte) override;
  Status on_method(std::uint8_t byte);
  Status on_auth(std::uint8_t byte);
  Status on_reply(std::uint8_t byte);
  Status expect_version(std::uint8_t version, std::uint8_t got) const;
  void next(State state);
  Bytes auth() const;
  Bytes request() const;

  // Only what is wanted is offered: with credentials that go unused the proxy may send us by another way.
  std::uint8_t method() const {
    return proxy().username.empty() && proxy().password.view().empty() ? kNoAuth : kUserPassword;
  }

  State state_ = State::kMethod;
  std::size_t at_ = 0;    // bytes of this answer so far
  std::size_t size_ = 0;  // of the reply, once its head is known
  std::uint8_t address_type_ = 0;
};

Status Socks5::on_byte(std::uint8_t byte) {
  ++at_;
  switch (state_) {
    case State::kMethod: return on_method(byte);
    case State::kAuth: return on_auth(byte);
    case State::kReply: return on_reply(byte);
  }
  return Status::Ok();
}

Status Socks5::expect_version(std::uint8_t version, std::uint8_t got) const {
  if (version == got) return Status::Ok();
  return malformed("expected version " + std::to_string(version) + " in its answer, got " + std::to_string(got));
}

void Socks5::next(State state) {
  state_ = state;
  at_ = 0;
  put_output(state == State::kAuth ? auth() : request());
}

Status Socks5::on_method(std::uint8_t byte) {
  if (at_ == 1) return expect_version(kVersion, byte);
  if (byte == kNoneAcceptable)
    return proxy_auth_failed(proxy(),
                             method() == kNoAuth ? "no way in without is acceptable" : "it takes no user and password");
  if (byte != method()) return malformed("it chose authentication " + std::to_string(byte) + ", which was not offered");
  next(byte == kUserPassword ? State::kAuth : State::kReply);
  return Status::Ok();
}

Status Socks5::on_auth(std::uint8_t byte) {
  if (at_ == 1) return expect_version(kAuthVersion, byte);
  if (byte != 0) return proxy_auth_failed(proxy(), "status " + std::to_string(byte));
  next(State::kReply);
  return Status::Ok();
}

Status Socks5::on_reply(std::uint8_t byte) {
  if (at_ == 1) return expect_version(kVersion, byte);
  if (at_ == 2 && byte != 0) return refused(socks5_refusal(byte));
  if (at_ == 3 && byte != 0) return malformed("expected 0 in the reserved byte, got " + std::to_string(byte));
  if (at_ == kReplyHead) {
    address_type_ = byte;
    switch (byte) {
      case kIpv4: size_ = kReplyHead + 4 + kPortSize; break;
      case kIpv6: size_ = kReplyHead + 16 + kPortSize; break;
      case kDomain: size_ = kReplyHead + 1 + kPortSize; break;  // and as many as the next byte says
      default: return malformed("expected an address of type 1, 3 or 4 in its answer, got " + std::to_string(byte));
    }
  }
  if (at_ == kReplyHead + 1 && address_type_ == kDomain) size_ += byte;
  if (at_ == size_) establish();
  return Status::Ok();
}

// RFC 1929 2.
Bytes Socks5::auth() const {
  const std::string& username = proxy().username;
  const std::string_view password = proxy().password.view();
  return concat({Bytes{kAuthVersion, static_cast<std::uint8_t>(username.size())}, as_bytes(username),
                 Bytes{static_cast<std::uint8_t>(password.size())}, as_bytes(password)});
}

// RFC 1928 4.
Bytes Socks5::request() const {
  const std::string& host = target().host;
  ByteArray<16> address;
  Bytes out{kVersion, kConnect, 0};
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
    out.push_back(kIpv4);
    append(out, ByteView(address).first(4));
  } else if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    out.push_back(kIpv6);
    append(out, address);
  } else {
    out.push_back(kDomain);
    out.push_back(static_cast<std::uint8_t>(host.size()));
    append(out, as_bytes(host));
  }
  out.push_back(static_cast<std::uint8_t>(target().port >> 8));
  out.push_back(static_cast<std::uint8_t>(target().port));
  return out;
}

}  // namespace

// ---- both -------------------------------------------------------------------------------------------

Result<std::unique_ptr<ProxyCodec>> ProxyCodec::create(Proxy proxy, ProxyTarget target) {
  PONTE_TRY(proxy.check());
  // Nothing else is ever written into a request; a name fits into the byte that SOCKS5 has for its length.
  if (const auto authority = parse_authority(format_authority(target.host, target.port)); !authority.ok()) {
    return Error{Errc::kInvalidArgument, Cause::kInvalidRequest,
                 "the target cannot be named to a proxy: " + authority.error().message};
  }
  if (proxy.protocol == ProxyProtocol::kSocks5)
    return std::unique_ptr<ProxyCodec>(std::make_unique<Socks5>(std::move(proxy), std::move(target)));
  return std::unique_ptr<ProxyCodec>(std::make_unique<HttpConnect>(std::move(proxy), std::move(target)));
}

Status ProxyCodec::feed(ByteView bytes) {
  for (const std::uint8_t byte : bytes) {
    if (established_) return malformed("it sent more than its answer, before the target was spoken to");
    PONTE_TRY(on_byte(byte));
  }
  return Status::Ok();
}

Error ProxyCodec::malformed(const std::string& what) const {
  return {Errc::kMalformed, Cause::kProxyUnreachable, "proxy " + proxy_.to_string() + " cannot be used: " + what};
}

Error ProxyCodec::refused(const ProxyRefusal& refusal) const {
  return proxy_refused(proxy_, format_authority(target_.host, target_.port), refusal);
}

}  // namespace ponte::net
