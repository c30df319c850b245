// Certificates made while the test runs, so that none expires in the repository.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ponte::test {

/// A certificate with its key, both in PEM.
struct IssuedCertificate {
  std::string chain_pem;
  std::string key_pem;
};

struct CertificateWish {
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1"};  ///< subjectAltName entries
  long starts_in_seconds = -3600;
  long ends_in_seconds = 24 * 3600;
};

/// A certificate authority with a fresh P-256 key.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Ponte test authority");
  ~TestAuthority();
  IssuedCertificate issue(const CertificateWish& wish = {}) const;
  std::string certificate_pem() const;
  /// A certificate that vouches for itself.
  static IssuedCertificate self_signed(const CertificateWish& wish = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A file in the system's temporary folder, removed with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  ~TemporaryFile();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ponte::test
