#include "simulator/faults.h"

#include <array>

namespace ponte::simulator {
namespace {

template <typename T>
void take_over(std::optional<T>& own, const std::optional<T>& narrower) {
  if (narrower) own = narrower;
}

/// The enumerator at the position of `name`.
template <typename Enum, std::size_t N>
std::optional<Enum> from_name(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
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
  take_over(packing, narrower.packing);
  take_over(delay, narrower.delay);
  take_over(drop_after, narrower.drop_after);
  take_over(ref_count, narrower.ref_count);
  take_over(ack_deadline, narrower.ack_deadline);
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
  const Faults out = found->second.faults;
  if (auto& remaining = found->second.remaining; remaining && --*remaining == 0) numbers_.erase(found);
  return out;
}

std::optional<HandshakeFault> handshake_fault_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {"none",
                                                             "silent",
                                                             "drop-after-hello",
                                                             "half-server-hello",
                                                             "garbage-server-hello",
                                                             "bad-tag",
                                                             "drop-after-finish",
                                                             "silent-after-finish",
                                                             "garbage-after-finish"};
  return from_name<HandshakeFault>(kNames, name);
}

std::optional<PairSuccessDefect> pair_success_defect_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {"none",
                                                             "bad-hmac",
                                                             "bad-account-signature",
                                                             "short-signature-key",
                                                             "short-signature",
                                                             "no-identity",
                                                             "garbage-identity",
                                                             "no-device",
                                                             "foreign-sender"};
  return from_name<PairSuccessDefect>(kNames, name);
}

std::optional<Packing> packing_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kNames = {"none", "bytes", "random", "join"};
  return from_name<Packing>(kNames, name);
}

std::optional<IkAnswer> ik_answer_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 2> kNames = {"accept", "fallback"};
  return from_name<IkAnswer>(kNames, name);
}

}  // namespace ponte::simulator
