#include "simulator/faults.h"

namespace ponte::simulator {
namespace {

template <typename T>
void take_over(std::optional<T>& own, const std::optional<T>& narrower) {
  if (narrower) own = narrower;
}

}  // namespace

void Faults::overlay(const Faults& narrower) {
  take_over(upgrade_status, narrower.upgrade_status);
  take_over(handshake, narrower.handshake);
  take_over(chain, narrower.chain);
  take_over(ik, narrower.ik);
  take_over(failure, narrower.failure);
  take_over(pair_success, narrower.pair_success);
  take_over(refresh_before_pairing, narrower.refresh_before_pairing);
  take_over(close_without_restart, narrower.close_without_restart);
  take_over(duplicate_success, narrower.duplicate_success);
  take_over(compress, narrower.compress);
  take_over(code_refusal, narrower.code_refusal);
  take_over(code_defect, narrower.code_defect);
  take_over(passkey, narrower.passkey);
  take_over(passkey_defect, narrower.passkey_defect);
  take_over(packing, narrower.packing);
  take_over(delay, narrower.delay);
  take_over(drop_after, narrower.drop_after);
  take_over(ref_count, narrower.ref_count);
  take_over(ref_defect, narrower.ref_defect);
  take_over(unasked_success, narrower.unasked_success);
  take_over(ack_deadline, narrower.ack_deadline);
  take_over(freeze_after, narrower.freeze_after);
  take_over(freeze_on, narrower.freeze_on);
  take_over(freeze_after_effect, narrower.freeze_after_effect);
}

void FaultTable::set_next(const Faults& faults, unsigned count) {
  for (unsigned i = 0; i < count; ++i) next_.push_back(faults);
}

void FaultTable::set_number(const std::string& number, const Faults& faults, std::optional<unsigned> count) {
  Limited& entry = numbers_[number];
  entry.faults.overlay(faults);
  entry.remaining = count;
}

void FaultTable::clear() {
  all_ = {};
  next_.clear();
  numbers_.clear();
}

Faults FaultTable::for_new_connection() {
  Faults out = all_;
  if (!next_.empty()) {
    out.overlay(next_.front());
    next_.pop_front();
  }
  return out;
}

std::optional<unsigned> FaultTable::upgrade_refusal() {
  if (!next_.empty() && next_.front().upgrade_status) {
    const auto status = next_.front().upgrade_status;
    next_.pop_front();
    return status;
  }
  return all_.upgrade_status;
}

Faults FaultTable::for_number(const std::string& number) {
  const auto found = numbers_.find(number);
  if (found == numbers_.end()) return {};
  Faults out = found->second.faults;
  if (auto& remaining = found->second.remaining; remaining && --*remaining == 0) numbers_.erase(found);
  return out;
}

Faults FaultTable::peek_number(const std::string& number) const {
  const auto found = numbers_.find(number);
  return found == numbers_.end() ? Faults() : found->second.faults;
}

}  // namespace ponte::simulator
