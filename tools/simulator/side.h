// What a client connection turns into once the handshake is done.
#pragma once

#include <optional>

#include "base/time.h"
#include "protocol/wire/node.h"

namespace ponte::simulator {

class PairingSide;
class OnlineSide;

/// What a connection is there for: pairing a device, or serving a linked one. Owned by its SimConnection.
class Side {
 public:
  virtual ~Side() = default;
  virtual void start() = 0;
  /// Notes what may not be used twice. Any stanza, before anything else is done with it or it is thrown away.
  virtual void note_uses(const protocol::wire::Node& stanza) = 0;
  /// Anything but acknowledgements and answers to the server's own iqs.
  virtual void on_stanza(const protocol::wire::Node& stanza) = 0;
  virtual void on_deadline() = 0;
  virtual std::optional<Mono> next_deadline() const = 0;
  virtual void on_closed() = 0;
  virtual PairingSide* pairing() { return nullptr; }
  virtual OnlineSide* online() { return nullptr; }
};

}  // namespace ponte::simulator
