// The enums that the admin API and the worker protocol both have. The control
// plane casts one to the other, and people compare their numbers in dumps.

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <string>

#include "goferd/admin/v1/condition.pb.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_options.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/log_level.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/worker/v1/connection.pb.h"
#include "goferd/worker/v1/event.pb.h"
#include "goferd/worker/v1/server.pb.h"
#include "goferd/worker/v1/stats.pb.h"

namespace goferd {
namespace {

namespace admin = goferd::admin::v1;
namespace wire = goferd::worker::v1;

// Expects that every value of the worker's enum up to `last` has, without
// `prefix`, the name that the admin API has for that number. The worker's enums
// have no descriptors.
template <typename Admin, typename Worker>
void ExpectSameWords(const std::string& (*name_of)(Worker), Worker last,
                     const std::string& prefix = "") {
  const auto* const words = google::protobuf::GetEnumDescriptor<Admin>();
  ASSERT_FALSE(name_of(last).empty());
  for (int number = 1; number <= static_cast<int>(last); ++number) {
    const std::string& name = name_of(static_cast<Worker>(number));
    if (name.empty()) continue;
    const auto* const word = words->FindValueByNumber(number);
    ASSERT_NE(word, nullptr) << name;
    EXPECT_EQ(prefix + word->name(), name) << number;
  }
}

TEST(WorkerEnumsTest, OptionsOfConnectionsAgree) {
  using Admin = admin::ConnectionOptions;
  using Worker = wire::ConnectionOptions;
  ExpectSameWords<Admin::HostFdDonation>(
      &wire::ConnectionOptions_HostFdDonation_Name, Worker::HostFdDonation_MAX);
  ExpectSameWords<Admin::HostUds>(&wire::ConnectionOptions_HostUds_Name,
                                  Worker::HostUds_MAX);
  ExpectSameWords<Admin::HostFifo>(&wire::ConnectionOptions_HostFifo_Name,
                                   Worker::HostFifo_MAX);
  ExpectSameWords<Admin::CharacterDevices>(
      &wire::ConnectionOptions_CharacterDevices_Name, Worker::OPEN_DEVICES);
  ExpectSameWords<Admin::ProtocolLevel>(
      &wire::ConnectionOptions_ProtocolLevel_Name, Worker::ProtocolLevel_MAX);
}

TEST(WorkerEnumsTest, LivesOfConnectionsAgree) {
  ExpectSameWords<admin::Connection::State>(&wire::ConnectionState_Name,
                                            wire::CONNECTION_STATE_DRAINING,
                                            "CONNECTION_STATE_");
  ExpectSameWords<admin::Connection::EndReason>(
      &wire::EndReason_Name, wire::EndReason_MAX, "END_REASON_");
  ExpectSameWords<admin::Connection::MountFd>(&wire::MountFd_Name,
                                              wire::MountFd_MAX, "MOUNT_FD_");
  ExpectSameWords<admin::StopConnectionRequest::Mode>(
      &wire::StopConnection_Mode_Name, wire::StopConnection::Mode_MAX);
}

TEST(WorkerEnumsTest, PropertiesOfServersAgree) {
  ExpectSameWords<admin::Server::SandboxMode>(
      &wire::SandboxMode_Name, wire::SandboxMode_MAX, "SANDBOX_MODE_");
  ExpectSameWords<admin::LogLevel>(&wire::LogLevel_Name, wire::LogLevel_MAX);
  ExpectSameWords<admin::Condition::Type>(&wire::ConditionChanged_Type_Name,
                                          wire::ConditionChanged::Type_MAX);
  ExpectSameWords<admin::InflightRpc::Pathway>(
      &wire::InflightRequest_Pathway_Name, wire::InflightRequest::Pathway_MAX);
}

}  // namespace
}  // namespace goferd
