#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <filesystem>

#include "net/tls_stream.h"

namespace ponte::net {
namespace {

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown reason";
}

Error tls_set_up_error(const char* what) {
  return {Errc::kInternal, Cause::kTlsFailed, std::string("TLS cannot be set up: ") + what + ": " + openssl_reason()};
}

/// Whether the system's folder of roots has them under the names by which OpenSSL looks for the one that it needs.
bool roots_are_hashed() {
  std::error_code problem;
  const std::filesystem::directory_iterator folder(X509_get_default_cert_dir(), problem);
  return !problem &&
         std::any_of(begin(folder), end(folder), [](const auto& entry) { return entry.path().extension() == ".0"; });
}

/// Reading all of them costs most of a start and a megabyte for good.
int use_system_roots(SSL_CTX* context) {
  return roots_are_hashed() ? SSL_CTX_set_default_verify_dir(context) : SSL_CTX_set_default_verify_paths(context);
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::create(const std::string& extra_ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (!context) return tls_set_up_error("SSL_CTX_new");
  std::unique_ptr<TlsContext> owner(new TlsContext(context));

  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) return tls_set_up_error("TLS 1.2");
  if (use_system_roots(context) != 1) return tls_set_up_error("system roots");
  if (!extra_ca_file.empty() && SSL_CTX_load_verify_file(context, extra_ca_file.c_str()) != 1) {
    return Error{Errc::kInvalidArgument, Cause::kConfigInvalid,
                 "CA file " + extra_ca_file + ": expected certificates in PEM: " + openssl_reason()};
  }
  static constexpr unsigned char kAlpn[] = "\x08http/1.1";
  if (SSL_CTX_set_alpn_protos(context, kAlpn, sizeof kAlpn - 1) != 0) return tls_set_up_error("ALPN");

  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // An idle connection holds no record buffers (2 x 17 KiB each otherwise).
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_new_tls_session);
  return owner;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

}  // namespace ponte::net
