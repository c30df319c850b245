#include "simulator/admin_hostile.h"

#include <array>

#include "simulator/admin_faults.h"
#include "simulator/hostile.h"

namespace ponte::simulator {
namespace {

using nlohmann::json;

constexpr std::size_t kMebibyte = 1u << 20;

/// A number's default, and between what it may be.
struct Range {
  std::size_t fallback;
  std::size_t least;
  std::size_t most;
};

Result<std::size_t> size_member(const json& body, const char* name, const Range& range) {
  PONTE_ASSIGN(const auto number, number_member(body, name));
  const std::uint64_t value = number.value_or(range.fallback);
  if (value >= range.least && value <= range.most) return static_cast<std::size_t>(value);
  return invalid(std::string(name) + ": expected " + std::to_string(range.least) + " to " + std::to_string(range.most) +
                 ", got " + std::to_string(value));
}

Result<json> pair_success(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  return count_json(call.server.send_pair_success(target, call.now));
}

Result<json> oversize(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  constexpr std::size_t kMost = protocol::wire::kMaxFrameSize;
  constexpr std::size_t kLongest = 3'600'000;
  Oversize wanted;
  PONTE_ASSIGN(wanted.bytes, size_member(call.body, "bytes", {kMost, Oversize::kLeast, kMost}));
  PONTE_ASSIGN(wanted.sent, size_member(call.body, "sent", {wanted.bytes, 0, wanted.bytes}));
  PONTE_ASSIGN(wanted.piece, size_member(call.body, "piece", {wanted.piece, 1, kMost}));
  PONTE_ASSIGN(const std::size_t interval, size_member(call.body, "intervalMs", {0, 0, kLongest}));
  wanted.interval = Milliseconds(static_cast<Milliseconds::rep>(interval));
  return count_json(call.server.send_oversize(target, wanted, call.now));
}

Result<json> bomb(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  PONTE_ASSIGN(const std::size_t inflated, size_member(call.body, "bytes", {17 * kMebibyte, 0, 64 * kMebibyte}));
  return count_json(call.server.send_bomb(target, inflated, call.now));
}

Result<json> nest(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  PONTE_ASSIGN(const std::size_t depth, size_member(call.body, "depth", {1000, 1, 1'000'000}));
  return count_json(call.server.send_nested(target, depth, call.now));
}

Result<json> flood(const Call& call) {
  PONTE_ASSIGN(const Target target, read_target(call.body));
  Flood wanted;
  PONTE_ASSIGN(wanted.count, size_member(call.body, "count", {1000, 1, 100'000}));
  // The queue holds them all.
  PONTE_ASSIGN(wanted.bytes, size_member(call.body, "bytes", {0, 0, 64 * kMebibyte / wanted.count}));
  return count_json(call.server.send_flood(target, wanted, call.now));
}

Result<json> renew_root(const Call& call) {
  call.server.renew_root();
  return json::object();
}

Result<json> old_leaf(const Call& call) {
  PONTE_TRY(call.server.restore_leaf());
  return json::object();
}

constexpr std::array<HandlerRow, 7> kHandlers = {{{"pair-success", pair_success},
                                                  {"oversize", oversize},
                                                  {"bomb", bomb},
                                                  {"nest", nest},
                                                  {"flood", flood},
                                                  {"renew-root", renew_root},
                                                  {"old-leaf", old_leaf}}};

}  // namespace

std::span<const HandlerRow> hostile_calls() {
  return kHandlers;
}

}  // namespace ponte::simulator
