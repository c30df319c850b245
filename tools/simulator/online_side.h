// A linked device's connection after login (wire: pairing.md 8).
#pragma once

#include <optional>
#include <string>

#include "simulator/sim_connection.h"

namespace ponte::simulator {

/// With fewer one-time prekeys on the server, a device is asked for more.
inline constexpr std::size_t kLowPrekeys = 10;

class OnlineSide final : public Side {
 public:
  /// `account` has the companion and outlives this side, or at least its on_closed.
  OnlineSide(SimConnection& connection, Account& account, std::uint16_t device, const ClientDetails& details);

  void start() override;
  void note_uses(const protocol::wire::Node& stanza) override;
  void on_stanza(const protocol::wire::Node& stanza) override;
  void on_deadline() override;
  std::optional<Mono> next_deadline() const override;
  void on_closed() override;
  OnlineSide* online() override { return this; }

  const std::string& number() const { return number_; }
  std::uint16_t device() const { return device_; }
  bool active() const { return delivering_; }
  bool passive_login() const { return passive_; }
  const Companion& companion() const { return companion_; }

  /// Delivers a stanza that must be acknowledged: at once, or with the offline queue while it waits.
  void deliver(protocol::wire::Node stanza);
  /// `<ping/>` now.
  void ping();
  /// The prekeys on the server ran low: `<notification type="encrypt"><count/>`.
  void notify_prekeys();
  /// Ends the connection because the device is linked no more.
  void end_unlinked();

 private:
  void send_success();
  void begin_delivery();
  void deliver_offline(std::size_t most);
  void on_iq(const protocol::wire::Node& iq);
  void acknowledge(const protocol::wire::Node& stanza);
  void on_presence(const protocol::wire::Node& presence);

  SimConnection& connection_;
  Account& account_;
  Companion& companion_;
  std::string number_;
  std::uint16_t device_;
  std::string jid_;
  bool passive_;
  bool delivering_ = false;  ///< live stanzas go out at once
  std::size_t offline_total_ = 0;
  std::size_t offline_left_ = 0;  ///< offline stanzas that were announced and not delivered yet
  bool offline_ended_ = false;
  Mono next_ping_;
};

/// Keeps a stanza for the next login of a device that is not there.
void wait_for_login(Companion& companion, protocol::wire::Node stanza);

/// What `<success>` tells that differs from login to login.
struct SuccessFacts {
  Wall now;
  Wall creation;  ///< when the device was linked
  protocol::wire::Jid lid;
  ByteArray<32> enc_static{};
};
protocol::wire::Node success_node(const SuccessFacts& facts);

}  // namespace ponte::simulator
