// Who changed what: one record for each request of a route that changes something.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http.h"
#include "base/task.h"
#include "base/time.h"

namespace ponte::api {

/// Names only, never a value that could be a secret: no token, password, code, phone number or assertion.
struct AuditRecord {
  Wall at{};
  std::string request_id;
  std::string actor;   ///< `account`, `instance:` and the name of the instance whose token it was, or `link:` and an id
  std::string client;  ///< its address
  std::string_view action;           ///< of the route: `instance.create` ...
  std::string instance;              ///< which one; empty where what was said is no instance's name
  std::vector<std::string> changed;  ///< names of the settings that were sent
  int status = 0;
  std::string_view result;  ///< `OK`, or the `error.code` of the answer
};

/// The record of a request that was let in, and of its answer.
AuditRecord audit_record(std::string_view action, const Request& request, const Response& response, Wall now);
/// One line of JSON, with its line feed.
std::string audit_line(const AuditRecord& record);

/// Where records go. Thread-safe.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  /// Calls `then` once the record has left this process, on any thread, or at once where it cannot be written.
  virtual void write(AuditRecord record, Task then) = 0;
};

}  // namespace ponte::api
