// The REST layer as one piece: routes, dispatcher, server.
#pragma once

#include <memory>

#include "api/dispatcher.h"
#include "api/pistache_server.h"
#include "base/random.h"
#include "base/time.h"
#include "instance/instance_service.h"

namespace ponte::api {

struct RestApiOptions {
  ServerOptions server;
  DispatcherOptions dispatcher;
};

/// Made after the instances, started after they are, stopped before they go away. `instances`, `clock` and `random`
/// (thread- safe ones) outlive it. At shutdown: server().begin_shutdown(), then the instances' shutdown, which answers
/// whoever waits, then server().stop().
class RestApi {
 public:
  RestApi(RestApiOptions options, instance::InstanceService& instances, const Clock& clock, RandomSource& random);
  ~RestApi();

  PistacheServer& server() { return *server_; }
  const std::vector<Route>& routes() const { return dispatcher_->routes(); }

 private:
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<PistacheServer> server_;
};

}  // namespace ponte::api
