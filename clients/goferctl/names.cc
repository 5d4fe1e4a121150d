#include "clients/goferctl/names.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/goferctl/exit_code.h"
#include "goferd/admin/v1/mid.pb.h"

namespace goferctl {
namespace {

using goferd::admin::v1::Mid;

constexpr absl::string_view kServers = "servers/";

absl::StatusOr<ChildName> ParseChild(absl::string_view word,
                                     absl::string_view collection,
                                     absl::string_view what) {
  std::vector<std::string> parts = absl::StrSplit(word, '/');
  if (parts.size() == 4 && parts[0] == "servers" && parts[2] == collection) {
    parts = {parts[1], parts[3]};
  }
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return UsageError(absl::StrCat("\"", word, "\" does not name a ", what,
                                   ": give SERVER/ID"));
  }
  return ChildName{absl::StrCat(kServers, parts[0]), parts[1]};
}

std::string Squeezed(absl::string_view word) {
  return absl::StrReplaceAll(absl::AsciiStrToUpper(word), {{"_", ""}});
}

}  // namespace

absl::StatusOr<std::string> ServerName(absl::string_view word) {
  absl::string_view id = absl::StripPrefix(word, kServers);
  if (id.empty() || absl::StrContains(id, "/")) {
    return UsageError(
        absl::StrCat("\"", word, "\" does not name a server: give its id"));
  }
  return absl::StrCat(kServers, id);
}

absl::StatusOr<ChildName> ConnectionName(absl::string_view word) {
  return ParseChild(word, "connections", "connection");
}

absl::StatusOr<ChildName> RuleName(absl::string_view word) {
  return ParseChild(word, "handlerRules", "rule");
}

std::string FullConnectionName(const ChildName& name) {
  return absl::StrCat(name.parent, "/connections/", name.id);
}

std::string FullRuleName(const ChildName& name) {
  return absl::StrCat(name.parent, "/handlerRules/", name.id);
}

absl::StatusOr<std::string> ServerOrConnectionName(absl::string_view word) {
  if (!absl::StrContains(absl::StripPrefix(word, kServers), "/")) {
    return ServerName(word);
  }
  const auto name = ConnectionName(word);
  if (!name.ok()) return name.status();
  return FullConnectionName(*name);
}

std::string ShortName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts[0] != "servers") return std::string(name);
  if (parts.size() == 2) return std::string(parts[1]);
  if (parts.size() == 4) return absl::StrCat(parts[1], "/", parts[3]);
  return std::string(name);
}

absl::StatusOr<Mid> ParseMid(absl::string_view word) {
  int number = 0;
  if (absl::SimpleAtoi(word, &number) && number > 0 && number <= 0xffff) {
    return static_cast<Mid>(number);
  }
  const std::string squeezed = Squeezed(word);
  const auto* const mids = goferd::admin::v1::Mid_descriptor();
  for (int i = 0; i < mids->value_count(); ++i) {
    const std::string name = Squeezed(mids->value(i)->name());
    const bool matches =
        squeezed == name || absl::StrCat("MID", squeezed) == name;
    if (matches && mids->value(i)->number() != 0) {
      return static_cast<Mid>(mids->value(i)->number());
    }
  }
  return UsageError(absl::StrCat(
      "\"", word,
      "\" is not a message of LISAFS such as PRead, open_at or 12"));
}

std::string MidName(Mid mid) {
  const std::string& name = goferd::admin::v1::Mid_Name(mid);
  if (name.empty()) return absl::StrCat(static_cast<int>(mid));
  return absl::AsciiStrToLower(absl::StripPrefix(name, "MID_"));
}

}  // namespace goferctl
