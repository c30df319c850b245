#include "simulator/sim_server.h"

#include <algorithm>

#include "simulator/messaging_appstate.h"

namespace ponte::simulator {

using protocol::wire::Node;

namespace {

bool needs_ack(const Node& stanza) {
  return stanza.tag == "notification" || stanza.tag == "message" || stanza.tag == "receipt" || stanza.tag == "call";
}

bool belongs_to(SimConnection& connection, const std::string& number) {
  if (connection.state() == SimConnection::State::kClosing) return false;
  if (OnlineSide* online = connection.online()) return online->number() == number;
  if (PairingSide* pairing = connection.pairing()) return pairing->code_number() == number;
  return false;
}

bool is_target(const Target& target, SimConnection& connection) {
  if (target.connection && *target.connection != connection.id()) return false;
  return !target.number || belongs_to(connection, *target.number);
}

}  // namespace

SimServer::SimServer(Options options, RandomSource& random) : world_(options, random) {}

SimServer::~SimServer() = default;

SimConnection& SimServer::open(const Now& now) {
  const ConnectionId id = next_id_++;
  auto connection = std::make_unique<SimConnection>(world_, id, world_.faults.for_new_connection(), now);
  return *world_.connections.emplace(id, std::move(connection)).first->second;
}

void SimServer::forget(ConnectionId id) {
  world_.connections.erase(id);
}

void SimServer::scan(std::string_view qr_text, const Phone& phone, const Now& now, Reply<Paired> reply) {
  auto code = parse_qr(qr_text);
  if (!code.ok()) return reply.answer(code.error());
  const auto shown_by = world_.refs.find(code->ref);
  SimConnection* connection = shown_by == world_.refs.end() ? nullptr : world_.find(shown_by->second);
  if (connection == nullptr || connection->pairing() == nullptr) {
    return reply.answer(Error{Errc::kNotFound, Cause::kPairingRefused, "no connection shows this ref"});
  }
  connection->touch(now);
  connection->pairing()->scan(*code, phone, std::move(reply));
}

void SimServer::enter_code(const std::string& number, std::string_view code, const Phone& phone, const Now& now,
                           Reply<Paired> reply) {
  const auto waiting = world_.codes.find(number);
  SimConnection* connection = waiting == world_.codes.end() ? nullptr : world_.find(waiting->second);
  if (connection == nullptr || connection->pairing() == nullptr) {
    return reply.answer(Error{Errc::kNotFound, Cause::kPairingRefused, "no companion waits for a code of this number"});
  }
  connection->touch(now);
  connection->pairing()->enter_code(code, phone, std::move(reply));
}

Result<unsigned> SimServer::unlink(const std::string& number, std::optional<std::uint16_t> device, const Now& now) {
  Account* account = world_.accounts.find(number);
  if (account == nullptr || (device && account->find(*device) == nullptr)) {
    return Error{Errc::kNotFound, Cause::kInvalidNumber, "no such companion"};
  }
  std::vector<std::uint16_t> devices;
  for (const auto& [id, companion] : account->companions) {
    if (!device || *device == id) devices.push_back(id);
  }
  for (std::uint16_t id : devices) {
    const auto online = world_.online.find(account->jid(id).to_string());
    if (SimConnection* connection = online == world_.online.end() ? nullptr : world_.find(online->second)) {
      connection->touch(now);
      connection->online()->end_unlinked();
    }
    world_.phones.forget({number, id});
    account->companions.erase(id);
    world_.router.notify_devices(*account, "remove", id, now);
  }
  world_.router.settle(now);
  return static_cast<unsigned>(devices.size());
}

Status SimServer::set_faults(const Faults& faults, const Scope& scope) {
  if (scope.connection) {
    SimConnection* connection = world_.find(*scope.connection);
    if (connection == nullptr) return Error{Errc::kNotFound, Cause::kInvalidRequest, "no such connection"};
    connection->faults().overlay(faults);
  } else if (scope.number) {
    world_.faults.set_number(*scope.number, faults, scope.uses);
  } else if (scope.next) {
    world_.faults.set_next(faults, *scope.next);
  } else {
    world_.faults.set_all(faults);
  }
  return Status::Ok();
}

std::vector<SimConnection*> SimServer::chosen(const Target& target, const Now& now) {
  std::vector<SimConnection*> out;
  for (auto& [id, connection] : world_.connections) {
    const bool ended = connection->state() == SimConnection::State::kClosing;
    if (ended || connection->frozen() || !is_target(target, *connection)) continue;
    connection->touch(now);
    out.push_back(connection.get());
  }
  return out;
}

unsigned SimServer::drop(const Target& target, Close::Kind kind, const Now& now) {
  unsigned count = 0;
  for (auto& [id, connection] : world_.connections) {
    // A frozen one may have ended for the server, and its socket is still there.
    const bool ended = connection->state() == SimConnection::State::kClosing && !connection->frozen();
    if (ended || !is_target(target, *connection)) continue;
    connection->touch(now);
    connection->drop(kind);
    ++count;
  }
  return count;
}

unsigned SimServer::send_stream_error(const Target& target, unsigned code, std::string_view conflict, const Now& now) {
  const auto connections = chosen(target, now);
  const Node node = conflict.empty() ? stream_error_node(code) : conflict_node(code, conflict);
  for (SimConnection* connection : connections) connection->end_with(node);
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::send_failure(const Target& target, const Failure& failure, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) connection->end_with(failure_node(failure));
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::send_garbage(const Target& target, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) connection->send_garbage();
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::rotate(const Target& target, const Now& now) {
  unsigned count = 0;
  for (SimConnection* connection : chosen(target, now)) {
    if (PairingSide* pairing = connection->pairing()) {
      pairing->rotate();
      ++count;
    }
  }
  return count;
}

unsigned SimServer::refresh_code(const Target& target, bool force_manual, const Now& now) {
  unsigned count = 0;
  for (SimConnection* connection : chosen(target, now)) {
    PairingSide* pairing = connection->pairing();
    if (pairing != nullptr && pairing->refresh_code(force_manual).ok()) ++count;
  }
  return count;
}

Result<unsigned> SimServer::use_prekeys(const std::string& number, std::size_t left, const Now& now) {
  Account* account = world_.accounts.find(number);
  if (account == nullptr) return Error{Errc::kNotFound, Cause::kInvalidNumber, "no such phone"};
  for (auto& [id, companion] : account->companions) {
    if (companion.prekeys.size() > left) {
      companion.prekeys.erase(companion.prekeys.begin(), companion.prekeys.end() - static_cast<std::ptrdiff_t>(left));
    }
  }
  const auto connections = chosen(Target{std::nullopt, number}, now);
  for (SimConnection* connection : connections) {
    if (OnlineSide* online = connection->online()) online->notify_prekeys();
  }
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::send_stanza(const Target& target, const Node& stanza, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) {
    if (!needs_ack(stanza)) {
      connection->send(stanza);
    } else if (OnlineSide* online = connection->online()) {
      online->deliver(stanza);
    } else {
      connection->send_for_ack(stanza);
    }
  }
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::ping(const Target& target, const Now& now) {
  unsigned count = 0;
  for (SimConnection* connection : chosen(target, now)) {
    if (OnlineSide* online = connection->online()) {
      online->ping();
      ++count;
    }
  }
  return count;
}

unsigned SimServer::send_pair_success(const Target& target, const Now& now) {
  unsigned count = 0;
  for (SimConnection* connection : chosen(target, now)) {
    if (send_unasked_pair_success(*connection)) ++count;
  }
  return count;
}

unsigned SimServer::send_oversize(const Target& target, const Oversize& oversize, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) simulator::send_oversize(*connection, oversize);
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::send_bomb(const Target& target, std::size_t inflated, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) simulator::send_bomb(*connection, inflated);
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::send_nested(const Target& target, std::size_t depth, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) simulator::send_nested(*connection, depth);
  return static_cast<unsigned>(connections.size());
}

unsigned SimServer::send_flood(const Target& target, const Flood& flood, const Now& now) {
  const auto connections = chosen(target, now);
  for (SimConnection* connection : connections) simulator::send_flood(*connection, flood);
  return static_cast<unsigned>(connections.size());
}

Status SimServer::restore_leaf() {
  if (world_.chain.restore_leaf()) return Status::Ok();
  return Error{Errc::kNotFound, Cause::kInvalidRequest, "the leaf was not renewed"};
}

void SimServer::reset(const Now& now) {
  drop({}, Close::Kind::kAbort, now);
  world_.router.clear();
  world_.phones.clear();
  world_.groups.clear();
  world_.blobs.clear();
  world_.app_state->clear();
  world_.greetings.clear();
  world_.accounts.clear();
  world_.used_message_keys.clear();
  world_.faults.clear();
  world_.violations.clear();
  world_.counters = {};
  world_.used_keys.clear();  // phones begin anew, with device 1
}

}  // namespace ponte::simulator
