// What the store holds of an instance's chats, as the REST layer shows it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "instance/message_service.h"
#include "store/message_records.h"
#include "store/store.h"

namespace ponte::instance {

/// Of one instance. Any thread; what it is made of outlives it. Errors: kStorage, and those named.
class ChatReader {
 public:
  /// `device`: the instance's id.
  ChatReader(const store::StoreReader& store, store::Owner device);

  /// kInvalidArgument/kInvalidRequest for a cursor that is none.
  Result<HistoryPage> history(const HistoryQuery& query) const;
  /// One for each person, by address.
  Result<std::vector<ContactInfo>> contacts() const;
  Result<std::optional<ContactInfo>> contact(const Jid& who) const;
  /// The newest with that id. kNotFound/kMessageNotFound.
  Result<ChatMessage> message(std::string_view id) const;
  /// The file of the newest message with that id. kNotFound/kMediaNotAvailable.
  struct File {
    store::MessageName message;
    MediaBytes about;  ///< without its bytes
  };
  Result<File> media(std::string_view id) const;
  Result<MessageFigures> figures(Wall now) const;
  Result<std::optional<HistoryProgress>> history_progress() const;

 private:
  Result<std::vector<Jid>> addresses(const Jid& who) const;
  Result<store::MessageRecord> newest(std::string_view id) const;
  Result<std::string> name_of(const std::string& chat) const;

  const store::StoreReader& store_;
  store::Owner device_;
  store::Owner chats_;
};

}  // namespace ponte::instance
