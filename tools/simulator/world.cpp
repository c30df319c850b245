#include "simulator/world.h"

#include "simulator/messaging_appstate.h"
#include "simulator/sim_connection.h"

namespace ponte::simulator {

World::World(Options simulator_options, RandomSource& source)
    : options(simulator_options),
      random(source),
      seed(options.seed ? *options.seed : source.array<32>()),
      chain(seed),
      accounts(seed),
      authenticator(seed),
      groups(seed),
      phones(*this),
      router(*this),
      app_state(std::make_unique<AppStates>(seed)) {}

World::~World() = default;

void World::note_violation(ConnectionId connection, std::string text) {
  constexpr std::size_t kKept = 1000;
  if (violations.size() == kKept) violations.pop_front();
  violations.push_back({connection, std::move(text)});
  if (observer != nullptr) observer->on_violation(violations.back());
}

const Greeting* World::greeting_of(const std::string& number) const {
  for (const std::string& key : {number, std::string()}) {
    if (const auto found = greetings.find(key); found != greetings.end()) return &found->second;
  }
  return nullptr;
}

SimConnection* World::find(ConnectionId id) {
  const auto found = connections.find(id);
  return found == connections.end() ? nullptr : found->second.get();
}

}  // namespace ponte::simulator
