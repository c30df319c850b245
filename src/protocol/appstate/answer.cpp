#include "protocol/appstate/answer.h"

namespace ponte::protocol::appstate {
namespace {

constexpr std::uint64_t kUnknownError = ~std::uint64_t{0};

template <typename Message>
bool parse(const wire::Node& node, Message& out) {
  const auto bytes = node.leaf();
  return bytes && out.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()));
}

Error malformed(Collection collection, const std::string& what) {
  return {Errc::kMalformed, Cause::kProtobufMalformed,
          "app state " + std::string(collection_name(collection)) + ": " + what + " does not parse"};
}

CollectionAnswer read_collection(Collection collection, const wire::Node& node) {
  CollectionAnswer out;
  out.collection = collection;
  out.more = node.attribute("has_more_patches") == "true";
  if (node.attribute("type") == "error") {
    const wire::Node* error = node.find("error");
    out.error_code = error ? error->number("code").value_or(kUnknownError) : kUnknownError;
    if (out.error_code == 0) out.error_code = kUnknownError;
  }
  if (const wire::Node* snapshot = node.find("snapshot")) {
    if (!parse(*snapshot, out.snapshot.emplace())) out.malformed = malformed(collection, "the reference to a snapshot");
  }
  // Some answers have the patches without the node around them.
  const wire::Node* patches = node.find("patches");
  for (const wire::Node& child : (patches ? *patches : node).children()) {
    if (child.tag != "patch") continue;
    if (!parse(child, out.patches.emplace_back())) out.malformed = malformed(collection, "a patch");
  }
  return out;
}

}  // namespace

std::vector<CollectionAnswer> read_answer(const wire::Node& iq) {
  std::vector<CollectionAnswer> out;
  const wire::Node* sync = iq.find("sync");
  if (sync == nullptr) return out;
  for (const Collection collection : kCollections) {
    for (const wire::Node& child : sync->children()) {
      if (child.tag != "collection" || child.attribute("name") != collection_name(collection)) continue;
      out.push_back(read_collection(collection, child));
      break;
    }
  }
  return out;
}

}  // namespace ponte::protocol::appstate
