#include "controlplane/names/resource_name.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace goferd::names {
namespace {

constexpr size_t kMostIdBytes = 63;
constexpr char kServers[] = "servers";
constexpr char kConnections[] = "connections";
constexpr char kHandlerRules[] = "handlerRules";
constexpr char kHandlers[] = "handlers";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

bool IsLowerOrDigit(char c) { return IsLower(c) || (c >= '0' && c <= '9'); }

bool IsIdOr(absl::string_view id, Wildcard wildcard) {
  return IsValidId(id) || (wildcard == Wildcard::kAllowed && id == kAllIds);
}

// The two ids of "servers/{}/`collection`/{}", of whatever form.
std::optional<ChildName> SplitChild(absl::string_view name,
                                    absl::string_view collection) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('/', 4));
  if (parts.size() != 4 || parts[0] != kServers || parts[2] != collection) {
    return std::nullopt;
  }
  return ChildName{std::string(parts[1]), std::string(parts[3])};
}

std::string FormatChild(absl::string_view server_id,
                        absl::string_view collection, absl::string_view id) {
  return absl::StrCat(kServers, "/", server_id, "/", collection, "/", id);
}

}  // namespace

bool IsValidId(absl::string_view id) {
  if (id.empty() || id.size() > kMostIdBytes) return false;
  return IsLower(id.front()) && IsLowerOrDigit(id.back()) &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

std::optional<std::string> ParseServerName(absl::string_view name,
                                           Wildcard wildcard) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('/', 2));
  if (parts.size() != 2 || parts[0] != kServers ||
      !IsIdOr(parts[1], wildcard)) {
    return std::nullopt;
  }
  return std::string(parts[1]);
}

std::optional<ChildName> ParseConnectionName(absl::string_view name,
                                             Wildcard wildcard) {
  auto child = SplitChild(name, kConnections);
  if (!child || !IsIdOr(child->server_id, wildcard) ||
      !IsIdOr(child->id, wildcard)) {
    return std::nullopt;
  }
  return child;
}

std::optional<ChildName> SplitConnectionName(absl::string_view name) {
  return SplitChild(name, kConnections);
}

std::optional<ChildName> ParseRuleName(absl::string_view name) {
  auto child = SplitChild(name, kHandlerRules);
  if (!child || !IsValidId(child->server_id) || !IsValidId(child->id)) {
    return std::nullopt;
  }
  return child;
}

std::optional<HandlerName> ParseHandlerName(absl::string_view name) {
  const auto child = SplitChild(name, kHandlers);
  if (!child || !IsValidId(child->server_id)) return std::nullopt;
  HandlerName handler{child->server_id, 0};
  if (!absl::SimpleAtoi(child->id, &handler.mid) || handler.mid == 0 ||
      handler.mid > std::numeric_limits<uint16_t>::max() ||
      // One number has one name: no sign, no leading zero.
      absl::StrCat(handler.mid) != child->id) {
    return std::nullopt;
  }
  return handler;
}

std::string FormatServerName(absl::string_view server_id) {
  return absl::StrCat(kServers, "/", server_id);
}

std::string FormatConnectionName(absl::string_view server_id,
                                 absl::string_view connection_id) {
  return FormatChild(server_id, kConnections, connection_id);
}

std::string FormatRuleName(absl::string_view server_id,
                           absl::string_view rule_id) {
  return FormatChild(server_id, kHandlerRules, rule_id);
}

std::string FormatHandlerName(absl::string_view server_id, uint32_t mid) {
  return FormatChild(server_id, kHandlers, absl::StrCat(mid));
}

std::string IdOf(absl::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));
}

}  // namespace goferd::names
