// A certificate authority and a server certificate for one run of the simulator.
#pragma once

#include <string>

#include "base/result.h"

namespace ponte::simulator {

/// PEM texts. The certificate is for web.whatsapp.com, localhost, 127.0.0.1 and ::1, good for a day
/// before and ten after now; signed by the authority.
struct TlsIdentity {
  std::string ca_certificate;
  std::string certificate;
  std::string private_key;
};

/// Fresh P-256 keys each time. kInternal/kTlsFailed where OpenSSL refuses.
Result<TlsIdentity> make_tls_identity();

/// A file in the temporary directory that is removed with its owner.
class TemporaryFile {
 public:
  /// kInternal/kInternal where it cannot be written.
  static Result<TemporaryFile> write(const std::string& contents);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ponte::simulator
