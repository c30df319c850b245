#include "api/request_gate.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "api/text.h"

namespace ponte::api {
namespace {

constexpr std::size_t kLongestMethod = 32;
constexpr std::size_t kLongestChunkLine = 256;
constexpr std::size_t kLongestTrailer = 4096;

/// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

/// The methods that Pistache's parser knows, but CONNECT, whose target is no path. TRACE is let in to be told 405.
bool is_known_method(std::string_view method) {
  static constexpr std::string_view kKnown[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"};
  return std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
}

template <int kBase>
std::optional<std::size_t> parse_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

void RequestGate::reset() {
  state_ = State::kHead;
  step_ = Step::kRequestLine;
  head_ = {};
  refusal_ = {};
  line_.clear();
  head_bytes_ = trailer_bytes_ = remaining_ = 0;
  chunked_ = continue_due_ = false;
  chunked_body_ = {};
  canonical_ = {};
}

void RequestGate::refuse(int status, Cause cause, std::string message, std::string details) {
  state_ = State::kRefused;
  refusal_ = {status, cause, std::move(message), std::move(details)};
}

void RequestGate::malformed(std::string details) {
  refuse(400, Cause::kInvalidRequest, "Malformed request", std::move(details));
}

std::size_t RequestGate::take(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && (state_ == State::kHead || state_ == State::kBody)) {
    if (step_ == Step::kPlainBody || step_ == Step::kChunkData) {
      used += take_body(bytes.substr(used));
    } else {
      take_head_byte(bytes[used++]);
    }
  }
  return used;
}

/// Everything that comes in lines: the head, chunk sizes, the end of a chunk, trailers.
void RequestGate::take_head_byte(char c) {
  switch (step_) {
    case Step::kRequestLine:
      if (line_.size() >= limits_.target + kLongestMethod) {
        return refuse(414, Cause::kRequestTooLarge, "Request target too long",
                      "expected at most " + std::to_string(limits_.target) + " bytes");
      }
      ++head_bytes_;
      // A TLS greeting on this port, say: refused at its first byte, not when its time is up.
      if (c != '\r' && c != '\n' && c != ' ' && line_.find(' ') == std::string::npos && !is_token({&c, 1})) {
        return malformed("the method is not a token");
      }
      if (line_complete(c, limits_.head)) on_request_line();
      return;
    case Step::kHeaderLine:
      if (++head_bytes_ > limits_.head) {
        return refuse(431, Cause::kRequestTooLarge, "Request header fields too large",
                      "expected at most " + std::to_string(limits_.head) + " bytes");
      }
      if (line_complete(c, limits_.head)) line_.empty() ? on_head_end() : on_header_line();
      return;
    case Step::kChunkSize:
      if (line_complete(c, kLongestChunkLine)) on_chunk_size();
      return;
    case Step::kChunkEnd:
      if (line_.empty() && c != '\r') return malformed("a chunk is longer than its size");
      if (!line_complete(c, 1)) return;
      step_ = Step::kChunkSize;
      return;
    case Step::kTrailer:
      if (++trailer_bytes_ > kLongestTrailer) return malformed("trailers of more than 4096 bytes");
      if (!line_complete(c, kLongestTrailer)) return;
      if (line_.empty()) return complete();
      line_.clear();
      return;
    case Step::kPlainBody:
    case Step::kChunkData: return;
  }
}

/// Collects a line; true at its CRLF, with the line without it in line_. The caller clears line_.
bool RequestGate::line_complete(char c, std::size_t limit) {
  const bool after_return = !line_.empty() && line_.back() == '\r';
  if (c == '\n') {
    // RFC 9112 2.2 lets a server take a bare LF; proxies in front differ on it, which is how requests are smuggled.
    if (!after_return) return malformed("a line that ends without CR"), false;
    line_.pop_back();
    return true;
  }
  if (after_return) return malformed("a CR without LF"), false;
  if (c == '\0') return malformed("a NUL in the head"), false;
  line_.push_back(c);
  if (line_.size() > limit + 1) malformed("a line is too long");
  return false;
}

void RequestGate::on_request_line() {
  if (line_.empty()) {
    // RFC 9112 2.2: empty lines before a request are ignored, a few of them.
    if (head_bytes_ > 8) malformed("expected a request line");
    return;
  }
  const std::string line = std::exchange(line_, {});
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string::npos || first == last)
    return malformed("expected METHOD TARGET VERSION in the request line");
  head_.method = line.substr(0, first);
  head_.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = std::string_view(line).substr(last + 1);
  if (!is_token(head_.method)) return malformed("the method is not a token");
  if (version.substr(0, 5) != "HTTP/") return malformed("expected HTTP/1.1 in the request line");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(505, Cause::kInvalidRequest, "HTTP version not supported", "expected HTTP/1.1 or HTTP/1.0");
  }
  if (head_.target.empty() || !is_visible(head_.target))
    return malformed("the target holds blanks or foreign characters");
  if (head_.target.size() > limits_.target) {
    return refuse(414, Cause::kRequestTooLarge, "Request target too long",
                  "expected at most " + std::to_string(limits_.target) + " bytes");
  }
  if (!is_known_method(head_.method)) {
    return refuse(501, Cause::kMethodNotAllowed, "Method not implemented", "expected GET, POST, PUT, PATCH or DELETE");
  }
  head_.http_1_0 = version == "HTTP/1.0";
  step_ = Step::kHeaderLine;
}

void RequestGate::on_header_line() {
  const std::string line = std::exchange(line_, {});
  const auto colon = line.find(':');
  // A name with a blank before its colon, or a folded line, is refused: RFC 9112 5.1 and 5.2.
  if (colon == std::string::npos || !is_token(std::string_view(line).substr(0, colon))) {
    return malformed("expected NAME: VALUE in a header line");
  }
  const std::string_view value = trim(std::string_view(line).substr(colon + 1));
  if (!is_field_value(value)) return malformed("a header value holds control characters");
  if (head_.headers.size() >= limits_.headers) {
    return refuse(431, Cause::kRequestTooLarge, "Request header fields too large",
                  "expected at most " + std::to_string(limits_.headers) + " lines");
  }
  head_.headers.emplace_back(to_lower(std::string_view(line).substr(0, colon)), value);
}

void RequestGate::on_head_end() {
  state_ = State::kBody;
  on_host_and_connection();
  if (state_ == State::kRefused) return;

  std::vector<std::string_view> lengths;
  std::vector<std::string_view> encodings;
  for (const auto& [name, value] : head_.headers) {
    if (name == "content-length") lengths.push_back(value);
    if (name == "transfer-encoding") encodings.push_back(value);
  }
  if (!lengths.empty() && !encodings.empty()) return malformed("Content-Length together with Transfer-Encoding");
  if (lengths.size() > 1) return malformed("more than one Content-Length");
  if (encodings.size() > 1) return malformed("more than one Transfer-Encoding");
  if (!encodings.empty()) return on_transfer_encoding(encodings.front());
  if (!lengths.empty()) return on_content_length(lengths.front());
  write_canonical_head(std::nullopt);
  complete();
}

void RequestGate::on_host_and_connection() {
  std::size_t hosts = 0;
  bool close = head_.http_1_0;
  for (const auto& [name, value] : head_.headers) {
    if (name == "host") ++hosts;
    if (name == "connection" && list_contains(value, "close")) close = true;
    if (name == "expect") {
      if (!equals_ignoring_case(value, "100-continue")) {
        return refuse(417, Cause::kInvalidRequest, "Expectation failed", "expected 100-continue");
      }
      head_.expects_continue = !head_.http_1_0;
    }
  }
  head_.keep_alive = !close;
  // RFC 9112 3.2: exactly one Host with HTTP/1.1.
  if (hosts > 1 || (hosts == 0 && !head_.http_1_0)) malformed("expected exactly one Host header");
}

void RequestGate::on_transfer_encoding(std::string_view value) {
  if (head_.http_1_0) return malformed("Transfer-Encoding with HTTP/1.0");
  if (!equals_ignoring_case(value, "chunked")) {
    return refuse(501, Cause::kNotImplemented, "Transfer encoding not implemented", "expected chunked");
  }
  chunked_ = true;
  step_ = Step::kChunkSize;
  continue_due_ = head_.expects_continue;
}

void RequestGate::on_content_length(std::string_view value) {
  const bool digits =
      !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return malformed("expected a whole number in Content-Length");
  const auto length = parse_number<10>(value);
  if (!length || *length > limits_.body) {
    return refuse(413, Cause::kRequestTooLarge, "Request body too large",
                  "expected at most " + std::to_string(limits_.body) + " bytes");
  }
  remaining_ = *length;
  write_canonical_head(remaining_);
  if (remaining_ == 0) return complete();
  step_ = Step::kPlainBody;
  continue_due_ = head_.expects_continue;
}

void RequestGate::on_chunk_size() {
  const std::string line = std::exchange(line_, {});
  // Chunk extensions are ignored: RFC 9112 7.1.1.
  const std::string_view digits = trim(std::string_view(line).substr(0, line.find(';')));
  const bool hexadecimal =
      !digits.empty() && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (!hexadecimal) return malformed("expected a hexadecimal chunk size");
  const auto size = parse_number<16>(digits);
  if (!size || *size > limits_.body - chunked_body_.size()) {
    return refuse(413, Cause::kRequestTooLarge, "Request body too large",
                  "expected at most " + std::to_string(limits_.body) + " bytes");
  }
  remaining_ = *size;
  step_ = remaining_ == 0 ? Step::kTrailer : Step::kChunkData;
}

std::size_t RequestGate::take_body(std::string_view bytes) {
  continue_due_ = false;
  const std::size_t size = std::min(bytes.size(), remaining_);
  (chunked_ ? chunked_body_ : canonical_).append(bytes.substr(0, size));
  remaining_ -= size;
  if (remaining_ == 0) {
    if (chunked_)
      step_ = Step::kChunkEnd;
    else
      complete();
  }
  return size;
}

void RequestGate::complete() {
  if (chunked_) {
    write_canonical_head(chunked_body_.size());
    canonical_ += std::exchange(chunked_body_, {});
  }
  continue_due_ = false;
  state_ = State::kComplete;
}

void RequestGate::write_canonical_head(std::optional<std::size_t> length) {
  canonical_ += head_.method + ' ' + head_.target + (head_.http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  if (length) canonical_ += "Content-Length: " + std::to_string(*length) + "\r\n";
  canonical_ += "\r\n";
}

}  // namespace ponte::api
