#include "protocol/messages/reading.h"

#include <algorithm>
#include <map>

#include "protocol/messages/kept.h"
#include "protocol/messages/lid_map.h"
#include "protocol/messages/receipts.h"
#include "protocol/session/link_state.h"
#include "store/message_records.h"

namespace ponte::protocol::messages {
namespace {

using Authors = std::map<std::string, std::vector<std::string>>;

Status tell_authors(Step& step, const wire::Jid& chat, const Authors& authors) {
  for (const auto& [author, ids] : authors) {
    PONTE_ASSIGN(const auto lid, other_address(step, chat));
    const wire::Jid to = is_pn(chat) && lid ? *lid : chat;
    PONTE_TRY(send_read_receipt(step, to, is_user(chat) ? std::nullopt : wire::Jid::parse(author), ids));
  }
  return Status::Ok();
}

}  // namespace

Status mark_as_read(Step& step, const wire::Jid& chat, const std::vector<std::string>& ids) {
  PONTE_ASSIGN(Authors authors, read_messages(step, chat, ids));
  if (!is_user(chat)) return tell_authors(step, chat, authors);
  // With one person there is no doubt whose the others are, whether they are kept or not.
  PONTE_ASSIGN(const Chat where, chat_of(step, chat));
  std::vector<std::string> theirs;
  for (const std::string& id : ids) {
    PONTE_ASSIGN(const auto kept, store::find_message(step.chats, id, where.jid.to_string()));
    const bool ours = std::ranges::any_of(kept, &store::MessageRecord::from_me);
    if (!ours && is_message_id(id)) theirs.push_back(id);
  }
  return theirs.empty() ? Status::Ok() : tell_authors(step, chat, {{where.jid.to_string(), std::move(theirs)}});
}

Status read_at_once(Step& step, const Source& source) {
  const bool has_reader = source.kind == Source::Kind::kUser || source.kind == Source::Kind::kGroup;
  if (step.link.options.reading != Reading::kAtOnce || source.from_me || source.peer || !has_reader)
    return Status::Ok();
  // What is not kept had nothing to be read in it.
  PONTE_ASSIGN(const Authors authors, read_messages(step, source.chat, {source.id}));
  return tell_authors(step, source.chat, authors);
}

}  // namespace ponte::protocol::messages
