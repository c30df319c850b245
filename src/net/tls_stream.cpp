#include "net/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "net/tls_context.h"
#include "net/tls_peer.h"
#include "net/tls_tickets.h"

namespace ponte::net {
namespace {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, FreeSsl>;

struct FreeSession {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionHandle = std::unique_ptr<SSL_SESSION, FreeSession>;

class TlsStream final : public Stream, private StreamListener {
 public:
  TlsStream(SslHandle ssl, TlsStreamOptions& options, StreamListener& listener)
      : listener_(listener),
        ssl_(std::move(ssl)),
        host_(std::move(options.host)),
        plaintext_(options.plaintext),
        tickets_(options.tickets),
        ticket_place_(std::move(options.ticket_place)) {}

  /// Joins OpenSSL to the stream below.
  Status attach(StreamFactory below);
  void start() override { below_->start(); }
  void write(ByteView bytes) override;
  void finish() override;
  void abort() override;
  void fail_later(Error why) override { below_->fail_later(std::move(why)); }
  Error overdue() const override;

  std::size_t take_input(MutableByteView out);
  void put_output(ByteView bytes) { below_->write(bytes); }
  void keep_session(SSL_SESSION* session);

 private:
  // kWaiting ──stream below opens──► kHandshake ──► kEstablished ──► kClosed; any of them fails to kClosed.
  enum class State {
    kWaiting,      // nothing is sent yet
    kHandshake,    // nothing is reported yet
    kEstablished,  // bytes flow
    kClosed,       // nothing is reported any more
  };

  void on_stream_open() override;
  void on_stream_bytes(ByteView bytes) override;
  void on_stream_closed(Error why) override;
  void offer_session();
  void shake_hands();
  void read_records();
  void fail(Error why);
  void report(Error why);
  Error tls_error(int result);

  std::unique_ptr<Stream> below_;
  StreamListener& listener_;
  SslHandle ssl_;
  const std::string host_;
  const MutableByteView plaintext_;
  TlsTickets* const tickets_;
  const std::string ticket_place_;
  Mono offered_verified_at_;  // of the session that was offered
  Mono verified_at_;          // where the handshake is a whole one
  ByteView input_;            // during on_stream_bytes: what OpenSSL has not yet taken
  State state_ = State::kWaiting;
};

// A BIO that holds nothing: OpenSSL takes its input from the bytes handed up and puts output to the stream below.
// A memory BIO would keep the largest buffer it ever needed, per connection and direction.

TlsStream& stream_of(BIO* bio) {
  return *static_cast<TlsStream*>(BIO_get_data(bio));
}

int bio_read(BIO* bio, char* out, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  *count = stream_of(bio).take_input({reinterpret_cast<std::uint8_t*>(out), size});
  if (*count > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  // Always taken whole: the socket below queues what does not go out at once and reports its own failures.
  stream_of(bio).put_output(as_bytes({data, size}));
  *count = size;
  return 1;
}

long bio_ctrl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ponte stream");
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_ctrl(made, bio_ctrl);
    return made;
  }();
  return method;
}

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown reason";
}

// The certificate must name `host`: as an IP address (RFC 5280 4.2.1.6) or as a DNS name, which is also sent
// as SNI (RFC 6066 3: never an address, never with the root's dot).
Status expect_host(SSL* ssl, std::string host) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1) return Status::Ok();
  ERR_clear_error();
  if (host.ends_with('.')) host.pop_back();
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && SSL_set1_host(ssl, host.c_str()) == 1) return Status::Ok();
  return Error{Errc::kInternal, Cause::kTlsFailed, "TLS cannot expect host " + host + ": " + openssl_reason()};
}

Status TlsStream::attach(StreamFactory below) {
  PONTE_TRY(expect_host(ssl_.get(), host_));
  PONTE_ASSIGN(below_, below(*this));
  BIO* bio = BIO_new(bio_method());
  if (!bio) return Error{Errc::kInternal, Cause::kTlsFailed, "TLS cannot be set up: " + openssl_reason()};
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  return Status::Ok();
}

std::size_t TlsStream::take_input(MutableByteView out) {
  const std::size_t count = std::min(out.size(), input_.size());
  std::copy_n(input_.begin(), count, out.begin());
  input_ = input_.subspan(count);
  return count;
}

void TlsStream::on_stream_open() {
  state_ = State::kHandshake;
  if (tickets_) offer_session();
  shake_hands();
}

// Taken no earlier than now, so that a way that does not get here costs no ticket.
void TlsStream::offer_session() {
  verified_at_ = tickets_->now();
  const auto ticket = tickets_->take(ticket_place_);
  if (!ticket) return;
  const unsigned char* data = ticket->session.view().data();
  const SessionHandle session(d2i_SSL_SESSION(nullptr, &data, static_cast<long>(ticket->session.view().size())));
  offered_verified_at_ = ticket->verified_at;
  // One that cannot be used makes for a whole handshake.
  if (session) SSL_set_session(ssl_.get(), session.get());
}

void TlsStream::keep_session(SSL_SESSION* session) {
  if (!tickets_ || SSL_get_verify_result(ssl_.get()) != X509_V_OK || SSL_SESSION_is_resumable(session) != 1) return;
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return;
  SecretBytes bytes(Bytes(static_cast<std::size_t>(size)));
  unsigned char* out = bytes.mutable_view().data();
  i2d_SSL_SESSION(session, &out);
  const bool is_tls13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION;
  // RFC 5077 3.3: before TLS 1.3 a hint of 0 leaves it to the client; since then (RFC 8446 4.6.1) it means none.
  const auto hint = static_cast<long>(SSL_SESSION_get_ticket_lifetime_hint(session));
  const Seconds lifetime(hint != 0 || is_tls13 ? hint : SSL_SESSION_get_timeout(session));
  const Mono verified_at = SSL_session_reused(ssl_.get()) == 1 ? offered_verified_at_ : verified_at_;
  tickets_->put(ticket_place_, {std::move(bytes), verified_at}, lifetime);
}

void TlsStream::on_stream_bytes(ByteView bytes) {
  input_ = bytes;
  if (state_ == State::kHandshake) shake_hands();
  if (state_ == State::kEstablished) read_records();
  input_ = {};
}

void TlsStream::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) fail(tls_error(result));
    return;
  }
  state_ = State::kEstablished;
  if (tickets_ && SSL_session_reused(ssl_.get()) == 1) tickets_->count_resumed();
  listener_.on_stream_open();
}

void TlsStream::read_records() {
  while (state_ == State::kEstablished) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), plaintext_.data(), plaintext_.size(), &count);
    if (result == 1) {
      listener_.on_stream_bytes(plaintext_.first(count));
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) {
      // A session ticket allocates a write buffer, which would stay until the next write.
      SSL_free_buffers(ssl_.get());
      return;
    }
    if (error == SSL_ERROR_ZERO_RETURN)
      return fail({Errc::kUnavailable, Cause::kConnectionClosed, "the peer ended the TLS session"});
    return fail(tls_error(result));
  }
}

Error TlsStream::tls_error(int result) {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (state_ == State::kHandshake && verified != X509_V_OK) {
    ERR_clear_error();
    return {Errc::kUntrusted, Cause::kTlsUntrusted,
            "the certificate of " + host_ + " is not trusted: " + X509_verify_cert_error_string(verified)};
  }
  const bool has_reason = SSL_get_error(ssl_.get(), result) == SSL_ERROR_SSL;
  return {Errc::kUnavailable, Cause::kTlsFailed,
          "TLS with " + host_ + " failed: " + (has_reason ? openssl_reason() : "unexpected end")};
}

void TlsStream::write(ByteView bytes) {
  if (state_ != State::kEstablished || bytes.empty()) return;
  // What a TLS stream above has to say is written from within its own call into OpenSSL: the errors of that call
  // stay in the thread's queue.
  ERR_set_mark();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  if (result != 1) below_->fail_later(tls_error(result));
  ERR_pop_to_mark();
}

void TlsStream::on_stream_closed(Error why) {
  if (state_ == State::kHandshake) why.message += " during the TLS handshake";
  report(std::move(why));
}

// Any alert that OpenSSL had to say is in the stream below by now.
void TlsStream::fail(Error why) {
  below_->finish();
  report(std::move(why));
}

void TlsStream::report(Error why) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  listener_.on_stream_closed(std::move(why));
}

Error TlsStream::overdue() const {
  if (state_ == State::kWaiting) return below_->overdue();
  return {Errc::kTimedOut, Cause::kNetworkTimeout,
          "connecting timed out: the TLS handshake with " + host_ + " is not finished"};
}

void TlsStream::finish() {
  if (state_ == State::kEstablished) SSL_shutdown(ssl_.get());  // close_notify; the peer's is not awaited
  state_ = State::kClosed;
  below_->finish();
}

void TlsStream::abort() {
  state_ = State::kClosed;
  below_->abort();
}

}  // namespace

int on_new_tls_session(SSL* ssl, SSL_SESSION* session) {
  stream_of(SSL_get_rbio(ssl)).keep_session(session);
  return 0;  // no reference to it was kept
}

StreamFactory tls_stream(TlsStreamOptions options, StreamFactory below) {
  return [options = std::move(options),
          below = std::move(below)](StreamListener& listener) mutable -> Result<std::unique_ptr<Stream>> {
    SslHandle ssl(SSL_new(options.context.handle()));
    if (!ssl) return Error{Errc::kInternal, Cause::kTlsFailed, "TLS cannot be set up: " + openssl_reason()};
    if (options.peer != nullptr) watch_tls_peer(ssl.get(), *options.peer);
    auto stream = std::make_unique<TlsStream>(std::move(ssl), options, listener);
    PONTE_TRY(stream->attach(std::move(below)));
    return std::unique_ptr<Stream>(std::move(stream));
  };
}

}  // namespace ponte::net
