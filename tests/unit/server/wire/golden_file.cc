#include "tests/unit/server/wire/golden_file.h"

#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/support/wire_bytes.h"

namespace gofer::wire {
namespace {

// Splits "key=value key=value" into values, when the keys are the wanted ones.
bool ParsePairs(
    absl::string_view text,
    const std::vector<std::pair<absl::string_view, std::string*>>& wanted) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  if (words.size() < wanted.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    absl::string_view word = words[i];
    if (!absl::ConsumePrefix(&word, absl::StrCat(wanted[i].first, "="))) {
      return false;
    }
    wanted[i].second->assign(word.data(), word.size());
  }
  return words.size() == wanted.size() ||
         (words.size() == wanted.size() + 1 && words.back() == "derived=1");
}

bool ParseRpc(absl::string_view text, GoldenFile& file) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(' ', 1));
  uint32_t mid;
  GoldenRpc rpc;
  if (!absl::SimpleAtoi(parts.first, &mid) || mid > 0xFFFF) return false;
  if (!ParsePairs(parts.second, {{"name", &rpc.name},
                                 {"request", &rpc.request},
                                 {"response", &rpc.response}})) {
    return false;
  }
  return file.rpcs.emplace(static_cast<uint16_t>(mid), rpc).second;
}

bool ParseLine(absl::string_view line, GoldenFile& file) {
  if (line.empty() || line[0] == '#') return true;
  if (absl::ConsumePrefix(&line, "mid ")) return ParseRpc(line, file);
  if (line.substr(0, 8) == "message=") {
    GoldenRecord& record = file.records.emplace_back();
    return ParsePairs(
        line, {{"message", &record.message}, {"case", &record.test_case}});
  }
  if (file.records.empty()) return false;
  GoldenRecord& record = file.records.back();
  if (absl::ConsumePrefix(&line, "field ")) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    record.fields.push_back({parts.first, parts.second});
    return true;
  }
  if (!absl::ConsumePrefix(&line, "bytes ")) return false;
  if (line != "-") record.bytes = test::FromHex(line);
  return true;
}

}  // namespace

GoldenFile ReadGoldenFile(const std::string& name) {
  GoldenFile file;
  std::ifstream in(std::string(GOFER_GOLDEN_DIR) + "/" + name);
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (!ParseLine(line, file)) {
      file.errors.push_back(
          absl::StrCat(name, ":", number, ": not understood"));
    }
  }
  if (file.records.empty()) {
    file.errors.push_back(absl::StrCat(name, ": missing or empty"));
  }
  return file;
}

}  // namespace gofer::wire
