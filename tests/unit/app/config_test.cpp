#include "app/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/hex.h"

namespace ponte::app {
namespace {

using Variables = std::map<std::string, std::string>;

Result<Config> load(const Variables& variables, const std::string& file = "") {
  return load_config(file, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

/// A configuration file that goes with the test.
class File {
 public:
  explicit File(const std::string& text) {
    path_ = testing::TempDir() + "ponte_config_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".toml";
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Configuration, DefaultsAreWhatTheManualSays) {
  const auto config = load({});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->listen, "127.0.0.1:8080");
  EXPECT_EQ(config->data_dir, "./data");
  EXPECT_EQ(config->master_key_path(), "./data/master.key");
  EXPECT_EQ(config->whatsapp_url.host, "web.whatsapp.com");
  EXPECT_TRUE(config->whatsapp_url.secure);
  EXPECT_EQ(to_hex(config->whatsapp_root_key), "142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b");
  EXPECT_EQ(config->connect_timeout, Seconds(60));
  EXPECT_EQ(config->qr_first_ttl, Seconds(60));
  EXPECT_EQ(config->qr_ttl, Seconds(20));
  EXPECT_EQ(config->rate_limit, 100U);
  EXPECT_EQ(config->create_rate_limit, 20U);
  EXPECT_EQ(config->max_connections, 4096U);
  EXPECT_EQ(config->device_name, "Chrome (Linux)");
  EXPECT_EQ(config->qr_format, protocol::QrFormat::kUrl);
}

TEST(Configuration, TheEnvironmentOverridesTheFile) {
  const File file(
      "listen = \"127.0.0.1:1000\"\nrate_limit = 7\nqr_format = \"bare\"\ncors_origins = [\"https://a\", "
      "\"https://b\"]\n");
  const auto config = load({{"PONTE_LISTEN", "[::1]:2000"}}, file.path());
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->listen, "[::1]:2000");
  EXPECT_EQ(config->rate_limit, 7U);
  EXPECT_EQ(config->qr_format, protocol::QrFormat::kBare);
  EXPECT_EQ(config->cors_origins, (std::vector<std::string>{"https://a", "https://b"}));
}

TEST(Configuration, ListsAreSeparatedByCommas) {
  const auto config = load({{"PONTE_TRUSTED_PROXIES", "10.0.0.1, 10.0.0.0/8 ,"}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->trusted_proxies, (std::vector<std::string>{"10.0.0.1", "10.0.0.0/8"}));
}

TEST(Configuration, AllErrorsAreToldAtOnce) {
  const auto config = load({{"PONTE_LISTEN", "nowhere"}, {"PONTE_QR_TTL", "0"}, {"PONTE_LOG", "loud"}});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().cause, Cause::kConfigInvalid);
  for (const char* name : {"PONTE_LISTEN", "PONTE_QR_TTL", "PONTE_LOG"}) {
    EXPECT_NE(config.error().message.find(name), std::string::npos) << name;
  }
}

TEST(Configuration, EveryBadValueIsRefusedAndNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"PONTE_LISTEN", "127.0.0.1"},
      {"PONTE_LISTEN", ":8080"},
      {"PONTE_LISTEN", "127.0.0.1:65536"},
      {"PONTE_LISTEN", "127.0.0.1:x"},
      {"PONTE_ACCOUNT_TOKEN", "short"},
      {"PONTE_ACCOUNT_TOKEN", "with a blank in it"},
      {"PONTE_WHATSAPP_URL", "http://web.whatsapp.com"},
      {"PONTE_WHATSAPP_URL", "ws://example.org/ws"},
      {"PONTE_WHATSAPP_ROOT_KEY", "1234"},
      {"PONTE_WHATSAPP_ROOT_KEY", "zz"},
      {"PONTE_WHATSAPP_VERSION", "2.3000"},
      {"PONTE_WHATSAPP_VERSION", "2.3000.x"},
      {"PONTE_WHATSAPP_VERSION", "2.3000.1.4"},
      {"PONTE_WHATSAPP_VERSION_URL", "ftp://x"},
      {"PONTE_PUBLIC_URL", "example.org"},
      {"PONTE_MAX_CONNECTIONS", "0"},
      {"PONTE_MAX_CONNECTIONS", "-1"},
      {"PONTE_CONNECT_TIMEOUT", "1s"},
      {"PONTE_CONNECT_TIMEOUT", "99999999999999999999"},
      {"PONTE_QR_FIRST_TTL", ""},
      {"PONTE_RATE_LIMIT", "many"},
      {"PONTE_QR_FORMAT", "png"},
      {"PONTE_DEVICE_NAME", ""},
      {"PONTE_ALLOW_PRIVATE_WEBHOOKS", "yes"},
      {"PONTE_EVENT_TOKEN", "maybe"},
      {"PONTE_LOG_FORMAT", "xml"},
      {"PONTE_LOOPS", "65"},
      {"PONTE_PROXY", "ftp://127.0.0.1:3128"},
  };
  for (const auto& [name, value] : cases) {
    const auto config = load({{name, value}});
    ASSERT_FALSE(config.ok()) << name << "=" << value;
    EXPECT_NE(config.error().message.find(name), std::string::npos) << name;
  }
}

TEST(Configuration, AFileMayNotHoldWhatNobodyKnows) {
  const File file("colour = \"red\"\nlisten = { a = 1 }\n");
  const auto config = load({}, file.path());
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("colour"), std::string::npos);
  EXPECT_NE(config.error().message.find("listen"), std::string::npos);
}

TEST(Configuration, ABrokenOrMissingFileIsNamedWithItsLine) {
  const File file("listen = \"x\nrate_limit = 1\n");
  EXPECT_NE(load({}, file.path()).error().message.find(file.path() + ":1"), std::string::npos);
  EXPECT_FALSE(load({}, "/nonexistent/ponte.toml").ok());
}

TEST(Configuration, PrintingMasksSecretsAndIsAFileItself) {
  const auto config = load({{"PONTE_ACCOUNT_TOKEN", "very-secret-token"}, {"PONTE_DEVICE_NAME", "Say \"hi\""}});
  ASSERT_TRUE(config.ok());
  const std::string text = print_config(*config);
  EXPECT_EQ(text.find("very-secret-token"), std::string::npos);
  EXPECT_NE(text.find("account_token = "), std::string::npos);
  const File file(text);
  const auto again = load({}, file.path());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->device_name, "Say \"hi\"");
}

TEST(Configuration, AnEnvironmentFileOverridesBoth) {
  const File toml("rate_limit = 7\nconnect_timeout = 7\nlog = \"warn\"\n");
  const File environment(
      "# ours\nPONTE_RATE_LIMIT=9\r\nPONTE_DEVICE_NAME=\"My \"own\"\"\n\nOTHERS_VARIABLE\nOTHERS=1\n");
  const auto config = load_config(
      toml.path(), [](const char* name) { return std::string(name) == "PONTE_CONNECT_TIMEOUT" ? "8" : nullptr; },
      environment.path());
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->rate_limit, 9U);
  EXPECT_EQ(config->connect_timeout, Seconds(8));
  EXPECT_EQ(config->log_level, log::Level::kWarn);
  EXPECT_EQ(config->device_name, "My \"own\"");
}

TEST(Configuration, AnEnvironmentFileIsCheckedByLine) {
  const auto none = [](const char*) -> const char* { return nullptr; };
  const File environment("PONTE_RATE_LIMIT=many\nPONTE_RATELIMIT=9\nPONTE_LOG\n");
  const auto config = load_config("", none, environment.path());
  ASSERT_FALSE(config.ok());
  for (const char* said : {":1: PONTE_RATE_LIMIT", ":2: PONTE_RATELIMIT: no such", ":3: expected NAME=value"}) {
    EXPECT_NE(config.error().message.find(environment.path() + said), std::string::npos) << config.error().message;
  }
  EXPECT_FALSE(load_config("", none, "/nonexistent/ponte.env").ok());
}

TEST(Configuration, WhatMayChangeIsAdoptedAndTheRestIsNamed) {
  auto current = load({{"PONTE_ACCOUNT_TOKEN", "first-secret"}});
  const auto fresh = load({{"PONTE_RATE_LIMIT", "7"},
                           {"PONTE_CREATE_RATE_LIMIT", "3"},
                           {"PONTE_LOG", "debug"},
                           {"PONTE_CORS_ORIGINS", "https://a,https://b"},
                           {"PONTE_TRUSTED_PROXIES", "10.0.0.0/8"},
                           {"PONTE_CONNECT_TIMEOUT", "5"},
                           {"PONTE_LISTEN", "127.0.0.1:9"},
                           {"PONTE_ACCOUNT_TOKEN", "second-secret"}});
  ASSERT_TRUE(current.ok() && fresh.ok());
  std::map<std::string, SettingChange> changes;
  for (const SettingChange& change : adopt(*current, *fresh)) changes[change.name] = change;
  EXPECT_EQ(changes.size(), 8U);
  for (const char* name :
       {"rate_limit", "create_rate_limit", "log", "cors_origins", "trusted_proxies", "connect_timeout"}) {
    EXPECT_TRUE(changes[name].at_once) << name;
  }
  EXPECT_EQ(changes["rate_limit"].from, "100");
  EXPECT_EQ(changes["rate_limit"].to, "7");
  EXPECT_FALSE(changes["listen"].at_once);
  EXPECT_EQ(changes["account_token"].to.find("secret"), std::string::npos);
  EXPECT_EQ(changes["account_token"].from.find("secret"), std::string::npos);
  EXPECT_EQ(current->rate_limit, 7U);
  EXPECT_EQ(current->create_rate_limit, 3U);
  EXPECT_EQ(current->log_level, log::Level::kDebug);
  EXPECT_EQ(current->cors_origins, (std::vector<std::string>{"https://a", "https://b"}));
  EXPECT_EQ(current->trusted_proxies, (std::vector<std::string>{"10.0.0.0/8"}));
  EXPECT_EQ(current->connect_timeout, Seconds(5));
  EXPECT_EQ(current->listen, "127.0.0.1:8080") << "it listens there still";
  EXPECT_EQ(current->account_token, "first-secret");
  EXPECT_EQ(adopt(*current, *fresh).size(), 2U) << "what takes a restart is named again";
}

}  // namespace
}  // namespace ponte::app
