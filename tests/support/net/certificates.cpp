#include "support/net/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace ponte::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (!extension) throw std::runtime_error("certificate extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// `issuer` null: self-signed.
Certificate make_certificate(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                             const CertificateWish& wish) {
  Certificate certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), wish.starts_in_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), wish.ends_in_seconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const signer = issuer ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  if (wish.names.empty()) {
    add_extension(certificate.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), signer, NID_key_usage, "critical,keyCertSign");
  } else {
    std::string names;
    for (const std::string& entry : wish.names) names += (names.empty() ? "" : ",") + entry;
    add_extension(certificate.get(), signer, NID_subject_alt_name, names);
  }
  X509_sign(certificate.get(), issuer_key ? issuer_key : key, EVP_sha256());
  return certificate;
}

template <typename Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  write(memory.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string certificate_to_pem(X509* certificate) {
  return to_pem([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
}

std::string key_to_pem(EVP_PKEY* key) {
  return to_pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

}  // namespace

struct TestAuthority::Impl {
  explicit Impl(const std::string& authority_name) : name(authority_name) {}
  std::string name;
  Key key = make_key();
  Certificate certificate = make_certificate(name, key.get(), nullptr, nullptr, {{}, -3600, 24 * 3600});
};

TestAuthority::TestAuthority(const std::string& name) : impl_(std::make_unique<Impl>(name)) {}
TestAuthority::~TestAuthority() = default;

IssuedCertificate TestAuthority::issue(const CertificateWish& wish) const {
  const Key key = make_key();
  const auto certificate =
      make_certificate("Ponte test server", key.get(), impl_->certificate.get(), impl_->key.get(), wish);
  return {certificate_to_pem(certificate.get()), key_to_pem(key.get())};
}

std::string TestAuthority::certificate_pem() const {
  return certificate_to_pem(impl_->certificate.get());
}

IssuedCertificate TestAuthority::self_signed(const CertificateWish& wish) {
  const Key key = make_key();
  const auto certificate = make_certificate("Ponte test server", key.get(), nullptr, nullptr, wish);
  return {certificate_to_pem(certificate.get()), key_to_pem(key.get())};
}

TemporaryFile::TemporaryFile(const std::string& content) {
  const char* folder = std::getenv("TMPDIR");
  path_ = std::string(folder ? folder : "/tmp") + "/ponte-test-XXXXXX";
  const int descriptor = ::mkstemp(path_.data());
  if (descriptor < 0 || ::write(descriptor, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    throw std::runtime_error("no temporary file");
  ::close(descriptor);
}

TemporaryFile::~TemporaryFile() {
  ::unlink(path_.c_str());
}

}  // namespace ponte::test
