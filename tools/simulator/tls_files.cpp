#include "simulator/tls_files.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace ponte::simulator {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error failed(const char* what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return {Errc::kInternal, Cause::kTlsFailed, std::string(what) + ": " + (reason ? reason : "unknown reason")};
}

constexpr long kDay = 86'400;

struct Extension {
  int nid;
  const char* value;
};

Status add_extension(X509* certificate, X509* issuer, const Extension& extension) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> made(X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value));
  if (!made || X509_add_ext(certificate, made.get(), -1) != 1) return failed("certificate extension");
  return Status::Ok();
}

/// A certificate for `key`, not yet signed. `issuer` absent: its own.
Result<Owned<X509>> start_certificate(EVP_PKEY* key, const char* common_name, X509* issuer) {
  Owned<X509> out(X509_new());
  if (!out) return failed("X509_new");
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_set_version(out.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(out.get()), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 10 * kDay);
  X509_set_pubkey(out.get(), key);
  X509_NAME* name = X509_get_subject_name(out.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name);
  if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) != 1) return failed("certificate name");
  X509_set_issuer_name(out.get(), issuer ? X509_get_subject_name(issuer) : name);
  return out;
}

template <typename Write>
std::string pem(Write write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

Result<TlsIdentity> make_tls_identity() {
  const Owned<EVP_PKEY> ca_key(EVP_EC_gen("P-256"));
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (!ca_key || !key) return failed("EVP_EC_gen");
  PONTE_ASSIGN(const Owned<X509> ca, start_certificate(ca_key.get(), "Ponte simulator CA", nullptr));
  PONTE_TRY(add_extension(ca.get(), ca.get(), {NID_basic_constraints, "critical,CA:TRUE"}));
  PONTE_TRY(add_extension(ca.get(), ca.get(), {NID_key_usage, "critical,keyCertSign,cRLSign"}));
  PONTE_TRY(add_extension(ca.get(), ca.get(), {NID_subject_key_identifier, "hash"}));
  if (X509_sign(ca.get(), ca_key.get(), EVP_sha256()) == 0) return failed("X509_sign");

  PONTE_ASSIGN(const Owned<X509> leaf, start_certificate(key.get(), "web.whatsapp.com", ca.get()));
  PONTE_TRY(add_extension(leaf.get(), ca.get(), {NID_basic_constraints, "critical,CA:FALSE"}));
  PONTE_TRY(add_extension(leaf.get(), ca.get(), {NID_ext_key_usage, "serverAuth"}));
  PONTE_TRY(add_extension(leaf.get(), ca.get(), {NID_authority_key_identifier, "keyid"}));
  PONTE_TRY(add_extension(leaf.get(), ca.get(),
                          {NID_subject_alt_name, "DNS:web.whatsapp.com,DNS:localhost,IP:127.0.0.1,IP:::1"}));
  if (X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) == 0) return failed("X509_sign");

  TlsIdentity out;
  out.ca_certificate = pem([&](BIO* bio) { return PEM_write_bio_X509(bio, ca.get()); });
  out.certificate = pem([&](BIO* bio) { return PEM_write_bio_X509(bio, leaf.get()); });
  out.private_key =
      pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  if (out.ca_certificate.empty() || out.certificate.empty() || out.private_key.empty()) return failed("PEM");
  return out;
}

Result<TemporaryFile> TemporaryFile::write(const std::string& contents) {
  const char* directory = ::getenv("TMPDIR");
  std::string path = std::string(directory && *directory ? directory : "/tmp") + "/ponte-sim-ca-XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  if (descriptor < 0) return Error{Errc::kInternal, Cause::kInternal, "cannot create " + path};
  TemporaryFile out(path);
  const ssize_t written = ::write(descriptor, contents.data(), contents.size());
  ::close(descriptor);
  if (written != static_cast<ssize_t>(contents.size()))
    return Error{Errc::kInternal, Cause::kInternal, "cannot write " + path};
  return out;
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace ponte::simulator
