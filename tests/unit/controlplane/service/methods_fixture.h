// MethodsTest: a fixture of the methods' bodies over a fake supervisor.

#ifndef GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_METHODS_FIXTURE_H_
#define GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_METHODS_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/service/methods.h"
#include "tests/support/fake_supervisor.h"
#include "tests/unit/controlplane/service/bad_request.h"

namespace goferd::testing {

namespace admin = goferd::admin::v1;
using errors::Reason;
using errors::ReasonOf;

inline constexpr char kUuid[] = "123e4567-e89b-42d3-a456-426614174000";

class MethodsTest : public ::testing::Test {
 protected:
  static config::v1::DaemonConfig Config() {
    return Proto<config::v1::DaemonConfig>(R"(
      node: "node-1"
      allowed_roots: "/srv"
      servers {
        max_servers: 7
        max_limits {
          max_connections: 4096 max_fds: 1048576 max_channels: 8192
          max_memory_bytes: 68719476736
        }
      }
    )");
  }

  void AddServer(const std::string& id, const std::string& more = "") {
    auto request = Proto<admin::CreateServerRequest>(
        absl::StrCat("server { root: '/srv' ", more, " }"));
    request.set_server_id(id);
    const auto made = bodies_.servers.CreateServer(context_, request);
    ASSERT_TRUE(made.ok()) << made.status();
  }

  void AddConnection(const std::string& server, const std::string& id,
                     const std::string& more = "") {
    auto request = Proto<admin::StartConnectionRequest>(
        absl::StrCat("mount_path: '/data' ", more));
    request.set_parent("servers/" + server);
    request.set_connection_id(id);
    const auto made = bodies_.connections.StartConnection(context_, request);
    ASSERT_TRUE(made.ok()) << made.status();
  }

  FakeSupervisor supervisor_{Config()};
  service::Methods methods_{supervisor_.node(),
                            {"0.1.0", absl::UnixEpoch(), {"handler-rules"}}};
  service::Bodies bodies_ = methods_.bodies();
  service::CallContext context_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_METHODS_FIXTURE_H_
