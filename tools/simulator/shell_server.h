// The simulator on real sockets: WebSocket (plain or TLS) and the admin API on one listener.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "simulator/recorder.h"
#include "simulator/sim_server.h"
#include "simulator/tls_files.h"

namespace ponte::simulator {

struct ShellOptions {
  std::string host = "127.0.0.1";  ///< an address
  std::uint16_t port = 0;          ///< 0: chosen by the system
  std::optional<TlsIdentity> tls;  ///< with it the admin API listens on a second, plain port
  Recorder* recorder = nullptr;    ///< outlives the shell; the SimServer draws its randomness through it
};

/// One thread: that of run(). The SimServer is touched by it alone while it runs; others use post().
class ShellServer {
 public:
  /// Listens; nothing is accepted before run(). `server` and `clock` outlive the shell. Raises the limit on
  /// open files. kUnavailable/kNetworkFailed where the address cannot be had.
  static Result<std::unique_ptr<ShellServer>> listen(SimServer& server, const Clock& clock,
                                                     const ShellOptions& options);
  ~ShellServer();

  /// `ws://127.0.0.1:7700/ws/chat`.
  std::string url() const;
  /// `http://127.0.0.1:7700/admin`.
  std::string admin_url() const;

  /// Serves until stop(), SIGTERM or SIGINT where `handle_signals`.
  void run(bool handle_signals);
  /// Closes every connection and ends run(). Any thread.
  void stop();
  /// Runs `task` on the thread of run(). Any thread.
  void post(Task task);

  struct Impl;

 private:
  explicit ShellServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ponte::simulator
