#include "controlplane/daemon/admin_server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/load.h"
#include "controlplane/config/text_file.h"
#include "controlplane/daemon/listeners.h"
#include "controlplane/service/methods.h"
#include "goferd/admin/v1/daemon_service.grpc.pb.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"
#include "tests/support/fake_supervisor.h"

namespace goferd::daemon {
namespace {

namespace admin = goferd::admin::v1;
namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class AdminServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service::AdminServices::EnableCommonServices();
  }
  AdminServerTest() {
    const char* parent = std::getenv("TMPDIR");
    directory_ =
        std::string(parent == nullptr ? "/tmp" : parent) + "/goferd-XXXXXX";
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~AdminServerTest() override {
    server_.reset();
    fs::remove_all(directory_);
  }

  // Starts with the listeners of `text`, in which $D is the test's directory.
  void Start(std::string text, const std::string& roles = "") {
    for (size_t at; (at = text.find("$D")) != std::string::npos;) {
      text.replace(at, 2, directory_);
    }
    config::v1::DaemonConfig config;
    ASSERT_TRUE(config::ParseText("test", text, config).ok());
    config.set_state_directory(directory_);
    config::FillDefaults({"host", "/bin", "", 0}, config);
    if (!roles.empty()) SetRoles(roles);
    auto book = auth::RoleBook::Open(
        roles.empty() ? "" : roles_path(), ::geteuid(),
        [](const std::string& path, config::v1::RoleBindings& to) {
          return config::ReadTextFile(path, to);
        });
    ASSERT_TRUE(book.ok()) << book.status();
    roles_ = *std::move(book);
    audit_ = *auth::AuditLog::Open(directory_ + "/audit");
    supervisor_ = std::make_unique<testing::FakeSupervisor>(config);
    methods_ = std::make_unique<service::Methods>(
        supervisor_->node(), service::DaemonFacts{"0.1.0", absl::Now(), {}});
    auto sockets = OpenListeners(config, {});
    ASSERT_TRUE(sockets.ok()) << sockets.status();
    const service::Bodies bodies = methods_->bodies();
    auto server = AdminServer::Start(
        {supervisor_->node(), bodies, *roles_, *audit_}, *std::move(sockets));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::string roles_path() const { return directory_ + "/roles"; }
  void SetRoles(const std::string& text) {
    std::ofstream(roles_path()) << text;
  }

  std::shared_ptr<grpc::Channel> UdsChannel() const {
    return grpc::CreateChannel("unix:" + directory_ + "/admin.sock",
                               grpc::InsecureChannelCredentials());
  }
  static grpc::Status GetInfo(std::shared_ptr<grpc::Channel> channel) {
    grpc::ClientContext call;
    call.set_deadline(std::chrono::system_clock::now() +
                      std::chrono::seconds(20));
    admin::DaemonInfo info;
    return admin::DaemonService::NewStub(channel)->GetInfo(&call, {}, &info);
  }
  static grpc::Status CreateServer(std::shared_ptr<grpc::Channel> channel) {
    grpc::ClientContext call;
    call.set_deadline(std::chrono::system_clock::now() +
                      std::chrono::seconds(20));
    admin::CreateServerRequest request;
    request.set_server_id("a");
    request.mutable_server()->set_root("/srv");
    admin::Server server;
    return admin::ServerService::NewStub(channel)->CreateServer(&call, request,
                                                                &server);
  }

  // Runs openssl in the test's directory.
  void OpenSsl(const std::string& arguments) {
    const std::string command =
        "cd " + directory_ + " && openssl " + arguments + " 2>>openssl.log";
    ASSERT_EQ(std::system(command.c_str()), 0)
        << command << ReadFile(directory_ + "/openssl.log");
  }
  void MakeCa(const std::string& name) {
    OpenSsl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name +
            " -keyout " + name + ".key -out " + name + ".pem");
  }
  void MakeCertificate(const std::string& ca, const std::string& name,
                       const std::string& alternative_name) {
    std::ofstream(directory_ + "/" + name + ".ext")
        << "subjectAltName=" << alternative_name << "\n";
    OpenSsl("req -newkey rsa:2048 -nodes -subj /CN=" + name + " -keyout " +
            name + ".key -out " + name + ".csr");
    OpenSsl("x509 -req -days 2 -in " + name + ".csr -CA " + ca +
            ".pem -CAkey " + ca + ".key -CAcreateserial -extfile " + name +
            ".ext -out " + name + ".pem");
  }
  std::shared_ptr<grpc::Channel> TlsChannel(const std::string& client) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(directory_ + "/ca.pem");
    options.pem_private_key = ReadFile(directory_ + "/" + client + ".key");
    options.pem_cert_chain = ReadFile(directory_ + "/" + client + ".pem");
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("goferd.test");
    // Every channel has a connection of its own.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(server_->ports().at(0)),
        grpc::SslCredentials(options), arguments);
  }

  std::string directory_;
  std::unique_ptr<auth::RoleBook> roles_;
  std::unique_ptr<auth::AuditLog> audit_;
  std::unique_ptr<testing::FakeSupervisor> supervisor_;
  std::unique_ptr<service::Methods> methods_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, OwnUserOfTheUnixSocketIsAdminAndAudited) {
  Start("");
  EXPECT_TRUE(GetInfo(UdsChannel()).ok());
  EXPECT_TRUE(CreateServer(UdsChannel()).ok());
  const std::string audit = ReadFile(directory_ + "/audit");
  EXPECT_NE(
      audit.find("\"caller\":\"uid=" + std::to_string(::geteuid()) + " gid="),
      std::string::npos)
      << audit;
  EXPECT_NE(audit.find("servers/a"), std::string::npos) << audit;
}

TEST_F(AdminServerTest, AChangedRoleHoldsForExistingConnections) {
  const std::string uid = std::to_string(::geteuid());
  Start("", "bindings { role: ROLE_VIEWER uid: " + uid + " }");
  const auto channel = UdsChannel();
  EXPECT_TRUE(GetInfo(channel).ok());
  EXPECT_EQ(CreateServer(channel).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  SetRoles("bindings { role: ROLE_ADMIN uid: " + uid + " }  ");
  roles_->ReloadIfChanged();
  EXPECT_TRUE(CreateServer(channel).ok());
  SetRoles("");
  roles_->ReloadIfChanged();
  EXPECT_EQ(GetInfo(channel).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AdminServerTest, LoopbackHasTheRoleOfItsListener) {
  Start(
      "listeners { tcp { address: \"127.0.0.1:0\" "
      "plaintext_loopback_role: ROLE_VIEWER } }");
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->ports().at(0)),
                          grpc::InsecureChannelCredentials());
  EXPECT_TRUE(GetInfo(channel).ok());
  EXPECT_EQ(CreateServer(channel).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AdminServerTest, TlsCallersAreKnownByTheirCertificates) {
  MakeCa("ca");
  MakeCa("other");
  MakeCertificate("ca", "server", "DNS:goferd.test");
  MakeCertificate("ca", "spiffe", "URI:spiffe://example.org/ns/x");
  MakeCertificate("ca", "named", "DNS:ci.example");
  MakeCertificate("ca", "nobody", "DNS:nobody.example");
  MakeCertificate("other", "stranger", "URI:spiffe://example.org/ns/x");
  Start(
      "listeners { tcp { address: \"127.0.0.1:0\" tls { "
      "certificate_file: \"$D/server.pem\" private_key_file: \"$D/server.key\" "
      "client_ca_file: \"$D/ca.pem\" refresh_interval { seconds: 1 } } } }",
      "bindings { role: ROLE_ADMIN spiffe_id: \"spiffe://example.org/ns/x\" }"
      "bindings { role: ROLE_VIEWER dns_name: \"ci.example\" }");
  EXPECT_TRUE(CreateServer(TlsChannel("spiffe")).ok());
  EXPECT_NE(ReadFile(directory_ + "/audit").find("spiffe://example.org/ns/x"),
            std::string::npos);
  EXPECT_TRUE(GetInfo(TlsChannel("named")).ok());
  EXPECT_EQ(CreateServer(TlsChannel("named")).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(GetInfo(TlsChannel("nobody")).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(GetInfo(TlsChannel("stranger")).error_code(),
            grpc::StatusCode::UNAVAILABLE);

  // The CA is replaced: sooner or later the stranger is known.
  fs::rename(directory_ + "/other.pem", directory_ + "/next.pem");
  std::ofstream(directory_ + "/both.pem")
      << ReadFile(directory_ + "/ca.pem") << ReadFile(directory_ + "/next.pem");
  fs::copy(directory_ + "/ca.pem", directory_ + "/keep.pem");
  fs::rename(directory_ + "/both.pem", directory_ + "/ca.pem");
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool is_known = false;
  while (!is_known && std::chrono::steady_clock::now() < deadline) {
    server_->RefreshCertificates();
    is_known = GetInfo(TlsChannel("stranger")).ok();
  }
  EXPECT_TRUE(is_known);
}

TEST_F(AdminServerTest, LiveSocketIsNotStolenAndAStaleOneIsReplaced) {
  config::v1::UdsListener config;
  config.set_path(directory_ + "/x.sock");
  config.set_mode(0660);
  {
    auto first = UdsListener::Listen(config);
    ASSERT_TRUE(first.ok()) << first.status();
    struct stat info {};
    ASSERT_EQ(::stat(config.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0660u);
    EXPECT_FALSE(UdsListener::Listen(config).ok());
  }
  EXPECT_FALSE(fs::exists(config.path()));
  // This socket was left behind, without a lock.
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  config.path().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(
      ::bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  // Somebody without our lock listens there.
  ASSERT_EQ(::listen(stale, 1), 0);
  EXPECT_FALSE(UdsListener::Listen(config).ok());
  ::close(stale);
  EXPECT_TRUE(UdsListener::Listen(config).ok());
}

TEST_F(AdminServerTest, DirectoryThatOthersMayWriteToIsRefused) {
  config::v1::UdsListener config;
  config.set_path(directory_ + "/open/x.sock");
  config.set_mode(0600);
  ASSERT_EQ(::mkdir((directory_ + "/open").c_str(), 0777), 0);
  ASSERT_EQ(::chmod((directory_ + "/open").c_str(), 0777), 0);
  EXPECT_FALSE(UdsListener::Listen(config).ok());
}

// A stream of server reflection that stays open.
class ReflectionStream {
 public:
  explicit ReflectionStream(std::shared_ptr<grpc::Channel> channel)
      : stub_(std::move(channel)) {
    call_.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(60));
    stream_ = stub_.PrepareCall(
        &call_,
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        &queue_);
    stream_->StartCall(this);
    Wait();
  }
  ~ReflectionStream() {
    call_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) continue;
  }

  // Asks for the services. Returns false when the stream has ended.
  bool Ask() {
    // ServerReflectionRequest { list_services: "" }
    const grpc::Slice request("\x3a\x00", 2);
    stream_->Write(grpc::ByteBuffer(&request, 1), this);
    if (!Wait()) return false;
    grpc::ByteBuffer answer;
    stream_->Read(&answer, this);
    return Wait();
  }
  grpc::Status Finish() {
    grpc::Status status;
    stream_->Finish(&status, this);
    Wait();
    return status;
  }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext call_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

// Counts the threads that gRPC has for calls of synchronous services.
int SyncThreads() {
  int count = 0;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    // The kernel keeps 15 characters.
    count += ReadFile(task.path() / "comm") == "grpcpp_sync_ser\n";
  }
  return count;
}

TEST_F(AdminServerTest, OpenReflectionStreamsDoNotTakeAllThreads) {
  Start("");
  const auto channel = UdsChannel();
  std::vector<std::unique_ptr<ReflectionStream>> streams;
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    streams.push_back(std::make_unique<ReflectionStream>(channel));
    if (streams.back()->Ask()) continue;
    EXPECT_EQ(streams.back()->Finish().error_code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED);
    streams.pop_back();
    ++refused;
  }
  EXPECT_LE(SyncThreads(), 64);
  EXPECT_GT(streams.size(), 32u);
  EXPECT_GT(refused, 0);
  // Our own services, and the streams that are there, go on.
  EXPECT_TRUE(GetInfo(channel).ok());
  EXPECT_TRUE(CreateServer(channel).ok());
  EXPECT_TRUE(streams.front()->Ask());
  streams.clear();
  // The streams' threads are free again, soon.
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool answers = false;
  while (!answers && std::chrono::steady_clock::now() < deadline) {
    answers = ReflectionStream(channel).Ask();
  }
  EXPECT_TRUE(answers);
}

TEST_F(AdminServerTest, ShutdownFreesTheSocketAndRefusesCalls) {
  Start("");
  const auto channel = UdsChannel();
  EXPECT_TRUE(GetInfo(channel).ok());
  server_->Shutdown(absl::Seconds(5));
  EXPECT_FALSE(fs::exists(directory_ + "/admin.sock"));
  EXPECT_EQ(GetInfo(channel).error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace goferd::daemon
