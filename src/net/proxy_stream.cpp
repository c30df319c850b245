#include "net/proxy_stream.h"

#include "net/authority.h"

namespace ponte::net {
namespace {

class ProxyStream final : public Stream, private StreamListener {
 public:
  ProxyStream(std::unique_ptr<ProxyCodec> codec, StreamListener& listener)
      : listener_(listener), codec_(std::move(codec)) {}

  Status attach(StreamFactory below) {
    PONTE_ASSIGN(below_, below(*this));
    return Status::Ok();
  }
  void start() override { below_->start(); }
  void write(ByteView bytes) override {
    if (state_ == State::kTunnel) below_->write(bytes);
  }
  void finish() override {
    close();
    below_->finish();
  }
  void abort() override {
    close();
    below_->abort();
  }
  void fail_later(Error why) override { below_->fail_later(std::move(why)); }
  Error overdue() const override;

 private:
  // kWaiting ──stream below opens──► kHandshake ──► kTunnel ──► kClosed; any of them fails to kClosed.
  enum class State {
    kWaiting,    // nothing is sent yet
    kHandshake,  // nothing is reported yet
    kTunnel,     // bytes flow
    kClosed,     // nothing is reported any more
  };

  void on_stream_open() override;
  void on_stream_bytes(ByteView bytes) override;
  void on_stream_closed(Error why) override;
  void send_output();
  void close();
  std::string target() const { return format_authority(codec_->target().host, codec_->target().port); }

  std::unique_ptr<Stream> below_;
  StreamListener& listener_;
  std::unique_ptr<ProxyCodec> codec_;  // until the tunnel stands
  State state_ = State::kWaiting;
};

void ProxyStream::on_stream_open() {
  state_ = State::kHandshake;
  send_output();
}

void ProxyStream::send_output() {
  const SecretBytes output = codec_->take_output();
  if (!output.view().empty()) below_->write(output.view());
}

void ProxyStream::on_stream_bytes(ByteView bytes) {
  if (state_ == State::kTunnel) return listener_.on_stream_bytes(bytes);
  if (state_ != State::kHandshake) return;
  if (Status fed = codec_->feed(bytes); !fed.ok()) {
    finish();
    return listener_.on_stream_closed(std::move(fed).error());
  }
  send_output();
  if (!codec_->established()) return;
  codec_.reset();
  state_ = State::kTunnel;
  listener_.on_stream_open();
}

void ProxyStream::on_stream_closed(Error why) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kHandshake) why.message += " before it answered whether it connects to " + target();
  if (codec_) why = proxy_unreachable(codec_->proxy(), std::move(why));
  close();
  listener_.on_stream_closed(std::move(why));
}

void ProxyStream::close() {
  state_ = State::kClosed;
  codec_.reset();
}

Error ProxyStream::overdue() const {
  if (state_ != State::kHandshake) {
    Error why = below_->overdue();
    return codec_ ? proxy_unreachable(codec_->proxy(), std::move(why)) : why;
  }
  return {Errc::kTimedOut, Cause::kProxyUnreachable,
          "connecting timed out: proxy " + codec_->proxy().to_string() + " has not answered whether it connects to " +
              target()};
}

}  // namespace

StreamFactory proxy_stream(Proxy proxy, ProxyTarget target, StreamFactory below) {
  return [proxy = std::move(proxy), target = std::move(target),
          below = std::move(below)](StreamListener& listener) mutable -> Result<std::unique_ptr<Stream>> {
    PONTE_ASSIGN(auto codec, ProxyCodec::create(std::move(proxy), std::move(target)));
    auto stream = std::make_unique<ProxyStream>(std::move(codec), listener);
    PONTE_TRY(stream->attach(std::move(below)));
    return std::unique_ptr<Stream>(std::move(stream));
  };
}

}  // namespace ponte::net
