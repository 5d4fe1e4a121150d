// Our encoder and decoder against the bytes of gVisor's own marshaller.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/wire/dirent64.h"
#include "server/wire/message_list.h"
#include "tests/support/wire_arena.h"
#include "tests/support/wire_bytes.h"
#include "tests/support/wire_printer.h"
#include "tests/unit/server/wire/golden_file.h"

namespace gofer::wire {
namespace {

using ::testing::IsEmpty;

// The messages that data follows which is not part of the struct.
template <class T>
inline constexpr bool kHasData =
    std::is_same_v<T, PWriteReq> || std::is_same_v<T, PReadResp>;

// Builds messages from the fields of a record, in the order of the file.
class FieldReader {
 public:
  explicit FieldReader(std::deque<GoldenField> fields)
      : fields_(std::move(fields)) {}

  // The value at `path`: all its fields must come next and have their names.
  template <class T>
  T Read(const std::string& path) {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(Read<std::underlying_type_t<T>>(path));
    } else if constexpr (Scalar<T>) {
      return ParseInteger<T>(Next(path));
    } else if constexpr (String<T>) {
      return arena_.Keep(ParseBytes(Next(path)));
    } else if constexpr (Message<T>) {
      return ReadMessage<T>(path);
    } else {
      using Element = typename T::value_type;
      std::vector<Element> values(
          ParseInteger<uint16_t>(Next(absl::StrCat(path, ".count"))));
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = Read<Element>(absl::StrCat(path, ".", i));
      }
      return arena_.Keep(std::move(values));
    }
  }

  void ExpectEnd() const {
    EXPECT_TRUE(fields_.empty()) << "unknown field " << fields_.front().name;
  }

 private:
  template <class T>
  T ReadMessage(const std::string& path) {
    const std::string prefix = path.empty() ? "" : absl::StrCat(path, ".");
    T message;
    ForEachField<T>([&]<class Item>() {
      if constexpr (!Item::kIsPad) {
        Item::In(message) = Read<typename Item::Value>(
            Item::kName.empty() ? path : absl::StrCat(prefix, Item::kName));
      }
    });
    return message;
  }

  std::string Next(const std::string& path) {
    if (fields_.empty()) {
      ADD_FAILURE() << "field " << path << " is missing";
      return "";
    }
    const GoldenField field = fields_.front();
    fields_.pop_front();
    EXPECT_EQ(field.name, path);
    return field.value;
  }

  template <class T>
  static T ParseInteger(const std::string& text) {
    T value{};
    const char* end = text.data() + text.size();
    const std::from_chars_result result =
        std::from_chars(text.data(), end, value);
    EXPECT_TRUE(result.ec == std::errc() && result.ptr == end) << text;
    return value;
  }

  static std::string ParseBytes(absl::string_view text) {
    if (absl::ConsumePrefix(&text, "x:")) return absl::HexStringToBytes(text);
    EXPECT_TRUE(absl::ConsumePrefix(&text, "repeat:")) << text;
    const std::pair<absl::string_view, std::string> parts =
        absl::StrSplit(text, '*');
    const std::string byte = absl::HexStringToBytes(parts.first);
    EXPECT_EQ(byte.size(), 1U) << text;
    return std::string(ParseInteger<size_t>(parts.second), byte[0]);
  }

  std::deque<GoldenField> fields_;
  test::WireArena arena_;
};

template <class T>
void CheckRecord(const GoldenRecord& record) {
  SCOPED_TRACE(absl::StrCat(record.message, " case ", record.test_case));
  FieldReader reader(record.fields);
  const T message = reader.Read<T>("");
  std::vector<std::byte> encoded = test::Encoded(message);
  if constexpr (kHasData<T>) {
    const auto data = reader.Read<absl::string_view>("data");
    EXPECT_EQ(message.num_bytes, data.size());
    const auto bytes = std::as_bytes(std::span(data.data(), data.size()));
    encoded.insert(encoded.end(), bytes.begin(), bytes.end());
  }
  reader.ExpectEnd();

  EXPECT_EQ(test::ToHex(encoded), test::ToHex(record.bytes));

  const test::ExactPayload payload(record.bytes);
  const base::ErrnoOr<T> decoded = Decode<T>(payload.span());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, message);
}

// What checks a struct of the file, and which type it is for us.
struct Checker {
  std::function<void(const GoldenRecord&)> check;
  absl::string_view type;
};
using Checkers = std::map<std::string, Checker>;

template <class T>
void AddChecker(const std::string& golden_name, Checkers& checkers) {
  const auto [entry, added] =
      checkers.try_emplace(golden_name, Checker{CheckRecord<T>, TypeName<T>()});
  EXPECT_EQ(entry->second.type, TypeName<T>()) << golden_name;
}

// The checkers of all structs, under the names that the file gives them.
Checkers CheckersFor(const GoldenFile& file) {
  Checkers checkers;
  AddChecker<Inode>("Inode", checkers);
  AddChecker<Dirent64>("Dirent64", checkers);
  ForEachMessage([&]<class Row>() {
    const auto rpc = file.rpcs.find(static_cast<uint16_t>(Row::kId));
    if (rpc == file.rpcs.end()) return;
    EXPECT_EQ(rpc->second.name, Row::kName);
    if (rpc->second.request != "-") {
      AddChecker<typename Row::Request>(rpc->second.request, checkers);
    }
    AddChecker<typename Row::Response>(rpc->second.response, checkers);
  });
  return checkers;
}

void CheckAllRecords(const GoldenFile& file, const Checkers& checkers) {
  std::set<std::string> seen;
  for (const GoldenRecord& record : file.records) {
    const auto checker = checkers.find(record.message);
    ASSERT_NE(checker, checkers.end()) << "unknown message " << record.message;
    checker->second.check(record);
    seen.insert(record.message);
  }
  for (const auto& [name, checker] : checkers) {
    EXPECT_EQ(seen.count(name), 1U) << "no reference bytes for " << name;
  }
}

TEST(GoldenTest, EveryMessageOfTheFirstVersionHasTheReferenceBytes) {
  const GoldenFile file = ReadGoldenFile("lisafs_d22.golden");
  ASSERT_THAT(file.errors, IsEmpty());
  ASSERT_EQ(file.rpcs.size(), kMessageIdCount - 2);
  CheckAllRecords(file, CheckersFor(file));
}

TEST(GoldenTest, TheMessagesOf2026HaveTheDerivedBytes) {
  const GoldenFile file = ReadGoldenFile("lisafs_a26.golden");
  ASSERT_THAT(file.errors, IsEmpty());
  Checkers checkers;
  AddChecker<ConnectWithCredsReq>("ConnectWithCredsReq", checkers);
  AddChecker<RenameAt2Req>("RenameAt2Req", checkers);
  CheckAllRecords(file, checkers);
}

}  // namespace
}  // namespace gofer::wire
