#include "protocol/history/state.h"

#include "protocol/history/chunk_import.h"

namespace ponte::protocol::history {

State::State() = default;
State::~State() = default;
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;

void State::close() {
  job.reset();
  import.reset();
  older.clear();
}

}  // namespace ponte::protocol::history
