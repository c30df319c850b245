// The API description: complete, and made of schemas that are schemas.
#include "api/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "api/endpoints/endpoints.h"
#include "api/ticket_box.h"
#include "instance/event_journal.h"
#include "instance/event_waits.h"
#include "instance/links.h"
#include "instance/push_hub.h"
#include "instance/state_feed.h"
#include "support/faulty_store.h"
#include "support/virtual_clock.h"
#include "support/virtual_loop.h"
#include "unit/api/api_support.h"

namespace ponte::api {
namespace {

using nlohmann::json;

/// What is wrong with a JSON Schema (2020-12), as far as the keywords go that are used here; another one is wrong too.
class SchemaCheck {
 public:
  explicit SchemaCheck(const json& document) : document_(document) {}

  std::vector<std::string> of(const json& schema) {
    faults_.clear();
    check(schema, "#");
    return faults_;
  }

 private:
  void expect(bool holds, const std::string& where) {
    if (!holds) faults_.push_back(where);
  }
  static bool is_type(const json& value) {
    static const std::set<std::string> kTypes{"null", "boolean", "object", "array", "number", "string", "integer"};
    return value.is_string() && kTypes.count(value.get<std::string>()) == 1;
  }
  static bool all(const json& array, bool (*holds)(const json&)) {
    return array.is_array() && !array.empty() && std::all_of(array.begin(), array.end(), holds);
  }
  static bool is_text(const json& value) { return value.is_string(); }
  static bool is_pattern(const json& value) {
    try {
      return value.is_string() && (std::regex(value.get<std::string>()), true);
    } catch (const std::regex_error&) {
      return false;
    }
  }
  void check(const json& schema, const std::string& where) {
    if (schema.is_boolean()) return;
    expect(schema.is_object(), where);
    if (!schema.is_object()) return;
    for (const auto& [keyword, value] : schema.items()) check_keyword(keyword, value, where + "/" + keyword);
  }
  void check_keyword(const std::string& keyword, const json& value, const std::string& where) {
    static const std::set<std::string> kSchema{"items", "additionalProperties", "if", "then", "else", "not"};
    static const std::set<std::string> kSchemas{"allOf", "anyOf", "oneOf"};
    static const std::set<std::string> kTexts{"title", "description", "format"};
    static const std::set<std::string> kSizes{"minLength", "maxLength", "minItems", "maxItems", "minProperties"};
    if (keyword == "type") return expect(is_type(value) || all(value, is_type), where);
    if (keyword == "required") return expect(all(value, is_text), where);
    if (keyword == "enum" || keyword == "examples") return expect(value.is_array() && !value.empty(), where);
    if (keyword == "pattern") return expect(is_pattern(value), where);
    if (keyword == "minimum" || keyword == "maximum") return expect(value.is_number(), where);
    if (keyword == "const" || keyword == "default") return;
    if (kTexts.count(keyword) == 1) return expect(value.is_string(), where);
    if (kSizes.count(keyword) == 1) return expect(value.is_number_unsigned(), where);
    if (kSchema.count(keyword) == 1) return check(value, where);
    if (kSchemas.count(keyword) == 1 || keyword == "properties") {
      expect(keyword == "properties" ? value.is_object() : value.is_array() && !value.empty(), where);
      for (const auto& [name, schema] : value.items()) check(schema, where + "/" + name);
      return;
    }
    if (keyword == "$ref") {
      return expect(value.is_string() && value.get<std::string>().starts_with("#/") &&
                        document_.contains(json::json_pointer(value.get<std::string>().substr(1))),
                    where);
    }
    expect(false, where);
  }

  const json& document_;
  std::vector<std::string> faults_;
};

class OpenApi : public ::testing::Test {
 protected:
  /// `/a/:b/c` as the document has it.
  static std::string template_of(const Route& route) {
    return std::regex_replace(std::string(route.path), std::regex(":([a-z]+)"), "{$1}");
  }
  const json& operation(const Route& route) const {
    const std::string method = route.method == Method::kGet      ? "get"
                               : route.method == Method::kPost   ? "post"
                               : route.method == Method::kDelete ? "delete"
                               : route.method == Method::kPut    ? "put"
                                                                 : "patch";
    return document["paths"][template_of(route)][method];
  }
  /// With what `$ref` stands for.
  const json& answer(const json& operation, const std::string& status) const {
    const json& found = operation["responses"][status];
    return found.contains("$ref") ? document.at(json::json_pointer(found["$ref"].get<std::string>().substr(1))) : found;
  }

  test::FakeInstances instances;
  test::RealWebhooks webhooks;
  ponte::test::VirtualClock clock;
  ponte::test::VirtualLoop loop{clock};
  crypto::SystemRandom random;
  ponte::test::FaultyStore store;
  instance::EventJournal journal{store, clock};
  instance::PushHub hub{journal};
  instance::EventWaits waits{journal, loop, clock};
  TicketBox tickets{random};
  instance::StateFeed states{"http://ponte"};
  instance::Links links{store, clock, random};
  EventServices events{hub, journal, waits, tickets, states, "http://ponte", true};
  test::FakeIntrospection introspection;
  const std::vector<Route> routes =
      all_routes({instances, *webhooks, clock, clock.now().mono, introspection, false, false, &events, {}, &links});
  const json document = json::parse(openapi_document(routes, {"1.2.3", "https://ponte.example"}));
};

TEST_F(OpenApi, NamesItselfAndItsVersion) {
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["title"], "Ponte");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  EXPECT_EQ(document["servers"][0]["url"], "/") << "the page may ask no other";
  EXPECT_EQ(document["servers"][1]["url"], "https://ponte.example");
  EXPECT_EQ(document["components"]["securitySchemes"]["token"].dump(),
            R"({"in":"header","name":"token","type":"apiKey"})");
  EXPECT_EQ(document["components"]["securitySchemes"]["bearer"].dump(), R"({"scheme":"bearer","type":"http"})");
}

TEST_F(OpenApi, HasEveryRouteOfTheTableAndNoOther) {
  std::size_t operations = 0;
  for (const auto& [path, methods] : document["paths"].items()) operations += methods.size();
  EXPECT_EQ(operations, routes.size());
  for (const Route& route : routes) {
    ASSERT_TRUE(document["paths"].contains(template_of(route))) << route.path;
    ASSERT_TRUE(operation(route).is_object()) << route.path;
    EXPECT_EQ(operation(route)["summary"], route.summary);
    EXPECT_FALSE(route.summary.empty()) << route.path;
    EXPECT_EQ(operation(route)["tags"][0], route.tag);
    const bool other_way = route.ticket || route.query_token || !route.account_query.empty();
    const bool free = route.auth == Auth::kNone && route.account_query.empty();
    EXPECT_EQ(operation(route)["security"].size(), free ? 0u : other_way ? 3u : 2u) << route.path;
  }
}

TEST_F(OpenApi, NoTwoOperationsShareAnId) {
  std::set<std::string> ids;
  for (const Route& route : routes) {
    const std::string id = operation(route)["operationId"];
    EXPECT_TRUE(std::regex_match(id, std::regex("[a-z][A-Za-z0-9]+"))) << id;
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
  EXPECT_EQ(ids.count("getInstanceConnectByInstance"), 1u);
  EXPECT_EQ(ids.count("postInstancesPasskeyConfirm"), 1u);
  EXPECT_EQ(ids.count("getInstancesQrSvg"), 1u);
}

TEST_F(OpenApi, TagsAreListedOnce) {
  std::set<std::string> tags;
  for (const auto& tag : document["tags"]) EXPECT_TRUE(tags.insert(tag["name"].get<std::string>()).second);
  for (const Route& route : routes) EXPECT_EQ(tags.count(std::string(route.tag)), 1u) << route.tag;
}

TEST_F(OpenApi, EverySchemaIsOne) {
  SchemaCheck check(document);
  const auto expect_schema = [&](const json& schema, const std::string& where) {
    for (const std::string& fault : check.of(schema)) ADD_FAILURE() << where << ": " << fault;
  };
  for (const auto& [name, schema] : document["components"]["schemas"].items()) expect_schema(schema, name);
  for (const Route& route : routes) {
    const json& described = operation(route);
    const std::string where(route.path);
    const json parameters = described.value("parameters", json::array());
    for (const json& parameter : parameters) {
      expect_schema(parameter["schema"], where);
    }
    EXPECT_EQ(described.contains("requestBody"), !route.request_schema.empty()) << where;
    if (described.contains("requestBody")) {
      expect_schema(described["requestBody"]["content"]["application/json"]["schema"], where);
    }
    for (const auto& [status, unused] : described["responses"].items()) {
      const json contents = answer(described, status).value("content", json::object());
      for (const auto& [type, content] : contents.items()) {
        if (content.contains("schema")) expect_schema(content["schema"], where + " " + status);
        EXPECT_TRUE(content.contains("schema") || type.find("json") == std::string::npos) << where << " " << status;
      }
    }
  }
}

TEST_F(OpenApi, ASchemaThatIsNoneIsFound) {
  SchemaCheck check(document);
  for (const char* broken :
       {R"({"type":"text"})", R"({"type":[]})", R"({"typ":"string"})", R"({"required":"a"})", R"({"enum":[]})",
        R"({"pattern":"("})", R"({"properties":[]})", R"({"properties":{"a":{"type":7}}})", R"({"items":3})",
        R"({"anyOf":[]})", R"({"anyOf":[{"minLength":-1}]})", R"({"$ref":"#/components/schemas/Nobody"})", "7"}) {
    EXPECT_EQ(check.of(json::parse(broken)).size(), 1u) << broken;
  }
  EXPECT_TRUE(check.of(json::parse(R"({"$ref":"#/components/schemas/Instance"})")).empty());
}

TEST_F(OpenApi, EachOperationListsWhatItAnswers) {
  for (const Route& route : routes) {
    std::set<std::string> expected{std::to_string(route.success), "400", "413", "414", "431", "500", "503"};
    if (route.auth != Auth::kNone || !route.account_query.empty()) expected.insert({"401", "429"});
    if (route.limit != Limit::kNone) expected.insert("429");
    if (route.path.find(":instance") != std::string_view::npos) expected.insert("404");
    for (const RouteAnswer& own : route.answers) expected.insert(std::to_string(own.status));
    std::set<std::string> listed;
    for (const auto& [status, unused] : operation(route)["responses"].items()) {
      listed.insert(status);
      const json& described = answer(operation(route), status);
      EXPECT_FALSE(described["description"].get<std::string>().empty()) << route.path << status;
      EXPECT_TRUE(described["headers"].contains("X-Request-Id")) << route.path << status;
      EXPECT_EQ(described["headers"].contains("Retry-After"), status == "429") << route.path << status;
      if (status < "400") continue;
      const auto own =
          std::find_if(route.answers.begin(), route.answers.end(),
                       [&, &said = status](const RouteAnswer& each) { return std::to_string(each.status) == said; });
      if (own != route.answers.end() && !own->type.empty()) {
        EXPECT_EQ(described["content"], json::object({{std::string(own->type), json::object()}})) << route.path;
        continue;
      }
      EXPECT_EQ(described["content"].size(), 2u) << route.path << status;
      EXPECT_TRUE(described["content"].contains("application/problem+json")) << route.path << status;
    }
    EXPECT_EQ(listed, expected) << route.path;
  }
}

TEST_F(OpenApi, ARowAloneDescribesAnEndpoint) {
  std::vector<Route> table;
  Route row;
  row.method = Method::kPut;
  row.path = "/v1/things/:thing";
  row.auth = Auth::kAccount;
  row.summary = "A thing";
  row.success = 202;
  row.query = {{"depth", "How deep", R"({"type":"integer"})"}};
  row.ticket = true;
  row.request = RequestBody::kOptional;
  row.request_schema = row.response_schema = R"({"type":"object"})";
  row.answers = {{409, "`Busy`"}, {503, "`full`", R"({"type":"object","required":["full"]})"}};
  table.push_back(std::move(row));
  const json made = json::parse(openapi_document(table, {"1"}));
  const json& put = made["paths"]["/v1/things/{thing}"]["put"];
  EXPECT_EQ(put["operationId"], "putThingsByThing");
  EXPECT_EQ(put["parameters"][0].dump(), R"({"in":"path","name":"thing","required":true,"schema":{"type":"string"}})");
  EXPECT_EQ(put["parameters"][1]["name"], "ticket");
  EXPECT_EQ(put["parameters"][2]["schema"]["type"], "integer");
  EXPECT_EQ(put["requestBody"]["required"], false);
  EXPECT_TRUE(put["responses"].contains("202"));
  EXPECT_FALSE(put["responses"].contains("404")) << "no :instance in it";
  EXPECT_EQ(put["responses"]["409"]["description"], "`Busy`");
  EXPECT_EQ(put["responses"]["503"]["content"]["application/json"]["schema"]["anyOf"].size(), 2u);
}

}  // namespace
}  // namespace ponte::api
