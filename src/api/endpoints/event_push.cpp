#include "api/endpoints/event_push.h"

#include <utility>

namespace ponte::api {

using instance::PushHub;

Response event_stream() {
  Response response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  // nginx would hold it back.
  response.headers.emplace_back("X-Accel-Buffering", "no");
  return response;
}

PushHub::Subscription subscription_of(const EventServices& events, const instance::InstanceInfo& info) {
  PushHub::Subscription out;
  out.instance_id = info.id;
  out.source = events.source_of(info);
  out.after = events.feed.last_sequence(info.id);
  return out;
}

void push(Response& response, const EventServices& events, PushHub::Subscription subscription, MakeSink make_sink) {
  response.stream = [&hub = events.hub, subscription = std::move(subscription),
                     make_sink = std::move(make_sink)](std::shared_ptr<ResponseStream> stream) mutable {
    subscription.sink = make_sink(std::move(stream));
    const PushHub::Id id = hub.subscribe(std::move(subscription));
    return StreamCallbacks{[&hub, id] { hub.resume(id); }, [&hub, id] { hub.unsubscribe(id); }};
  };
}

}  // namespace ponte::api
