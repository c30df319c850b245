#include "net/tls_peer.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace ponte::net {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, FreeBio> out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

/// The first entry of that kind; empty where there is none.
std::string entry_text(const X509_NAME* name, int kind) {
  const int at = X509_NAME_get_index_by_NID(name, kind, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  std::string out;
  if (size > 0) out.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(timegm(&parts)) : 0;
}

TlsCertificate facts_of(const X509* certificate) {
  const X509_NAME* issuer = X509_get_issuer_name(certificate);
  TlsCertificate out;
  out.subject = name_text(X509_get_subject_name(certificate));
  out.issuer = name_text(issuer);
  out.issuer_organization = entry_text(issuer, NID_organizationName);
  if (out.issuer_organization.empty()) out.issuer_organization = entry_text(issuer, NID_commonName);
  out.not_before = seconds_of(X509_get0_notBefore(certificate));
  out.not_after = seconds_of(X509_get0_notAfter(certificate));
  return out;
}

int peer_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

TlsPeer* peer_of(const SSL* ssl) {
  return static_cast<TlsPeer*>(SSL_get_ex_data(ssl, peer_index()));
}

/// OpenSSL calls it for each certificate, and forgets a chain that it does not trust.
int on_verify(int trusted, X509_STORE_CTX* context) {
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsPeer* peer = ssl != nullptr ? peer_of(ssl) : nullptr;
  if (peer == nullptr || !peer->chain.empty()) return trusted;
  const STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(context);
  for (int i = 0; i < sk_X509_num(sent); ++i) peer->chain.push_back(facts_of(sk_X509_value(sent, i)));
  return trusted;
}

void on_info(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  if (TlsPeer* peer = peer_of(ssl)) peer->protocol = SSL_get_version(ssl);
}

}  // namespace

void watch_tls_peer(ssl_st* ssl, TlsPeer& peer) {
  SSL_set_ex_data(ssl, peer_index(), &peer);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, on_verify);
  SSL_set_info_callback(ssl, on_info);
}

}  // namespace ponte::net
