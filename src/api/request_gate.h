// What stands in front of Pistache's parser: only well-formed requests within the limits get through.
//
// Pistache reserves whatever Content-Length says before it checks a limit, waits for ever on malformed lines, reads
// "Content-Length: abc" as 0, mixes the end of a chunk into the body when it arrives in pieces, and answers parse
// errors through its unsafe write queue (docs/adr/0002). So framing (RFC 9112) is decided here, strictly, and
// Pistache's parser gets a canonical rendition: the request line, one Content-Length, the plain body.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/http.h"

namespace ponte::api {

/// Bytes.
struct RequestLimits {
  std::size_t target = 2048;
  std::size_t head = 16 * 1024;
  std::size_t headers = 100;  ///< lines
  std::size_t body = 1024 * 1024;
};

/// The head of one request, as it came.
struct RequestHead {
  std::string method;
  std::string target;
  bool http_1_0 = false;
  Headers headers;
  bool keep_alive = false;        ///< HTTP/1.1 without `Connection: close`
  bool expects_continue = false;  ///< `Expect: 100-continue`
};

/// Incremental and pure: feed bytes in any split. Not thread-safe.
class RequestGate {
 public:
  enum class State { kHead, kBody, kComplete, kRefused };

  explicit RequestGate(RequestLimits limits = {}) : limits_(limits) {}

  /// Reads a prefix of `bytes` and returns its length. It stops short only at kComplete (what is left belongs to the
  /// next request) and at kRefused.
  std::size_t take(std::string_view bytes);

  State state() const { return state_; }
  /// Nothing of a request has come yet.
  bool idle() const { return state_ == State::kHead && head_bytes_ == 0; }
  /// As far as it has come.
  const RequestHead& head() const { return head_; }
  /// In state kRefused.
  const Refusal& refusal() const { return refusal_; }
  /// What may go to Pistache's parser since the last call.
  std::string take_canonical() { return std::exchange(canonical_, {}); }
  /// True once, when a body is announced that the client sends only after a 100.
  bool take_continue() { return std::exchange(continue_due_, false); }

  /// For the next request of the connection.
  void reset();

 private:
  enum class Step { kRequestLine, kHeaderLine, kPlainBody, kChunkSize, kChunkData, kChunkEnd, kTrailer };

  void refuse(int status, Cause cause, std::string message, std::string details = {});
  void malformed(std::string details);
  void take_head_byte(char c);
  bool line_complete(char c, std::size_t limit);
  void on_line();
  void on_request_line();
  void on_header_line();
  void on_head_end();
  void on_host_and_connection();
  void on_transfer_encoding(std::string_view value);
  void on_content_length(std::string_view value);
  void on_chunk_size();
  std::size_t take_body(std::string_view bytes);
  void complete();
  void write_canonical_head(std::optional<std::size_t> length);

  RequestLimits limits_;
  State state_ = State::kHead;
  Step step_ = Step::kRequestLine;
  RequestHead head_;
  Refusal refusal_;
  std::string line_;
  std::size_t head_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t remaining_ = 0;  ///< of the plain body or the chunk
  bool chunked_ = false;
  bool continue_due_ = false;
  std::string chunked_body_;
  std::string canonical_;
};

}  // namespace ponte::api
