// A chunk of history straight into a store in memory, without a session.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/history/chunk_import.h"
#include "protocol/session/link_state.h"
#include "protocol/session/step.h"
#include "store/keys.h"
#include "store/memory_store.h"
#include "support/scripted_random.h"
#include "support/virtual_clock.h"

namespace ponte::test {

/// Steps of a linked device that import history and do nothing else.
class ImportLine {
 public:
  ImportLine() {
    store::Account account;
    account.jid = "551199887766:33@s.whatsapp.net";
    account.lid = "777000111222:33@lid";
    link_.account = account;
  }

  /// All of the chunk, a batch for each slice; what came before an error stays.
  Result<protocol::history::ChunkImport::Counts> import(Bytes chunk, std::optional<Wall> oldest = std::nullopt) {
    protocol::history::ChunkImport import(std::move(chunk), oldest);
    for (;;) {
      const Now now = clock_.now();
      store::Transaction device(store_, kOwner);
      store::Transaction chats(store_, kChats);
      std::deque<protocol::Output> outputs;
      std::vector<protocol::Told> told;
      protocol::Step step{now, device, chats, random_, config_, link_, iqs_, nullptr, outputs, told};
      PONTE_ASSIGN(const bool done, import.advance(step));
      store::WriteBatch batch = device.take();
      batch.join(chats.take());
      store_.commit(std::move(batch), [](const Status&) {});
      if (done) return import.counts();
    }
  }

  static inline const store::Owner kOwner = "instance-1";
  static inline const store::Owner kChats = store::keys::chats_owner(kOwner);
  store::MemoryStore store_;

 private:
  VirtualClock clock_;
  SeededRandom random_{1};
  protocol::SessionConfig config_;
  protocol::LinkState link_;
  protocol::IqTracker iqs_;
};

}  // namespace ponte::test
