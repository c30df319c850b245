// HTTP as the endpoints see it. No Pistache here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/reply.h"
#include "base/result.h"
#include "base/task.h"
#include "instance/instance_service.h"
#include "instance/link_types.h"

namespace ponte::api {

enum class Method { kGet, kPost, kPut, kDelete, kOptions, kHead, kPatch, kOther };
/// `GET`, `POST` ...; `OTHER` for kOther.
std::string_view method_name(Method method);

/// Names in lower case, in the order of arrival.
using Headers = std::vector<std::pair<std::string, std::string>>;
/// The first value of a name, without blanks around it.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view lower_case_name);

/// What an endpoint adds to the audit record of its request: names, never values.
struct AuditNote {
  std::string instance;              ///< where the path does not say it
  std::vector<std::string> changed;  ///< settings that were sent
};

/// One request, complete, with decoded path parameters and query.
struct Request {
  Method method = Method::kGet;
  std::string path;                                        ///< decoded, without query
  std::map<std::string, std::string, std::less<>> params;  ///< `:instance` ...
  std::map<std::string, std::string, std::less<>> query;   ///< first of duplicates
  Headers headers;
  std::string body;
  std::string client_address;                    ///< of the peer, or X-Forwarded-For of a trusted proxy
  bool may_upgrade = false;                      ///< the connection can become a WebSocket
  bool origin_allowed = false;                   ///< its Origin is one of those that may call from a browser
  std::string id;                                ///< X-Request-Id, taken over or made
  std::optional<instance::Principal> principal;  ///< set where the route asks for a token
  std::optional<instance::LinkHolder> link;      ///< set where it asks for a link's
  /// Of routes that change something, where changes are written down. Shared with whoever writes the record, since the
  /// request goes its own way; nothing is added once it is answered.
  std::shared_ptr<AuditNote> audit;

  std::optional<std::string_view> header(std::string_view lower_case_name) const {
    return find_header(headers, lower_case_name);
  }
  std::optional<std::string_view> query_value(std::string_view name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
};

/// An answer that goes on after its headers. Thread-safe; outlives its connection.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  /// Queues bytes. False: the client has gone, or is too slow, and gets no more.
  virtual bool write(std::string_view bytes) = 0;
  /// The same of bytes that many get, copied only where the connection needs a copy.
  virtual bool write_shared(const std::shared_ptr<const std::string>& bytes) { return write(*bytes); }
  /// Bytes that the socket has not taken yet.
  virtual std::size_t waiting() const = 0;
  /// Ends it once all is written.
  virtual void close() = 0;
};
struct StreamCallbacks {
  Task on_drained;  ///< all that waited is written; any thread
  Task on_gone;     ///< the client has gone, or was too slow; once, any thread, not where write() has said so
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;  ///< in the spelling that goes out; without Content-Type, Content-Length, Connection and Date
  std::string body;
  std::optional<Cause> cause = std::nullopt;  ///< of an error
  /// Set: the headers are followed by what is written to the stream, until it ends with the connection. Called once,
  /// after the headers; not for HEAD. With status 101 the connection becomes a WebSocket, and each write a message.
  std::function<StreamCallbacks(std::shared_ptr<ResponseStream>)> stream = nullptr;
};

/// A request that does not reach a handler: malformed, too large, too slow.
struct Refusal {
  int status = 400;
  Cause cause = Cause::kInvalidRequest;
  std::string message;  ///< `error.message`
  std::string details;  ///< what exactly, where that helps
};

/// Answers now or later, from any thread, once. Called from several workers at a time.
using Handler = UniqueFunction<void(Request, Reply<Response>)>;

}  // namespace ponte::api
