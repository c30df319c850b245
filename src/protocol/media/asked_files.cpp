#include "protocol/media/asked_files.h"

#include <utility>

#include "protocol/messages/addresses.h"
#include "protocol/session/link_state.h"

namespace ponte::protocol::media {
namespace {

Status finish(Step& step, const std::string& id, Result<std::string> path) {
  auto found = step.link.asked_files.extract(id);
  return found ? found.mapped().done(step, std::move(path)) : Status::Ok();
}

}  // namespace

Status ask_for_file(Step& step, const RetriedMessage& message, AskedFile asked) {
  PONTE_ASSIGN(const messages::OwnAddress own, messages::own_address(step));
  if (step.link.asked_files.contains(message.id)) {
    return asked.done(step, Error{Errc::kUnavailable, Cause::kMediaUnavailable,
                                  "media: the phone is being asked for the file already"});
  }
  PONTE_TRY(step.send(server_error_receipt(message, own.pn, asked.media_key, step.random.array<12>())));
  step.link.asked_files.emplace(message.id, std::move(asked));
  step.after(kFileAgainWithin, [id = message.id](Step& later) {
    return finish(later, id,
                  Error{Errc::kTimedOut, Cause::kMediaUnavailable,
                        "media: the hosts have the file no more, and the phone did not answer; it may be off"});
  });
  return Status::Ok();
}

Status on_asked_file(Step& step, const wire::Node& notification) {
  const std::string id = notification.attribute("id").value_or("");
  const auto found = step.link.asked_files.find(id);
  if (found == step.link.asked_files.end()) return Status::Ok();
  return finish(step, id, read_media_retry(notification, found->second.media_key));
}

}  // namespace ponte::protocol::media
