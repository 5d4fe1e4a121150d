#include "tests/integration/control/gofer_under_test.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/check.h"
#include "server/uds/unix_socket.h"

namespace gofer::test {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

base::UniqueFd Listen(const std::string& path) {
  base::UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  GOFER_CHECK(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  GOFER_CHECK(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)) == 0);
  GOFER_CHECK(::listen(socket.get(), 8) == 0);
  return socket;
}

}  // namespace

GoferUnderTest::GoferUnderTest(const std::vector<std::string>& wrapper) {
  // For a gofer that is nobody.
  GOFER_CHECK(::chmod(root_.path().c_str(), 0777) == 0);
  const base::UniqueFd listener = Listen(socket_path());
  process_ = std::make_unique<GoferChild>(
      std::vector<std::string>{
          "managed", absl::StrCat("--control-fd=", GoferChild::kFirstFd)},
      std::vector<int>{listener.get()}, wrapper);
}

v1::ToGofer GoferUnderTest::MakeBootstrap(v1::SandboxMode mode) const {
  v1::ToGofer message;
  v1::Bootstrap& bootstrap = *message.mutable_bootstrap();
  *bootstrap.mutable_party() = FakeGoferd::Party();
  bootstrap.set_server_id("a-server");
  bootstrap.set_server_uid("uid-of-it");
  bootstrap.set_root(root_.path());
  bootstrap.mutable_options()->set_walk_stat_supported(true);
  bootstrap.mutable_options()->set_set_attr_on_deleted(true);
  bootstrap.mutable_options()->set_allocate_on_deleted(true);
  bootstrap.mutable_limits()->set_max_connections(16);
  bootstrap.mutable_limits()->set_max_fds(1000);
  bootstrap.mutable_limits()->set_max_channels(16);
  bootstrap.set_sandbox_mode(mode);
  bootstrap.set_log_level(v1::LOG_LEVEL_INFO);
  bootstrap.set_stall_threshold_ns(kSecond / 10);
  bootstrap.set_ended_retention_ns(600 * kSecond);
  bootstrap.set_daemon_data("of the daemon");
  return message;
}

v1::Response GoferUnderTest::Bootstrap(FakeGoferd& goferd,
                                       const v1::ToGofer& message) {
  const base::UniqueFd root(
      ::open(root_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const int fd = root.get();
  return goferd.Ask(message, {&fd, 1});
}

std::unique_ptr<FakeGoferd> GoferUnderTest::Start(v1::SandboxMode mode) {
  auto goferd = std::make_unique<FakeGoferd>(socket_path());
  const v1::Response response = Bootstrap(*goferd, MakeBootstrap(mode));
  EXPECT_TRUE(response.has_bootstrap())
      << response.failure().step() << ": " << response.failure().text() << "\n"
      << process_->Stderr();
  return goferd;
}

v1::ToGofer GoferUnderTest::MakeStart(const std::string& uid,
                                      const std::string& path) {
  v1::ToGofer message;
  v1::StartConnection& start = *message.mutable_start_connection();
  start.set_uid(uid);
  start.set_connection_id("id-of-" + uid);
  start.set_mount_path(path);
  start.set_daemon_data("data of " + uid);
  v1::ConnectionOptions& options = *start.mutable_options();
  options.set_donate_host_fds(v1::ConnectionOptions::FILES);
  options.set_host_uds(v1::ConnectionOptions::NONE);
  options.set_host_fifo(v1::ConnectionOptions::REFUSE_FIFOS);
  options.set_character_devices(v1::ConnectionOptions::BY_LEVEL);
  options.set_protocol_level(v1::ConnectionOptions::NOV_2023);
  options.set_max_message_size(1 << 20);
  options.set_max_channels(4);
  options.set_max_fds(500);
  options.set_max_nodes(5000);
  return message;
}

base::UniqueFd GoferUnderTest::Attach(FakeGoferd& goferd,
                                      const std::string& uid) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  v1::ToGofer message;
  message.mutable_attach_connection()->set_uid(uid);
  message.mutable_attach_connection()->set_daemon_data("attached");
  const int fd = pair.second.get();
  const v1::Response response = goferd.Ask(message, {&fd, 1});
  EXPECT_EQ(response.connection().state(), v1::CONNECTION_STATE_ATTACHED)
      << response.failure().text();
  return std::move(pair.first);
}

client::Client GoferUnderTest::Connect(FakeGoferd& goferd,
                                       const std::string& uid,
                                       const std::string& path) {
  const v1::Response created = goferd.Ask(MakeStart(uid, path));
  EXPECT_EQ(created.connection().state(), v1::CONNECTION_STATE_PENDING_ATTACH)
      << created.failure().step() << ": " << created.failure().text();
  auto mounted = client::Client::Mount(Attach(goferd, uid));
  GOFER_CHECK(mounted.ok());
  return *std::move(mounted);
}

std::string ReadFile(const client::Client& client, const std::string& path) {
  const auto file = client.root().WalkPath(path);
  if (!file.ok()) return absl::StrCat("errno ", file.error().number());
  auto open = file->Open(O_RDONLY);
  if (!open.ok()) return absl::StrCat("errno ", open.error().number());
  open->set_data_path(client::DataPath::kServer);
  std::string text(4096, '\0');
  const auto count = open->Read(0, std::as_writable_bytes(std::span(text)));
  if (!count.ok()) return absl::StrCat("errno ", count.error().number());
  text.resize(*count);
  return text;
}

bool MayMount() { return ::geteuid() == 0; }

}  // namespace gofer::test
