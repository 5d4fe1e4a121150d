#include "clients/goferctl/json.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace goferctl {
namespace {

using google::protobuf::util::JsonParseOptions;
using google::protobuf::util::JsonPrintOptions;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;

std::string Quoted(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  std::string json;
  return MessageToJsonString(value, &json).ok() ? json : "\"\"";
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message, JsonStyle style,
                   absl::string_view endpoint) {
  JsonPrintOptions options;
  options.add_whitespace = style == JsonStyle::kLines;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!MessageToJsonString(message, &json, options).ok()) return "{}";
  while (!json.empty() && json.back() == '\n') json.pop_back();
  if (endpoint.empty() || json.empty()) return json;
  const absl::string_view rest = absl::string_view(json).substr(1);
  return absl::StrCat("{\"endpoint\":", Quoted(endpoint),
                      rest == "}" ? "" : ",", rest);
}

absl::Status FromJson(absl::string_view text,
                      google::protobuf::Message* message) {
  const auto parsed = JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), message,
      JsonParseOptions());
  if (parsed.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::string_view(parsed.message().data(), parsed.message().size()));
}

}  // namespace goferctl
