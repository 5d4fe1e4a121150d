#include "controlplane/auth/role_book.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace goferd::auth {
namespace {

absl::StatusOr<RoleTable> TableOf(const std::string& text) {
  config::v1::RoleBindings bindings;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &bindings));
  return RoleTable::FromBindings(bindings);
}

TEST(RoleTableTest, SubjectHasTheHighestOfItsRoles) {
  const auto table = TableOf(R"(
    bindings { role: ROLE_VIEWER uid: 7 }
    bindings { role: ROLE_CHAOS gid: 8 }
    bindings { role: ROLE_OPERATOR uid: 7 }
    bindings { role: ROLE_ADMIN spiffe_id: "spiffe://a/b" }
    bindings { role: ROLE_VIEWER dns_name: "CI.example" })");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->OfPeer(7, 1), Role::ROLE_OPERATOR);
  EXPECT_EQ(table->OfPeer(7, 8), Role::ROLE_CHAOS);
  EXPECT_EQ(table->OfPeer(8, 7), Role::ROLE_UNSPECIFIED);
  EXPECT_EQ(table->OfSpiffeId("spiffe://a/b"), Role::ROLE_ADMIN);
  EXPECT_EQ(table->OfSpiffeId("spiffe://a/b/c"), Role::ROLE_UNSPECIFIED);
  EXPECT_EQ(table->OfDnsName("ci.EXAMPLE"), Role::ROLE_VIEWER);
}

TEST(RoleTableTest, ReportsAllFaultsAtOnce) {
  const auto table = TableOf(R"(
    bindings { uid: 7 }
    bindings { role: ROLE_ADMIN }
    bindings { role: ROLE_ADMIN spiffe_id: "http://x" })");
  const std::string text(table.status().message());
  for (const char* part :
       {"bindings[0].role", "bindings[1].", "bindings[2]."}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

class RoleBookTest : public ::testing::Test {
 protected:
  RoleBookTest() {
    const char* directory = ::getenv("TMPDIR");
    path_ = std::string(directory == nullptr ? "/tmp" : directory) +
            "/goferd-roles-XXXXXX";
    ::close(::mkstemp(path_.data()));
  }
  ~RoleBookTest() override { ::unlink(path_.c_str()); }

  void Write(const std::string& text) { std::ofstream(path_) << text; }
  static absl::Status Read(const std::string& path,
                           config::v1::RoleBindings& to) {
    std::ifstream file(path);
    if (!file) return absl::NotFoundError("gone");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return google::protobuf::TextFormat::ParseFromString(text, &to)
               ? absl::OkStatus()
               : absl::InvalidArgumentError("fault");
  }

  std::string path_;
};

TEST_F(RoleBookTest, WithoutAFileOnlyTheOwnUserIsAdmin) {
  const auto book = RoleBook::Open("", 42, Read);
  ASSERT_TRUE(book.ok());
  EXPECT_EQ((*book)->table()->OfPeer(42, 0), Role::ROLE_ADMIN);
  EXPECT_EQ((*book)->table()->OfPeer(0, 42), Role::ROLE_UNSPECIFIED);
}

TEST_F(RoleBookTest, AChangedFileComesIntoForce) {
  Write("bindings { role: ROLE_VIEWER uid: 7 }");
  const auto book = RoleBook::Open(path_, 0, Read);
  ASSERT_TRUE(book.ok());
  const auto before = (*book)->table();
  Write("bindings { role: ROLE_OPERATOR uid: 7 }");
  (*book)->ReloadIfChanged();
  EXPECT_EQ((*book)->table()->OfPeer(7, 0), Role::ROLE_OPERATOR);
  EXPECT_EQ(before->OfPeer(7, 0), Role::ROLE_VIEWER);
}

TEST_F(RoleBookTest, FileWithFaultsChangesNothing) {
  Write("bindings { role: ROLE_VIEWER uid: 7 }");
  const auto book = RoleBook::Open(path_, 0, Read);
  ASSERT_TRUE(book.ok());
  Write("bindings { rule: ROLE_ADMIN uid: 7 }");
  (*book)->ReloadIfChanged();
  EXPECT_EQ((*book)->table()->OfPeer(7, 0), Role::ROLE_VIEWER);
  ::unlink(path_.c_str());
  (*book)->ReloadIfChanged();
  EXPECT_EQ((*book)->table()->OfPeer(7, 0), Role::ROLE_VIEWER);
}

TEST_F(RoleBookTest, FileWithFaultsIsFatalAtTheStart) {
  Write("nonsense");
  EXPECT_FALSE(RoleBook::Open(path_, 0, Read).ok());
}

}  // namespace
}  // namespace goferd::auth
