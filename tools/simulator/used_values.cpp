#include "simulator/used_values.h"

namespace ponte::simulator {

UsedValues::Found UsedValues::note(ByteView name, ByteView value) {
  const auto [entry, added] = values_.try_emplace(to_text(name), as_text(value));
  if (!added) return entry->second == as_text(value) ? Found::kSame : Found::kOther;
  order_.push_back(&entry->first);
  if (order_.size() > kKept) {
    values_.erase(values_.find(*order_.front()));
    order_.pop_front();
  }
  return Found::kNothing;
}

void UsedValues::clear() {
  values_.clear();
  order_.clear();
}

}  // namespace ponte::simulator
