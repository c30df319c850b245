// Writes a run of the simulator to a .vec file (`ponte sim --record DIR`).
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "base/random.h"
#include "simulator/admin.h"
#include "simulator/recording.h"

namespace ponte::simulator {

/// Stands between the simulator and its owner: the owner notes each input before it gives it, and each output;
/// the simulator draws randomness through it and shows stanzas and violations. The run's options have a seed,
/// so that nothing is drawn before the first input. Outlives the SimServer. One thread.
class Recorder final : public RandomSource, public Observer {
 public:
  /// Writes the head of the recording: its kind and `options`.
  Recorder(std::unique_ptr<std::ostream> out, const Options& options, RandomSource& random);
  /// Into a new `<directory>/sim-<unix ms>.vec`, made 0600. kUnavailable where it cannot be made.
  static Result<std::unique_ptr<Recorder>> open(const std::string& directory, const Options& options, const Now& now,
                                                RandomSource& random);

  void opened(ConnectionId id, const Now& now);
  void bytes(ConnectionId id, ByteView bytes, const Now& now);
  void closed(ConnectionId id, const Now& now);
  void deadline(ConnectionId id, const Now& now);
  void drained(ConnectionId id, const Now& now);
  void text(ConnectionId id, const Now& now);
  void refused(unsigned status, const Now& now);
  /// Notes the call, and its answer when `reply` gets it. What only reads is not noted.
  Reply<AdminResponse> admin(const AdminRequest& request, const Now& now, Reply<AdminResponse> reply);
  void output(ConnectionId id, const Output& output);
  /// What follows is no longer part of the recording.
  void end();

  void fill(MutableByteView out) override;
  void on_stanza(ConnectionId id, Direction direction, ByteView plaintext) override;
  void on_violation(const Violation& violation) override;

 private:
  void input(const Now& now, const std::string& what);
  void line(const char* key, const std::string& value);

  std::unique_ptr<std::ostream> out_;
  RandomSource& random_;
  std::uint64_t calls_ = 0;
  bool ended_ = false;
};

}  // namespace ponte::simulator
