// What a session has fetched over HTTP.
#pragma once

#include <map>
#include <optional>

#include "base/result.h"
#include "base/task.h"
#include "instance/environment.h"
#include "net/http_client.h"
#include "net/proxy.h"
#include "protocol/session/output.h"

namespace ponte::instance {

/// Hands a session's fetches to the HTTP client, by the instance's proxy or not at all, and their answers back on the
/// loop. Loop thread.
class SessionFetches {
 public:
  using Done = UniqueFunction<void(protocol::FetchId, protocol::Epoch, Result<protocol::HttpAnswer>)>;

  /// Both outlive it.
  SessionFetches(const Environment& environment, const Lane& lane) : environment_(environment), lane_(lane) {}
  ~SessionFetches() { cancel_all(); }
  SessionFetches(const SessionFetches&) = delete;
  SessionFetches& operator=(const SessionFetches&) = delete;

  /// `done` is called by a task of the loop, which may find this object gone: it looks itself, then asks is_wanted.
  void start(protocol::StartFetch fetch, const std::optional<net::Proxy>& proxy, Done done);
  /// Whether the answer belongs to a fetch that was not cancelled meanwhile; once.
  bool is_wanted(protocol::FetchId id) { return tickets_.erase(id) != 0; }
  /// Ends what is under way: nobody waits for it any more.
  void cancel_all();

 private:
  const Environment& environment_;
  const Lane& lane_;
  std::map<protocol::FetchId, net::HttpTicket> tickets_;
};

}  // namespace ponte::instance
