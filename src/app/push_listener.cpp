#include "app/push_listener.h"

#include <optional>
#include <utility>

#include "api/dispatcher.h"

namespace ponte::app {
namespace {

constexpr std::string_view kPath = "/ws/";

/// A WebSocket as the stream of an answer.
class SocketStream final : public api::ResponseStream {
 public:
  explicit SocketStream(std::shared_ptr<net::PushSocket> socket) : socket_(std::move(socket)) {}
  bool write(std::string_view text) override { return socket_->send(std::make_shared<const std::string>(text)); }
  bool write_shared(const net::SharedText& text) override { return socket_->send(text); }
  std::size_t waiting() const override { return socket_->waiting(); }
  void close() override { socket_->close(); }

 private:
  const std::shared_ptr<net::PushSocket> socket_;  // shared with the server
};

net::UpgradeAnswer answer_of(api::Response response) {
  net::UpgradeAnswer answer;
  answer.status = response.status;
  answer.headers = std::move(response.headers);
  if (response.status == 101 && response.stream) {
    answer.opened = [stream = std::move(response.stream)](std::shared_ptr<net::PushSocket> socket) {
      api::StreamCallbacks callbacks = stream(std::make_shared<SocketStream>(std::move(socket)));
      return net::PushCallbacks{std::move(callbacks.on_drained), std::move(callbacks.on_gone)};
    };
    return answer;
  }
  answer.headers.emplace_back("Content-Type", response.content_type);
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.body = std::move(response.body);
  return answer;
}

net::UpgradeAnswer on_upgrade(api::Dispatcher& dispatcher, net::UpgradeRequest request) {
  api::IncomingRequest incoming;
  incoming.method = api::Method::kGet;
  incoming.headers = std::move(request.headers);
  incoming.peer_address = std::move(request.peer_address);
  incoming.may_upgrade = true;
  // Nothing else is done by way of an upgrade.
  const bool ours = request.target.starts_with(kPath);
  incoming.target = std::move(request.target);
  if (!ours)
    return answer_of(dispatcher.refuse(incoming, {404, Cause::kRouteNotFound, "Not found", "only /ws/:instance"}));
  // Its handler answers at once.
  std::optional<Result<api::Response>> outcome;
  dispatcher.handle(std::move(incoming),
                    Reply<api::Response>([&outcome](Result<api::Response> result) { outcome = std::move(result); }));
  if (outcome && outcome->ok()) return answer_of(std::move(**outcome));
  net::UpgradeAnswer failed;
  failed.status = 503;
  return failed;
}

}  // namespace

PushListener::PushListener(net::WebSocketServer::Options options, api::Dispatcher& dispatcher)
    : server_(std::move(options),
              [&dispatcher](net::UpgradeRequest request) { return on_upgrade(dispatcher, std::move(request)); }) {}

}  // namespace ponte::app
