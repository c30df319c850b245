// Writes one session's life to a .vec file (PONTE_RECORD_DIR).
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "base/random.h"
#include "protocol/session/session.h"
#include "store/store.h"

namespace ponte::instance {

/// Stands between an instance and its session: the instance notes inputs and outputs, the session draws
/// randomness and shows stanzas through it. The file holds keys; it is made 0600. Loop thread.
class Recorder final : public RandomSource, public protocol::StanzaObserver {
 public:
  /// Makes `<directory>/<name>-<unix ms>.vec` and writes configuration and the records of the owner and of its chats.
  /// kUnavailable where the file cannot be made.
  static Result<std::unique_ptr<Recorder>> open(const std::string& directory, const std::string& name,
                                                const protocol::SessionConfig& config, const store::StoreReader& store,
                                                const store::Owner& owner, const Now& now, RandomSource& random);

  void input(const Now& now, const std::string& what);
  void output(const protocol::Output& output);

  void fill(MutableByteView out) override;
  void on_stanza(Direction direction, ByteView plaintext) override;

 private:
  Recorder(std::ofstream file, RandomSource& random) : file_(std::move(file)), random_(random) {}
  void line(const char* key, const std::string& value);
  Status records(const char* name, const store::StoreReader& store, const store::Owner& owner);

  std::ofstream file_;
  RandomSource& random_;
};

}  // namespace ponte::instance
