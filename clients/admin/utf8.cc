#include "clients/admin/utf8.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace goferd::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsBetween(unsigned char byte, unsigned char least, unsigned char most) {
  return least <= byte && byte <= most;
}

// The length of the character at the beginning of `bytes`, which are not empty;
// 0 when there is none, by table 3-7 of the Unicode standard.
size_t CharacterLength(absl::string_view bytes) {
  const auto at = [bytes](size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i])
                            : static_cast<unsigned char>(0);
  };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  unsigned char least = 0x80;
  unsigned char most = 0xbf;
  if (first == 0xe0) least = 0xa0;
  if (first == 0xed) most = 0x9f;
  if (first == 0xf0) least = 0x90;
  if (first == 0xf4) most = 0x8f;
  const size_t length = IsBetween(first, 0xc2, 0xdf)   ? 2
                        : IsBetween(first, 0xe0, 0xef) ? 3
                        : IsBetween(first, 0xf0, 0xf4) ? 4
                                                       : 0;
  if (length == 0 || !IsBetween(at(1), least, most)) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsBetween(at(i), 0x80, 0xbf)) return 0;
  }
  return length;
}

absl::Status CheckText(absl::string_view text, const std::string& path) {
  if (IsUtf8(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, " must be UTF-8: \"", EscapeBytes(text), "\" is not"));
}

absl::Status CheckBelow(const Message& message, const std::string& prefix);

absl::Status CheckField(const Message& message, const FieldDescriptor* field,
                        const std::string& prefix) {
  const auto& reflection = *message.GetReflection();
  const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
  const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (!is_text && !is_message) return absl::OkStatus();
  const std::string path = absl::StrCat(prefix, field->name());
  if (!field->is_repeated()) {
    return is_text
               ? CheckText(reflection.GetString(message, field), path)
               : CheckBelow(reflection.GetMessage(message, field), path + ".");
  }
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const std::string item = absl::StrCat(path, "[", i, "]");
    absl::Status status =
        is_text
            ? CheckText(reflection.GetRepeatedString(message, field, i), item)
            // The entries of a map are the map's own texts.
            : CheckBelow(reflection.GetRepeatedMessage(message, field, i),
                         field->is_map() ? path + "." : item + ".");
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckBelow(const Message& message, const std::string& prefix) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    absl::Status status = CheckField(message, field, prefix);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

bool IsUtf8(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string EscapeBytes(absl::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    if (length == 0) {
      absl::StrAppendFormat(&text, "\\x%02x",
                            static_cast<unsigned char>(bytes.front()));
      bytes.remove_prefix(1);
    } else {
      absl::StrAppend(&text, bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return text;
}

absl::Status CheckTexts(const Message& message) {
  return CheckBelow(message, "");
}

}  // namespace goferd::client
