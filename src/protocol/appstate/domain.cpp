#include "protocol/appstate/domain.h"

#include <algorithm>
#include <set>

#include "protocol/features/presence.h"
#include "protocol/messages/addresses.h"
#include "protocol/messages/lid_map.h"
#include "protocol/session/link_state.h"
#include "store/app_state_records.h"
#include "store/chat_records.h"
#include "store/message_records.h"
#include "store/messaging_records.h"

namespace ponte::protocol::appstate {
namespace {

using messages::LabelChange;

constexpr std::int64_t kForever = -1;

Status status_of(const Result<bool>& changed) {
  return changed.ok() ? Status::Ok() : Status(changed.error());
}

/// Ranges have whole seconds, records have not.
Wall end_of(Wall second) {
  return second + Milliseconds(999);
}

/// Writes one action after the other.
class Writer {
 public:
  Writer(Step& step, const Changes& changes) : step_(step), changes_(changes) {}

  Status write() {
    for (std::size_t at = changes_.first; at < changes_.actions.size(); ++at) {
      at_ = changes_.actions[at].at;
      PONTE_TRY(std::visit(*this, changes_.actions[at].action));
    }
    const bool whole = changes_.source == Changes::Source::kSnapshot && changes_.part == Changes::Part::kLast;
    return whole && changes_.collection == Collection::kCriticalUnblockLow ? forget_other_contacts() : Status::Ok();
  }

  Status operator()(const action::Contact& it) {
    const wire::Jid& jid = it.jid;
    const auto pn = it.pn ? it.pn : messages::is_pn(jid) ? std::optional(jid) : std::nullopt;
    const auto lid = it.lid ? it.lid : messages::is_lid(jid) ? std::optional(jid) : std::nullopt;
    if (pn && lid) PONTE_TRY(messages::learn_mapping(step_, *pn, *lid));
    if (!messages::is_nameable(jid)) return Status::Ok();
    PONTE_ASSIGN(const messages::Chat chat, messages::chat_of(step_, jid));
    return status_of(store::change_contact(step_.chats, chat.jid.to_string(), [&](store::ContactRecord& contact) {
      contact.full_name = it.full_name;
      contact.first_name = it.first_name;
      contact.username = it.username;
      contact.pn = messages::text_of(chat.other.pn);
      contact.lid = messages::text_of(chat.other.lid);
    }));
  }

  Status operator()(const action::ContactRemoved& it) {
    if (!messages::is_nameable(it.jid)) return Status::Ok();
    PONTE_ASSIGN(const messages::Chat chat, messages::chat_of(step_, it.jid));
    return forget_contact(chat.jid.to_string());
  }

  Status operator()(const action::PushName& it) {
    if (!step_.link.account || step_.link.account->push_name == it.name) return Status::Ok();
    step_.link.account->push_name = it.name;
    store::put_account(step_.store, *step_.link.account);
    step_.emit(event::PushNameChanged{it.name});
    return features::announce_presence(step_);
  }

  Status operator()(const action::Mute& it) {
    return change(it.chat, [&](store::ChatRecord& chat) {
      chat.muted_until.reset();
      if (it.muted) chat.muted_until = it.until ? unix_milliseconds(*it.until) : kForever;
    });
  }

  Status operator()(const action::Pin& it) {
    return change(it.chat,
                  [&](store::ChatRecord& chat) { chat.pinned_at = it.pinned ? std::optional(at_) : std::nullopt; });
  }

  Status operator()(const action::Archive& it) {
    return change(it.chat, [&](store::ChatRecord& chat) { chat.archived = it.archived; });
  }

  Status operator()(const action::MarkRead& it) {
    return change(it.chat, [&](store::ChatRecord& chat) {
      chat.marked_unread = !it.read;
      // What came after it is still to be read.
      const Wall until = it.range.last_message ? end_of(*it.range.last_message) : at_;
      if (it.read && (!chat.last_message_at || *chat.last_message_at <= until)) chat.unread_count = 0;
    });
  }

  Status operator()(const action::Label& it) {
    PONTE_ASSIGN(const auto known, store::get_label(step_.chats, it.id));
    // Its deletion comes without what it was.
    const bool keeps = it.deleted && it.name.empty() && known;
    const store::LabelRecord label{it.id, keeps ? known->name : it.name, keeps ? known->color : it.color, it.deleted};
    if (known == label) return Status::Ok();
    store::put_label(step_.chats, label);
    if (it.deleted) {
      PONTE_ASSIGN(const auto chats, store::get_label_chats(step_.chats, it.id));
      for (const std::string& chat : chats) store::remove_label(step_.chats, it.id, chat);
    }
    const auto kind = it.deleted ? LabelChange::Kind::kDeleted : LabelChange::Kind::kEdited;
    tell({kind, it.id, label.name, label.color, {}});
    return Status::Ok();
  }

  Status operator()(const action::LabelChat& it) {
    if (!messages::is_nameable(it.chat)) return Status::Ok();
    PONTE_ASSIGN(messages::Chat chat, messages::chat_of(step_, it.chat));
    const std::string name = chat.jid.to_string();
    PONTE_ASSIGN(const auto labels, store::get_chat_labels(step_.chats, name));
    if ((std::find(labels.begin(), labels.end(), it.label_id) != labels.end()) == it.labeled) return Status::Ok();
    if (it.labeled) {
      store::add_label(step_.chats, it.label_id, name);
    } else {
      store::remove_label(step_.chats, it.label_id, name);
    }
    PONTE_ASSIGN(const auto label, store::get_label(step_.chats, it.label_id));
    tell({it.labeled ? LabelChange::Kind::kAssigned : LabelChange::Kind::kRemoved, it.label_id,
          label ? label->name : "", label ? label->color : 0, std::move(chat)});
    return Status::Ok();
  }

  Status operator()(const action::LabelMessage&) { return Status::Ok(); }

  Status operator()(const action::Star& it) {
    PONTE_ASSIGN(const auto name, name_of(it.message));
    if (!name) return Status::Ok();
    return status_of(store::change_message(step_.chats, *name,
                                           [&](store::MessageRecord& message) { message.starred = it.starred; }));
  }

  Status operator()(const action::DeleteForMe& it) {
    PONTE_ASSIGN(const auto name, name_of(it.message));
    return name ? status_of(store::erase_message(step_.chats, *name)) : Status::Ok();
  }

  Status operator()(const action::ClearChat& it) {
    store::ChatErasure erasure;
    erasure.keep_starred = !it.delete_starred;
    return erase(it.chat, it.range, std::move(erasure));
  }
  Status operator()(const action::DeleteChat& it) {
    store::ChatErasure erasure;
    erasure.chat_too = true;
    return erase(it.chat, it.range, std::move(erasure));
  }

  Status operator()(const action::UnarchiveChats&) { return Status::Ok(); }

  Status operator()(const action::NctSalt& it) {
    store::put_nct_salt(step_.store, it.salt);
    return Status::Ok();
  }

  Status operator()(const action::PnOfLid& it) { return messages::learn_mapping(step_, it.pn, it.lid); }

 private:
  template <typename Change>
  Status change(const wire::Jid& jid, Change change) {
    if (!messages::is_nameable(jid)) return Status::Ok();
    PONTE_ASSIGN(const messages::Chat chat, messages::chat_of(step_, jid));
    return status_of(store::change_chat(step_.chats, chat.jid.to_string(), [&](store::ChatRecord& record) {
      record.pn = messages::text_of(chat.other.pn);
      record.lid = messages::text_of(chat.other.lid);
      change(record);
    }));
  }

  /// A message as the records name it; nullopt for what no record can be about.
  Result<std::optional<store::MessageName>> name_of(const MessageRef& message) {
    using Name = std::optional<store::MessageName>;
    if (!messages::is_nameable(message.chat) || !messages::is_message_id(message.id)) return Name();
    PONTE_ASSIGN(const messages::Chat chat, messages::chat_of(step_, message.chat));
    store::MessageName name{chat.jid.to_string(), store::kMe, message.id};
    if (message.from_me) return Name(std::move(name));
    name.sender = name.chat;
    if (message.participant) {
      if (!messages::is_nameable(*message.participant)) return Name();
      PONTE_ASSIGN(const messages::Chat author, messages::chat_of(step_, *message.participant));
      name.sender = author.jid.to_string();
    }
    return Name(std::move(name));
  }

  /// What came after the other device's last message stays.
  Status erase(const wire::Jid& jid, const Range& range, store::ChatErasure erasure) {
    if (!messages::is_nameable(jid)) return Status::Ok();
    PONTE_ASSIGN(const messages::Chat chat, messages::chat_of(step_, jid));
    erasure.chat = chat.jid.to_string();
    erasure.until = range.last_message ? end_of(*range.last_message) : at_;
    PONTE_ASSIGN(const auto running, store::get_chat_erasure(step_.store, erasure.chat));
    if (running) {
      erasure.until = std::max(erasure.until, running->until);
      erasure.chat_too = erasure.chat_too || running->chat_too;
      erasure.keep_starred = erasure.keep_starred && running->keep_starred;
    }
    store::put_chat_erasure(step_.store, erasure);
    if (step_.link.app_state) step_.link.app_state->erasing = true;
    return Status::Ok();
  }

  /// What the address book said of somebody. What he calls himself stays.
  Status forget_contact(const std::string& jid) {
    PONTE_ASSIGN(const auto known, store::get_contact(step_.chats, jid));
    if (!known) return Status::Ok();
    if (known->push_name.empty() && known->business_name.empty()) {
      store::erase_contact(step_.chats, jid);
      return Status::Ok();
    }
    return status_of(store::change_contact(step_.chats, jid, [](store::ContactRecord& contact) {
      contact.full_name.clear();
      contact.first_name.clear();
      contact.username.clear();
    }));
  }

  /// A snapshot is all that there is: who is not in it left the address book while we could not follow.
  Status forget_other_contacts() {
    std::set<std::string, std::less<>> named;
    for (const TimedAction& one : changes_.actions) {
      const auto* contact = std::get_if<action::Contact>(&one.action);
      if (contact != nullptr) named.insert(messages::plain(contact->jid).to_string());
    }
    PONTE_ASSIGN(const auto contacts, store::get_contacts(step_.chats));
    for (const store::ContactRecord& contact : contacts) {
      const bool of_the_book = !contact.full_name.empty() || !contact.first_name.empty();
      const bool still = named.contains(contact.jid) || named.contains(contact.pn) || named.contains(contact.lid);
      if (of_the_book && !still) PONTE_TRY(forget_contact(contact.jid));
    }
    return Status::Ok();
  }

  void tell(LabelChange change) {
    if (changes_.source == Changes::Source::kPatch) step_.tell(event::LabelUpdated{std::move(change)});
  }

  Step& step_;
  const Changes& changes_;
  Wall at_{};  ///< of the action that is written
};

}  // namespace

Status write_changes(Step& step, const Changes& changes) {
  return Writer(step, changes).write();
}

Result<bool> erase_some(Step& step) {
  PONTE_ASSIGN(const auto erasure, store::next_chat_erasure(step.store));
  if (!erasure) return false;
  const auto starred = erasure->keep_starred ? store::Starred::kKept : store::Starred::kErased;
  PONTE_ASSIGN(const bool more, store::erase_messages(step.chats, erasure->chat, erasure->until, starred));
  if (more) return true;
  if (erasure->chat_too && !erasure->keep_starred) {
    PONTE_ASSIGN(const auto chat, store::get_chat(step.chats, erasure->chat));
    // A message that came since has brought it back.
    if (chat && chat->messages == 0) PONTE_TRY(store::erase_chat(step.chats, erasure->chat));
  } else {
    PONTE_TRY(status_of(store::change_chat(step.chats, erasure->chat, [](store::ChatRecord& chat) {
      if (chat.messages == 0) chat.unread_count = 0;
    })));
  }
  store::erase_chat_erasure(step.store, erasure->chat);
  PONTE_ASSIGN(const auto next, store::next_chat_erasure(step.store));
  return next.has_value();
}

}  // namespace ponte::protocol::appstate
