// An answer that goes on with what happens to an instance: Server-Sent Events and WebSockets.
#pragma once

#include <functional>
#include <memory>

#include "api/endpoints/endpoints.h"
#include "instance/push_hub.h"

namespace ponte::api {

/// 200 that goes on as Server-Sent Events; to be given its stream.
Response event_stream();

/// From now on, all events: what a caller of push() starts from.
instance::PushHub::Subscription subscription_of(const EventServices& events, const instance::InstanceInfo& info);

/// Makes what writes events to the client's stream; called once, after the headers.
using MakeSink = std::function<std::shared_ptr<instance::EventSink>(std::shared_ptr<ResponseStream>)>;

/// `response` goes on with the events of `subscription`, whose sink is made when its client is there.
void push(Response& response, const EventServices& events, instance::PushHub::Subscription subscription,
          MakeSink make_sink);

}  // namespace ponte::api
