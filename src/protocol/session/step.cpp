#include "protocol/session/step.h"

#include "protocol/session/connection.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol {

Status Step::send(const wire::Node& node) {
  PONTE_ASSIGN(Bytes message, connection->seal(node));
  out.push_back(SendBytes{std::move(message)});
  return Status::Ok();
}

Status Step::send_iq(wire::Node iq, IqTracker::Handler handler, Milliseconds timeout) {
  std::string id = iqs.next_id();
  iq.with("id", id);
  PONTE_TRY(send(iq));
  iqs.expect(std::move(id), now.mono + timeout, std::move(handler));
  return Status::Ok();
}

void Step::start_work(WorkRequest request, WorkTracker::Handler handler) {
  const WorkId id = link.next_work_id++;
  link.works.expect(id, std::move(handler));
  out.push_back(StartWork{id, link.epoch, std::move(request)});
}

void Step::start_fetch(HttpFetch request, FetchTracker::Handler handler) {
  const FetchId id = link.next_fetch_id++;
  link.fetches.expect(id, std::move(handler));
  out.push_back(StartFetch{id, link.epoch, std::move(request)});
}

void Step::after(Milliseconds delay, Timers::Handler handler) {
  link.timers.add(now.mono + delay, std::move(handler));
}

void Step::end(event::Disposition disposition, Error why) {
  if (link.phase == Phase::kClosed) return;
  link.close();
  out.push_back(CloseChannel{});
  emit(event::Ended{disposition, std::move(why)});
}

}  // namespace ponte::protocol
