#include "instance/record_keeper.h"

#include <utility>

#include "store/store.h"

namespace ponte::instance {

void RecordKeeper::change(Change change, Done done) {
  pending_.push_back({std::move(change), std::move(done)});
  if (pending_.size() == 1) commit_next();
}

void RecordKeeper::commit_next() {
  store::InstanceRecord changed = record_;
  pending_.front().change(changed);
  changed.updated_at = clock_.now().wall;
  store::Transaction transaction(store_, store::kSystem);
  store::update_instance(transaction, changed);
  auto committed = [this, alive = alive_, changed = std::move(changed)](const Status& status) {
    if (const auto held = alive.lock()) on_committed(changed, status);
  };
  store_.commit(transaction.take(),
                [loop = loop_.poster(), committed = std::move(committed)](const Status& status) mutable {
                  loop.post([committed = std::move(committed), status] { committed(status); });
                });
}

void RecordKeeper::on_committed(const store::InstanceRecord& changed, const Status& status) {
  if (status.ok()) record_ = changed;
  Pending done = std::move(pending_.front());
  pending_.pop_front();
  done.done(status);
  if (!pending_.empty()) commit_next();
}

}  // namespace ponte::instance
