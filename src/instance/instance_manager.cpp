#include "instance/instance_manager.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "crypto/base64.h"
#include "crypto/system_random.h"
#include "instance/chat_reader.h"
#include "instance/client_versions.h"
#include "instance/environment.h"
#include "instance/event_journal.h"
#include "instance/housekeeping.h"
#include "instance/instance.h"
#include "instance/instance_metrics.h"
#include "instance/proxy.h"
#include "instance/proxy_probes.h"
#include "instance/registry.h"
#include "instance/webhook_service.h"
#include "protocol/messages/content.h"
#include "protocol/pairing/link_code.h"
#include "store/keys.h"
#include "store/service_records.h"

namespace ponte::instance {
namespace {

constexpr std::size_t kTokenSize = 24;

}  // namespace

struct InstanceManager::Impl : std::enable_shared_from_this<InstanceManager::Impl> {
  explicit Impl(Environment env) : environment(std::move(env)) {}

  Environment environment;
  Registry registry;
  std::atomic<std::size_t> next_lane{0};
  std::atomic<bool> stopping{false};
  std::unique_ptr<Housekeeping> housekeeping;  ///< on the first loop
  std::unique_ptr<ProxyProbes> probes;         ///< likewise

  const Lane& pick_lane() { return environment.lanes[next_lane++ % environment.lanes.size()]; }

  std::string make_token() {
    Bytes bytes(kTokenSize);
    environment.random.fill(bytes);
    return crypto::base64_url(bytes);
  }

  /// Commits and waits; only at start, before any loop serves instances.
  Status commit_and_wait(store::Transaction& transaction) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Status> outcome;
    environment.store.commit(transaction.take(), [&](const Status& status) {
      const std::lock_guard lock(mutex);
      outcome = status;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return outcome.has_value(); });
    return *outcome;
  }

  void erase(const std::shared_ptr<Instance>& instance, Reply<std::monostate> reply);
  void erase_chats(const std::shared_ptr<Instance>& instance, const InstanceInfo& info, Reply<std::monostate> reply);
  void erase_journal(const std::shared_ptr<Instance>& instance, const InstanceInfo& info, Reply<std::monostate> reply);
  void keep(const std::shared_ptr<Instance>& instance, const Status& why, Reply<std::monostate> reply);
  void erase_record(const std::shared_ptr<Instance>& instance, const InstanceInfo& info, Reply<std::monostate> reply);
  void refresh_version();

  /// Of the instance of that name.
  Result<ChatReader> chats(std::string_view name) const {
    const auto instance = registry.find(name);
    if (!instance) return instance_not_found();
    return ChatReader(environment.store, instance->info().id);
  }
  /// Runs `body(instance, reply)` on the loop of the instance of that name, or answers that there is none.
  template <typename T, typename Body>
  void on_instance(std::string_view name, Reply<T> reply, Body body) {
    const auto instance = registry.find(name);
    if (!instance) return reply.answer(instance_not_found());
    instance->loop().post(
        [instance, reply = std::move(reply), body = std::move(body)]() mutable { body(*instance, std::move(reply)); });
  }
};

InstanceManager::InstanceManager(Environment environment) : impl_(std::make_shared<Impl>(std::move(environment))) {}

InstanceManager::~InstanceManager() {
  shutdown();
}

// ---- start and end ----------------------------------------------------------------------------------

Result<std::optional<std::string>> InstanceManager::start(const std::string& account_token) {
  Impl& impl = *impl_;
  store::Transaction transaction(impl.environment.store, store::kSystem);
  PONTE_ASSIGN(Secret<32> hash_key, store::get_or_make_token_hash_key(transaction, impl.environment.random));
  std::optional<std::string> made;
  store::TokenHash account_hash{};
  if (!account_token.empty()) {
    account_hash = store::hash_token(hash_key, account_token);
  } else {
    PONTE_ASSIGN(const std::optional<store::TokenHash> stored, store::get_account_token(transaction));
    if (stored) {
      account_hash = *stored;
    } else {
      made = impl.make_token();
      account_hash = store::hash_token(hash_key, *made);
      store::put_account_token(transaction, account_hash);
    }
  }
  if (!transaction.empty()) PONTE_TRY(impl.commit_and_wait(transaction));
  impl.registry.set_tokens(std::move(hash_key), account_hash);

  PONTE_ASSIGN(const auto records, store::get_instances({impl.environment.store, store::kSystem}));
  for (const store::InstanceRecord& record : records) {
    auto instance = Instance::make(impl.environment, impl.pick_lane(), record);
    impl.registry.add(impl.registry.hash(record.token), instance);
    instance->loop().post([instance] { instance->restore(); });
  }
  net::Executor& first = impl.environment.lanes.front().loop;
  first.run_and_wait([&] {
    impl.housekeeping = std::make_unique<Housekeeping>(first, impl.environment.workers, impl.environment.store,
                                                       [&impl] { impl.refresh_version(); });
    impl.probes = std::make_unique<ProxyProbes>(impl.environment, impl.environment.lanes.front());
  });
  // So that the first list already says who is linked.
  for (const Lane& lane : impl.environment.lanes) lane.loop.run_and_wait([] {});
  return made;
}

void InstanceManager::shutdown() {
  if (impl_->stopping.exchange(true)) return;
  const Error why{Errc::kCancelled, Cause::kShuttingDown, "the service is shutting down"};
  impl_->environment.lanes.front().loop.run_and_wait([this] {
    impl_->housekeeping.reset();
    impl_->probes.reset();
  });
  for (const auto& instance : impl_->registry.all()) {
    instance->loop().run_and_wait([&instance, &why] { instance->close(why); });
  }
}

// ---- requests ---------------------------------------------------------------------------------------

std::optional<Principal> InstanceManager::authenticate(std::string_view token) const {
  return impl_->registry.authenticate(token);
}

void InstanceManager::create(CreateRequest request, Reply<InstanceInfo> reply) {
  Impl& impl = *impl_;
  if (!is_instance_name(request.name)) {
    reply.answer(Error{Errc::kInvalidArgument, Cause::kInvalidInstanceName, "Invalid instance name"});
    return;
  }
  const Wall wall = impl.environment.clock.now().wall;
  store::InstanceRecord record;
  record.id = crypto::uuid_v7(impl.environment.random, unix_milliseconds(wall));
  record.name = std::move(request.name);
  record.token = request.token ? std::move(*request.token) : impl.make_token();
  record.created_at = record.updated_at = wall;
  record.settings = std::move(request.settings);
  record.proxy = std::move(request.proxy);
  record.websocket = std::move(request.websocket);

  const store::TokenHash hash = impl.registry.hash(record.token);
  if (Status reserved = impl.registry.reserve(record.name, hash); !reserved.ok()) {
    reply.answer(std::move(reserved).error());
    return;
  }
  store::Transaction transaction(impl.environment.store, store::kSystem);
  store::put_instance(transaction, record, hash);
  impl.environment.store.commit(transaction.take(),
                                [held = impl_, record, hash, reply = std::move(reply)](const Status& status) mutable {
                                  Impl& impl = *held;
                                  if (!status.ok()) {
                                    impl.registry.release(record.name, hash);
                                    reply.answer(status.error());
                                    return;
                                  }
                                  auto instance = Instance::make(impl.environment, impl.pick_lane(), record);
                                  impl.registry.add(hash, instance);
                                  if (impl.environment.watcher != nullptr)
                                    impl.environment.watcher->on_added(instance->info());
                                  reply.answer(instance->info());
                                });
}

void InstanceManager::connect(std::string_view name, ConnectRequest request, Reply<ConnectResult> reply) {
  if (request.code) {
    auto code = protocol::pairing::parse_code(*request.code);
    if (!code.ok()) return reply.answer(code.error());
    request.code = std::move(*code);
  }
  Reply<ConnectResult> timed([reply = std::move(reply), &metrics = impl_->environment.metrics,
                              watch = Stopwatch()](Result<ConnectResult> result) mutable {
    if (result) metrics.on_code(*result, watch.elapsed());
    reply.answer(std::move(result));
  });
  impl_->on_instance(name, std::move(timed),
                     [request = std::move(request)](Instance& instance, Reply<ConnectResult> answer) mutable {
                       instance.connect(std::move(request), std::move(answer));
                     });
}

void InstanceManager::reconnect(std::string_view name, Reply<std::monostate> reply) {
  impl_->on_instance(name, std::move(reply),
                     [](Instance& instance, Reply<std::monostate> answer) { instance.reconnect(std::move(answer)); });
}

void InstanceManager::log_out(std::string_view name, Reply<LogoutResult> reply) {
  impl_->on_instance(name, std::move(reply),
                     [](Instance& instance, Reply<LogoutResult> answer) { instance.log_out(std::move(answer)); });
}

void InstanceManager::change_settings(std::string_view name, SettingsChange change, Reply<InstanceInfo> reply) {
  if (change.empty()) {
    return reply.answer(
        Error{Errc::kInvalidArgument, Cause::kSettingRequired, "expected at least one of the seven settings"});
  }
  impl_->on_instance(name, std::move(reply),
                     [change = std::move(change)](Instance& instance, Reply<InstanceInfo> answer) {
                       instance.change_settings(change, std::move(answer));
                     });
}

void InstanceManager::set_proxy(std::string_view name, std::optional<Proxy> proxy, Reply<InstanceInfo> reply) {
  impl_->on_instance(name, std::move(reply),
                     [proxy = std::move(proxy)](Instance& instance, Reply<InstanceInfo> answer) mutable {
                       instance.set_proxy(std::move(proxy), std::move(answer));
                     });
}

void InstanceManager::test_proxy(std::string_view name, std::optional<Proxy> proxy, Reply<Milliseconds> reply) {
  const auto instance = impl_->registry.find(name);
  if (!instance) return reply.answer(instance_not_found());
  const Environment& environment = impl_->environment;
  if (!proxy) {
    // A snapshot of the instance has no password.
    const auto record = store::get_instance({environment.store, store::kSystem}, instance->info().id);
    if (!record.ok()) return reply.answer(record.error());
    if (*record) proxy = (*record)->proxy;
  }
  const auto way = proxy ? std::optional(to_net(*proxy)) : environment.options.proxy;
  if (!way) {
    return reply.answer(Error{Errc::kInvalidArgument, Cause::kInvalidProxy,
                              "expected a proxy: the instance has none, nor the service"});
  }
  environment.lanes.front().loop.post([impl = impl_, way = *way, reply = std::move(reply)]() mutable {
    if (!impl->probes) {
      return reply.answer(Error{Errc::kCancelled, Cause::kShuttingDown, "the service is shutting down"});
    }
    impl->probes->run(std::move(way), std::move(reply));
  });
}

void InstanceManager::set_websocket(std::string_view name, WebSocketConfig websocket, Reply<InstanceInfo> reply) {
  impl_->on_instance(name, std::move(reply),
                     [websocket = std::move(websocket)](Instance& instance, Reply<InstanceInfo> answer) mutable {
                       instance.set_websocket(std::move(websocket), std::move(answer));
                     });
}

void InstanceManager::submit_passkey(std::string_view name, std::string assertion, Reply<PasskeyState> reply) {
  impl_->on_instance(name, std::move(reply),
                     [assertion = std::move(assertion)](Instance& instance, Reply<PasskeyState> answer) {
                       instance.submit_passkey(assertion, std::move(answer));
                     });
}

void InstanceManager::confirm_passkey(std::string_view name, Reply<PasskeyState> reply) {
  impl_->on_instance(name, std::move(reply), [](Instance& instance, Reply<PasskeyState> answer) {
    instance.confirm_passkey(std::move(answer));
  });
}

// ---- messages ---------------------------------------------------------------------------------------

void InstanceManager::send_text(std::string_view name, TextRequest request, Reply<SendOutcome> reply) {
  impl_->on_instance(name, std::move(reply),
                     [request = std::move(request)](Instance& instance, Reply<SendOutcome> answer) mutable {
                       instance.messages().send_text(std::move(request), std::move(answer));
                     });
}

void InstanceManager::mark_read(std::string_view name, ReadRequest request, Reply<std::monostate> reply) {
  impl_->on_instance(name, std::move(reply),
                     [request = std::move(request)](Instance& instance, Reply<std::monostate> answer) mutable {
                       instance.messages().mark_read(std::move(request), std::move(answer));
                     });
}

void InstanceManager::show_presence(std::string_view name, PresenceRequest request, Reply<std::monostate> reply) {
  impl_->on_instance(name, std::move(reply),
                     [request = std::move(request)](Instance& instance, Reply<std::monostate> answer) {
                       instance.messages().show_presence(request, std::move(answer));
                     });
}

void InstanceManager::request_older(std::string_view name, OlderRequest request, Reply<std::monostate> reply) {
  impl_->on_instance(name, std::move(reply),
                     [request = std::move(request)](Instance& instance, Reply<std::monostate> answer) {
                       instance.messages().request_older(request, std::move(answer));
                     });
}

void InstanceManager::fetch_media(std::string_view name, std::string message_id, Reply<MediaBytes> reply) {
  const auto chats = impl_->chats(name);
  if (!chats.ok()) return reply.answer(chats.error());
  auto file = chats->media(message_id);
  if (!file.ok()) return reply.answer(file.error());
  Reply<Bytes> fetched([about = std::move(file->about), reply = std::move(reply)](Result<Bytes> bytes) mutable {
    if (!bytes.ok()) return reply.answer(bytes.error());
    about.bytes = std::move(*bytes);
    reply.answer(std::move(about));
  });
  impl_->on_instance(name, std::move(fetched),
                     [message = std::move(file->message)](Instance& instance, Reply<Bytes> answer) mutable {
                       instance.messages().fetch_media(std::move(message), std::move(answer));
                     });
}

Result<HistoryPage> InstanceManager::history(std::string_view name, const HistoryQuery& query) const {
  PONTE_ASSIGN(const ChatReader chats, impl_->chats(name));
  return chats.history(query);
}

Result<std::vector<ContactInfo>> InstanceManager::contacts(std::string_view name) const {
  PONTE_ASSIGN(const ChatReader chats, impl_->chats(name));
  return chats.contacts();
}

Result<std::optional<ContactInfo>> InstanceManager::find_contact(std::string_view name, const Jid& who) const {
  PONTE_ASSIGN(const ChatReader chats, impl_->chats(name));
  return chats.contact(who);
}

Result<ChatMessage> InstanceManager::find_message(std::string_view name, std::string_view id) const {
  PONTE_ASSIGN(const ChatReader chats, impl_->chats(name));
  return chats.message(id);
}

Result<MessageFigures> InstanceManager::message_figures(std::string_view name) const {
  PONTE_ASSIGN(const ChatReader chats, impl_->chats(name));
  return chats.figures(impl_->environment.clock.now().wall);
}

Result<std::optional<HistoryProgress>> InstanceManager::history_progress(std::string_view name) const {
  PONTE_ASSIGN(const ChatReader chats, impl_->chats(name));
  return chats.history_progress();
}

// ---- removal ----------------------------------------------------------------------------------------

void InstanceManager::remove(std::string_view name, Reply<std::monostate> reply) {
  const auto instance = impl_->registry.find(name);
  if (!instance) {
    reply.answer(instance_not_found());
    return;
  }
  instance->loop().post([impl = impl_, instance, reply = std::move(reply)]() mutable {
    instance->unlink([impl, instance, reply = std::move(reply)]() mutable { impl->erase(instance, std::move(reply)); });
  });
}

/// One connected instance, through whose proxy the page is asked for: without any, nothing leaves this machine.
void InstanceManager::Impl::refresh_version() {
  if (!environment.versions.due()) return;
  for (const auto& instance : registry.all()) {
    if (instance->info().state != State::kConnected) continue;
    instance->loop().post([instance] { instance->refresh_version(); });
    return;
  }
}

/// The device's records, its chats and journal, what others keep with it, and the keys that sealed them first: where
/// the process dies in between, the instance is still listed, and the delete can be repeated.
void InstanceManager::Impl::erase(const std::shared_ptr<Instance>& instance, Reply<std::monostate> reply) {
  const InstanceInfo info = instance->info();
  environment.store.erase_owner(info.id, [this, held = shared_from_this(), instance, info,
                                          reply = std::move(reply)](const Status& erased) mutable {
    if (!erased.ok()) return keep(instance, erased, std::move(reply));
    erase_chats(instance, info, std::move(reply));
  });
}

void InstanceManager::Impl::erase_chats(const std::shared_ptr<Instance>& instance, const InstanceInfo& info,
                                        Reply<std::monostate> reply) {
  const store::Owner chats = store::keys::chats_owner(info.id);
  environment.store.erase_owner(
      chats, [this, held = shared_from_this(), instance, info, reply = std::move(reply)](const Status& erased) mutable {
        if (!erased.ok()) return keep(instance, erased, std::move(reply));
        if (environment.watcher == nullptr) return erase_journal(instance, info, std::move(reply));
        environment.watcher->erase(
            info.id, [this, held, instance, info, reply = std::move(reply)](const Status& forgotten) mutable {
              if (!forgotten.ok()) return keep(instance, forgotten, std::move(reply));
              erase_journal(instance, info, std::move(reply));
            });
      });
}

void InstanceManager::Impl::erase_journal(const std::shared_ptr<Instance>& instance, const InstanceInfo& info,
                                          Reply<std::monostate> reply) {
  environment.journal.erase(info.id, [this, held = shared_from_this(), instance, info,
                                      reply = std::move(reply)](const Status& forgotten) mutable {
    if (!forgotten.ok()) return keep(instance, forgotten, std::move(reply));
    erase_record(instance, info, std::move(reply));
  });
}

/// What could not be removed goes on.
void InstanceManager::Impl::keep(const std::shared_ptr<Instance>& instance, const Status& why,
                                 Reply<std::monostate> reply) {
  instance->loop().post([instance] { instance->keep(); });
  if (environment.watcher != nullptr) environment.watcher->on_added(instance->info());
  reply.answer(why.error());
}

void InstanceManager::Impl::erase_record(const std::shared_ptr<Instance>& instance, const InstanceInfo& info,
                                         Reply<std::monostate> reply) {
  const store::TokenHash hash = registry.hash(info.token);
  store::InstanceRecord record;
  record.id = info.id;
  record.name = info.name;
  record.token = info.token;
  store::Transaction transaction(environment.store, store::kSystem);
  store::erase_instance(transaction, record, hash);
  environment.store.commit(transaction.take(), [this, held = shared_from_this(), instance, hash, name = info.name,
                                                reply = std::move(reply)](const Status& status) mutable {
    if (!status.ok()) return keep(instance, status, std::move(reply));
    registry.remove(name, hash);
    instance->loop().post([instance] {
      instance->close(Error{Errc::kCancelled, Cause::kInstanceDeleted, "the instance was removed"});
    });
    reply.answer(std::monostate{});
  });
}

std::vector<InstanceInfo> InstanceManager::list() const {
  std::vector<InstanceInfo> out;
  for (const auto& instance : impl_->registry.all()) out.push_back(instance->info());
  return out;
}

std::optional<InstanceInfo> InstanceManager::find(std::string_view name) const {
  const auto instance = impl_->registry.find(name);
  return instance ? std::optional(instance->info()) : std::nullopt;
}

Census InstanceManager::census() const {
  Census out;
  const Wall now = impl_->environment.clock.now().wall;
  for (const auto& instance : impl_->registry.all()) {
    const State state = instance->state();
    ++out.by_state[static_cast<std::size_t>(state)];
    if (state != State::kConnected) continue;
    const Milliseconds silence = std::max(now - instance->heard_at(), Milliseconds(0));
    if (!out.longest_silence || silence > *out.longest_silence) out.longest_silence = silence;
  }
  return out;
}

void InstanceManager::set_connect_timeout(Milliseconds timeout) {
  impl_->environment.options.connect_timeout.set(timeout);
}

Result<std::string> InstanceManager::shown_qr(std::string_view name) const {
  const auto instance = impl_->registry.find(name);
  return instance ? instance->shown_qr() : Result<std::string>(instance_not_found());
}

Status InstanceManager::store_health() const {
  return impl_->environment.store.health();
}

}  // namespace ponte::instance
