// What a session remembers of history between inputs. All of it belongs to one connection: what must outlive it is in
// the store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace ponte::protocol {
struct Step;
}

namespace ponte::protocol::history {

class ChunkImport;

/// What the phone gave to a request for older messages: they are in the store.
struct OlderMessages {
  std::uint64_t messages = 0;  ///< that were not there before
};
using OlderHandler = UniqueFunction<Status(Step&, const Result<OlderMessages>&)>;

/// A request for older messages. Its answer comes as a part of history.
struct OlderRequest {
  OlderHandler handler;
  std::optional<std::uint32_t> job;  ///< arrival of the part, once it has come
};

struct State {
  State();
  ~State();
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;

  std::optional<std::uint32_t> job;                        ///< arrival of the part that is in work
  std::unique_ptr<ChunkImport> import;                     ///< of it, once its bytes are here
  std::map<std::string, OlderRequest, std::less<>> older;  ///< by the id of the message that asked

  /// The connection is over. A part that was in work is begun again on the next.
  void close();
};

}  // namespace ponte::protocol::history
