// What instances count. Shown by src/app/metrics_page.cpp.
#pragma once

#include <array>

#include "base/metrics.h"
#include "instance/types.h"

namespace ponte::instance {

/// How an account was to be linked. kPairingCode: one was wanted or out when the attempt ended.
enum class LinkMethod { kQr, kPairingCode, kPasskey };
inline constexpr std::size_t kLinkMethods = 3;

/// One for all instances; counted on their loops, read on any thread. No instance has figures of its own: their number
/// has no bound.
struct InstanceMetrics {
  /// From the call of connect to its code, of calls that got one.
  static constexpr std::array<double, 10> kConnectBounds{0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60};
  Histogram connect_to_qr{kConnectBounds};
  Histogram connect_to_pairing_code{kConnectBounds};

  Counter qr_codes;       ///< put on display, rotations included
  Counter pairing_codes;  ///< handed out
  Counter logins;

  std::array<Counter, kLinkMethods> linked;
  std::array<CauseCounters, kLinkMethods> not_linked;

  CauseCounters
      reconnects;  ///< of linked devices: why a connection ended, or did not open, and is tried again by itself
  CauseCounters dial_failures;
  CauseCounters held_down;             ///< linked, but down until asked
  CauseCounters logged_out_by_server;  ///< the account, the phone or WhatsApp
  Counter logged_out_by_request;       ///< ours

  /// What became of collections of app state, by number of protocol::event::AppStateSync::Stage.
  std::array<Counter, 4> app_state;
  Counter app_state_changes;  ///< of contacts, chats, labels, settings
  Counter app_state_skipped;  ///< records that could not be read

  void on_code(const ConnectResult& result, std::chrono::nanoseconds took) {
    if (result.kind == ConnectResult::Kind::kQr) connect_to_qr.observe(took);
    if (result.kind == ConnectResult::Kind::kPairingCode) connect_to_pairing_code.observe(took);
  }
  void on_linked(LinkMethod method) { linked[static_cast<std::size_t>(method)].add(); }
  void on_not_linked(LinkMethod method, Cause cause) { not_linked[static_cast<std::size_t>(method)].add(cause); }
};

}  // namespace ponte::instance
