#include "controlplane/service/server_checks.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/service/field_checks.h"
#include "server/control/bounds.h"

namespace goferd::service {
namespace {

using errors::FieldViolations;

constexpr int kMostIdRanges = 340;
constexpr uint64_t kIdCount = uint64_t{1} << 32;
// The kernel takes an id map only in one write of less than a page.
constexpr size_t kMostIdMapBytes = 4095;
// A longer ttl may lead beyond the last timestamp.
constexpr absl::Duration kMostTtl = absl::Hours(24 * 36500);

void CheckLimits(FieldViolations& violations, absl::string_view field,
                 const admin::ServerLimits& limits,
                 const admin::ServerLimits& most) {
  CheckRange(violations, absl::StrCat(field, ".max_connections"),
             limits.max_connections(), 0, most.max_connections());
  // 0 stands for the default.
  if (limits.max_fds() != 0) {
    CheckRange(violations, absl::StrCat(field, ".max_fds"), limits.max_fds(),
               gofer::control::kFewestServerFds, most.max_fds());
  }
  CheckRange(violations, absl::StrCat(field, ".max_channels"),
             limits.max_channels(), 0, most.max_channels());
  CheckRange(violations, absl::StrCat(field, ".max_memory_bytes"),
             limits.max_memory_bytes(), 0, most.max_memory_bytes());
}

void CheckExpiration(FieldViolations& violations, absl::string_view field,
                     const admin::Server& server) {
  if (server.has_expire_time()) {
    CheckTimestamp(violations, absl::StrCat(field, ".expire_time"),
                   server.expire_time());
  } else if (server.has_ttl()) {
    CheckDuration(violations, absl::StrCat(field, ".ttl"), server.ttl(),
                  absl::Seconds(1), kMostTtl);
  }
}

void CheckTree(FieldViolations& violations, absl::string_view field,
               const admin::Server& server) {
  switch (server.tree_case()) {
    case admin::Server::kRoot:
      return CheckPath(violations, absl::StrCat(field, ".root"), server.root());
    case admin::Server::kOciBundle:
      return CheckPath(violations, absl::StrCat(field, ".oci_bundle"),
                       server.oci_bundle());
    case admin::Server::TREE_NOT_SET:
      violations.Add(absl::StrCat(field, ".root"),
                     "must be set, or oci_bundle instead");
  }
}

// Whether two ranges [first, first + count) overlap.
bool Overlap(std::vector<std::pair<uint64_t, uint64_t>> ranges) {
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].first + ranges[i - 1].second) {
      return true;
    }
  }
  return false;
}

// Whether the range is good; adds violations otherwise.
bool CheckIdRange(FieldViolations& violations, const std::string& path,
                  const admin::IdRange& range) {
  bool good = true;
  if (range.count() == 0) {
    violations.Add(absl::StrCat(path, ".count"), "must be at least 1");
    good = false;
  }
  // The last id stands for "none".
  if (uint64_t{range.host_id()} + range.count() >= kIdCount ||
      uint64_t{range.sandbox_id()} + range.count() >= kIdCount) {
    violations.Add(path, "must end before id 4294967295");
    good = false;
  }
  return good;
}

void CheckIdRanges(
    FieldViolations& violations, absl::string_view field,
    const google::protobuf::RepeatedPtrField<admin::IdRange>& ranges) {
  if (ranges.size() > kMostIdRanges) {
    violations.Add(
        field, absl::StrCat("must have at most ", kMostIdRanges, " ranges"));
    return;
  }
  std::vector<std::pair<uint64_t, uint64_t>> host;
  std::vector<std::pair<uint64_t, uint64_t>> sandbox;
  size_t bytes = 0;
  bool has_root = ranges.empty();
  bool good = true;
  for (int i = 0; i < ranges.size(); ++i) {
    const admin::IdRange& range = ranges[i];
    good = CheckIdRange(violations, absl::StrCat(field, "[", i, "]"), range) &&
           good;
    has_root = has_root || range.sandbox_id() == 0;
    bytes += absl::StrCat(range.host_id(), " ", range.sandbox_id(), " ",
                          range.count(), "\n")
                 .size();
    host.emplace_back(range.host_id(), range.count());
    sandbox.emplace_back(range.sandbox_id(), range.count());
  }
  if (Overlap(std::move(host)) || Overlap(std::move(sandbox))) {
    violations.Add(field, "must have ranges that do not overlap");
  } else if (bytes > kMostIdMapBytes) {
    violations.Add(
        field, absl::StrCat("are too many for the kernel: ", bytes,
                            " bytes when written out, of ", kMostIdMapBytes));
  } else if (good && !has_root) {
    violations.Add(field,
                   "must have a range with sandbox_id 0: the gofer makes files "
                   "as root, give it an unused host_id");
  }
}

void CheckMounts(FieldViolations& violations, absl::string_view field,
                 const admin::Server& server) {
  if (server.sandbox_mode() != admin::Server::UNCONFINED) return;
  if (!server.has_oci_bundle() && !server.has_id_map()) return;
  violations.Add(absl::StrCat(field, ".sandbox_mode"),
                 "must not be UNCONFINED with oci_bundle or id_map, which need "
                 "a mount namespace");
}

}  // namespace

void CheckNewServer(FieldViolations& violations, absl::string_view field,
                    const admin::Server& server,
                    const config::v1::DaemonConfig& config) {
  CheckTree(violations, field, server);
  CheckChangedServer(violations, field, server, config);
  CheckIdRanges(violations, absl::StrCat(field, ".id_map.uid_ranges"),
                server.id_map().uid_ranges());
  CheckIdRanges(violations, absl::StrCat(field, ".id_map.gid_ranges"),
                server.id_map().gid_ranges());
  CheckEnum(violations, absl::StrCat(field, ".sandbox_mode"),
            server.sandbox_mode());
  CheckMounts(violations, field, server);
  CheckEnum(violations, absl::StrCat(field, ".restart_policy"),
            server.restart_policy());
}

void CheckChangedServer(FieldViolations& violations, absl::string_view field,
                        const admin::Server& server,
                        const config::v1::DaemonConfig& config) {
  CheckLabels(violations, absl::StrCat(field, ".labels"), server.labels());
  CheckConnectionOptions(violations,
                         absl::StrCat(field, ".default_connection_options"),
                         server.default_connection_options());
  CheckConnectionOptions(violations,
                         absl::StrCat(field, ".max_connection_options"),
                         server.max_connection_options());
  if (server.max_connection_options().protocol_level() !=
      admin::ConnectionOptions::PROTOCOL_LEVEL_UNSPECIFIED) {
    violations.Add(
        absl::StrCat(field, ".max_connection_options.protocol_level"),
        "must not be set: there is no maximum of it");
  }
  CheckLimits(violations, absl::StrCat(field, ".limits"), server.limits(),
              config.servers().max_limits());
  CheckExpiration(violations, field, server);
}

void CheckConnectionOptions(FieldViolations& violations,
                            absl::string_view field,
                            const admin::ConnectionOptions& options) {
  CheckEnum(violations, absl::StrCat(field, ".donate_host_fds"),
            options.donate_host_fds());
  CheckEnum(violations, absl::StrCat(field, ".host_uds"), options.host_uds());
  CheckEnum(violations, absl::StrCat(field, ".host_fifo"), options.host_fifo());
  CheckEnum(violations, absl::StrCat(field, ".character_devices"),
            options.character_devices());
  CheckEnum(violations, absl::StrCat(field, ".protocol_level"),
            options.protocol_level());
  const auto check = [&](absl::string_view name, int32_t value, int32_t least,
                         int32_t most) {
    // 0 stands for the default.
    if (value == 0) return;
    CheckRange(violations, absl::StrCat(field, ".", name), value, least, most);
  };
  check("max_message_size", options.max_message_size(), 4096, 2093056);
  check("max_channels", options.max_channels(), 1, 64);
  check("max_fds", options.max_fds(), 16, 1048576);
  check("max_nodes", options.max_nodes(), 16, 16777216);
}

}  // namespace goferd::service
