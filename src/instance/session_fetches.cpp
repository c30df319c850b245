#include "instance/session_fetches.h"

#include <utility>

#include "instance/user_agent.h"

namespace ponte::instance {
namespace {

Result<protocol::HttpAnswer> answer_of(Result<net::HttpReply> reply) {
  if (!reply.ok()) return std::move(reply).error();
  return protocol::HttpAnswer{reply->status, std::move(reply->body)};
}

}  // namespace

void SessionFetches::start(protocol::StartFetch fetch, const std::optional<net::Proxy>& proxy, Done done) {
  net::HttpRequest request;
  request.url = std::move(fetch.request.url);
  request.headers = std::move(fetch.request.headers);
  request.headers.emplace_back("User-Agent", kUserAgent);
  request.max_body = fetch.request.largest;
  request.timeout = fetch.request.within;
  request.proxy = proxy;
  request.ca_file = environment_.options.media.ca_file;
  // By a proxy nobody here sees where a name leads.
  request.allow_private = environment_.options.media.allow_private || proxy.has_value();
  Reply<net::HttpReply> reply([loop = lane_.loop.poster(), done = std::move(done), id = fetch.id,
                               epoch = fetch.epoch](Result<net::HttpReply> came) mutable {
    loop.post([done = std::move(done), id, epoch, answer = answer_of(std::move(came))]() mutable {
      done(id, epoch, std::move(answer));
    });
  });
  net::HttpTicket& ticket = tickets_[fetch.id];
  if (environment_.http == nullptr) {
    return reply.answer(Error{Errc::kUnsupported, Cause::kHttpFailed, "nothing is fetched over HTTP here"});
  }
  ticket = environment_.http->fetch(std::move(request), std::move(reply));
}

void SessionFetches::cancel_all() {
  for (const auto& [id, ticket] : std::exchange(tickets_, {})) {
    if (environment_.http != nullptr) environment_.http->cancel(ticket);
  }
}

}  // namespace ponte::instance
