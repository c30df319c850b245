// Instances in memory, for tests of the REST layer.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "instance/instance_service.h"
#include "instance/recipient.h"
#include "instance/webhook_service.h"

namespace ponte::api::test {

constexpr Milliseconds kPatience{20'000};

/// Instances in memory. Tokens: "account-token", and what each instance has. Connect calls wait until a test answers
/// them.
class FakeInstances : public instance::InstanceService {
 public:
  std::optional<instance::Principal> authenticate(std::string_view token) const override {
    const std::lock_guard lock(mutex_);
    if (token == "account-token") return instance::AccountPrincipal{};
    for (const auto& [name, info] : instances_) {
      if (info.token == token) return instance::InstancePrincipal{info.id, name};
    }
    return std::nullopt;
  }
  void create(instance::CreateRequest request, Reply<instance::InstanceInfo> reply) override {
    Result<instance::InstanceInfo> result = make(request);
    if (!deferred) return reply.answer(std::move(result));
    std::thread([reply = std::move(reply), result = std::move(result)]() mutable {
      reply.answer(std::move(result));
    }).detach();
  }
  void connect(std::string_view name, instance::ConnectRequest request, Reply<instance::ConnectResult> reply) override {
    std::unique_lock lock(mutex_);
    if (instances_.find(std::string(name)) == instances_.end()) {
      lock.unlock();
      return reply.answer(Error{Errc::kNotFound, Cause::kInstanceNotFound, "no instance of this name"});
    }
    last_connect_ = request;
    waiting_.push_back({std::string(name), std::move(reply)});
    arrived_.notify_all();
  }
  void reconnect(std::string_view name, Reply<std::monostate> reply) override {
    answer(name, std::move(reply), [](instance::InstanceInfo&) { return std::monostate{}; });
  }
  void log_out(std::string_view name, Reply<instance::LogoutResult> reply) override {
    answer(name, std::move(reply), [](instance::InstanceInfo& info) {
      info.state = instance::State::kLoggedOut;
      return instance::LogoutResult{true};
    });
  }
  void change_settings(std::string_view name, instance::SettingsChange change,
                       Reply<instance::InstanceInfo> reply) override {
    if (change.empty()) return reply.answer(Error{Errc::kInvalidArgument, Cause::kSettingRequired, "none"});
    answer(name, std::move(reply), [&](instance::InstanceInfo& info) {
      change.apply_to(info.settings);
      return info;
    });
  }
  void set_proxy(std::string_view name, std::optional<instance::Proxy> proxy,
                 Reply<instance::InstanceInfo> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo& info) {
      last_proxy = info.proxy = proxy;
      return info;
    });
  }
  void test_proxy(std::string_view name, std::optional<instance::Proxy> proxy, Reply<Milliseconds> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo& info) {
      last_proxy = proxy ? proxy : info.proxy;
      return Milliseconds(12);
    });
  }
  void set_websocket(std::string_view name, instance::WebSocketConfig websocket,
                     Reply<instance::InstanceInfo> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo& info) {
      info.websocket = websocket;
      return info;
    });
  }
  void submit_passkey(std::string_view name, std::string assertion, Reply<instance::PasskeyState> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo& info) {
      last_assertion = assertion;
      info.passkey->stage = instance::PasskeyState::Stage::kSubmitted;
      return *info.passkey;
    });
  }
  void confirm_passkey(std::string_view name, Reply<instance::PasskeyState> reply) override {
    answer(name, std::move(reply), [](instance::InstanceInfo& info) {
      info.passkey->stage = instance::PasskeyState::Stage::kConfirmed;
      return *info.passkey;
    });
  }
  void remove(std::string_view name, Reply<std::monostate> reply) override {
    if (remove_error) return reply.answer(*remove_error);
    bool found = false;
    {
      const std::lock_guard lock(mutex_);
      found = instances_.erase(std::string(name)) > 0;
    }
    if (found) return reply.answer(std::monostate{});
    reply.answer(Error{Errc::kNotFound, Cause::kInstanceNotFound, "no instance of this name"});
  }
  std::vector<instance::InstanceInfo> list() const override {
    const std::lock_guard lock(mutex_);
    std::vector<instance::InstanceInfo> out;
    for (const auto& [name, info] : instances_) out.push_back(info);
    return out;
  }
  std::optional<instance::InstanceInfo> find(std::string_view name) const override {
    const std::lock_guard lock(mutex_);
    const auto found = instances_.find(std::string(name));
    return found == instances_.end() ? std::nullopt : std::optional(found->second);
  }
  instance::Census census() const override {
    const std::lock_guard lock(mutex_);
    instance::Census out;
    for (const auto& [name, info] : instances_) ++out.by_state[static_cast<std::size_t>(info.state)];
    return out;
  }
  Result<std::string> shown_qr(std::string_view name) const override {
    const std::lock_guard lock(mutex_);
    if (instances_.find(std::string(name)) == instances_.end()) return instance::instance_not_found();
    if (!qr) return Error{Errc::kNotFound, Cause::kQrNotAvailable, "no QR code is out"};
    return *qr;
  }
  void send_text(std::string_view name, instance::TextRequest request, Reply<instance::SendOutcome> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo&) {
      last_text = request;
      instance::ChatMessage message;
      message.id = request.text.id.value_or("3EB0FAKE");
      message.chat.jid = request.text.to;
      if (instance::is_person(request.text.to)) message.chat.other.pn = request.text.to;
      message.from_me = true;
      message.content = {0x0A, 2, 'h', 'i'};
      message.source = request.text.source;
      message.state = protocol::messages::MessageState::kServerAck;
      const std::string id = message.id;
      if (send_error) return instance::SendOutcome{id, *send_error};
      return instance::SendOutcome{id, std::move(message)};
    });
  }
  void mark_read(std::string_view name, instance::ReadRequest request, Reply<std::monostate> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo&) {
      last_read = request;
      return std::monostate{};
    });
  }
  void show_presence(std::string_view name, instance::PresenceRequest request, Reply<std::monostate> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo&) {
      last_presence = request;
      return std::monostate{};
    });
  }
  void request_older(std::string_view name, instance::OlderRequest request, Reply<std::monostate> reply) override {
    answer(name, std::move(reply), [&](instance::InstanceInfo&) {
      last_older = request;
      return std::monostate{};
    });
  }
  void fetch_media(std::string_view name, std::string id, Reply<instance::MediaBytes> reply) override {
    Result<instance::MediaBytes> result = read(name, [&]() -> Result<instance::MediaBytes> {
      if (!media.contains(id)) return Error{Errc::kNotFound, Cause::kMediaNotAvailable, "no file"};
      return media.at(id);
    });
    reply.answer(std::move(result));
  }
  Result<instance::HistoryPage> history(std::string_view name, const instance::HistoryQuery& query) const override {
    return read(name, [&]() -> Result<instance::HistoryPage> {
      last_history = query;
      return instance::HistoryPage{query.chat, messages, messages.size() == query.limit ? "next-page" : ""};
    });
  }
  Result<std::vector<instance::ContactInfo>> contacts(std::string_view name) const override {
    return read(name, [&]() -> Result<std::vector<instance::ContactInfo>> { return known; });
  }
  Result<std::optional<instance::ContactInfo>> find_contact(std::string_view name,
                                                            const instance::Jid& who) const override {
    return read(name, [&]() -> Result<std::optional<instance::ContactInfo>> {
      for (const auto& contact : known) {
        if (contact.party.pn == who || contact.party.lid == who) return std::optional(contact);
      }
      return std::optional<instance::ContactInfo>();
    });
  }
  Result<instance::ChatMessage> find_message(std::string_view name, std::string_view id) const override {
    return read(name, [&]() -> Result<instance::ChatMessage> {
      for (const auto& message : messages) {
        if (message.id == id) return message;
      }
      return instance::message_not_found();
    });
  }
  Result<instance::MessageFigures> message_figures(std::string_view name) const override {
    return read(name, [&]() -> Result<instance::MessageFigures> { return figures; });
  }
  Result<std::optional<instance::HistoryProgress>> history_progress(std::string_view name) const override {
    return read(name, [&]() -> Result<std::optional<instance::HistoryProgress>> { return progress; });
  }
  Status store_health() const override { return store_error ? Status(*store_error) : Status::Ok(); }

  /// `next_error` once, or what `change` makes of the instance.
  template <typename T, typename Change>
  void answer(std::string_view name, Reply<T> reply, Change change) {
    std::unique_lock lock(mutex_);
    Result<T> result = [&]() -> Result<T> {
      if (next_error) return *std::exchange(next_error, std::nullopt);
      const auto found = instances_.find(std::string(name));
      if (found == instances_.end()) return instance::instance_not_found();
      return change(found->second);
    }();
    lock.unlock();
    reply.answer(std::move(result));
  }

  /// `read_error`, or what `body` reads of an instance that is there.
  template <typename Body>
  auto read(std::string_view name, Body body) const -> decltype(body()) {
    const std::lock_guard lock(mutex_);
    if (!instances_.contains(std::string(name))) return instance::instance_not_found();
    if (read_error) return *read_error;
    return body();
  }

  // For tests.
  Result<instance::InstanceInfo> make(const instance::CreateRequest& request) {
    const std::lock_guard lock(mutex_);
    if (create_error) return *create_error;
    if (instances_.count(request.name) > 0) {
      return Error{Errc::kAlreadyExists, Cause::kInstanceExists, "an instance of this name exists"};
    }
    instance::InstanceInfo info;
    info.id = "id-" + request.name;
    info.name = request.name;
    info.token = request.token.value_or("token-" + request.name);
    info.settings = request.settings;
    last_proxy = info.proxy = request.proxy;
    info.websocket = request.websocket;
    info.created_at = info.updated_at = info.state_since = Wall(Milliseconds(1'748'736'000'000));
    instances_.emplace(request.name, info);
    if (watcher != nullptr) watcher->on_added(info);
    return info;
  }
  void add(const std::string& name) { ASSERT_TRUE(make({name, std::nullopt, {}, {}, {}}).ok()); }
  void edit(const std::string& name, const std::function<void(instance::InstanceInfo&)>& change) {
    const std::lock_guard lock(mutex_);
    change(instances_.at(name));
  }
  struct Waiting {
    std::string name;
    Reply<instance::ConnectResult> reply;
  };
  std::vector<Waiting> take_waiting(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, kPatience, [&] { return waiting_.size() >= count; }));
    return std::exchange(waiting_, {});
  }
  std::size_t waiting_count() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  instance::ConnectRequest last_connect() const {
    const std::lock_guard lock(mutex_);
    return last_connect_;
  }

  instance::InstanceWatcher* watcher = nullptr;
  bool deferred = false;
  std::optional<Error> create_error;
  std::optional<Error> next_error;
  std::optional<instance::Proxy> last_proxy;
  std::string last_assertion;
  std::optional<Error> remove_error;
  std::optional<Error> store_error;
  std::optional<std::string> qr;
  std::optional<Error> send_error;
  std::optional<Error> read_error;
  std::optional<instance::TextRequest> last_text;
  std::optional<instance::ReadRequest> last_read;
  std::optional<instance::PresenceRequest> last_presence;
  std::optional<instance::OlderRequest> last_older;
  mutable std::optional<instance::HistoryQuery> last_history;
  std::vector<instance::ChatMessage> messages;
  std::vector<instance::ContactInfo> known;
  std::map<std::string, instance::MediaBytes> media;
  instance::MessageFigures figures;
  std::optional<instance::HistoryProgress> progress;

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::string, instance::InstanceInfo> instances_;
  std::vector<Waiting> waiting_;
  instance::ConnectRequest last_connect_;
};

}  // namespace ponte::api::test
