// Rows 146 to 150 of rows.md: files that are gone and still held.

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

class DeletedTest : public ConformanceTest {
 protected:
  // Control FD of the file f, whose last name is gone.
  FdId UnlinkedFile() {
    const FdId f = To({"f"});
    EXPECT_EQ(c_.UnlinkAt(root_, "f").error, 0);
    return f;
  }
};

TEST_P(DeletedTest, Row146_OpenFilesGoOn) {
  const FdId open = Opened({"f"}, O_RDWR);
  const FdId f = UnlinkedFile();
  EXPECT_EQ(c_.FStat(f)->nlink, 0u);
  EXPECT_EQ(c_.FStat(open)->size, 11u);
  EXPECT_EQ(c_.PRead(open, 5, 0).data, "hello");
  EXPECT_EQ(c_.PWrite(open, "J", 0).error, 0);
  EXPECT_EQ(c_.FStatFs(f).error, 0);
  wire::SetStatReq request;
  request.fd = f;
  request.mask = STATX_SIZE | STATX_MODE;
  request.size = 5;
  request.mode = 0600;
  const auto set = c_.SetStat(request);
  EXPECT_EQ(set.error, 0);
  EXPECT_EQ(set->failure_mask, 0u);
  EXPECT_EQ(c_.FAllocate(open, 0, 0, 40).error, 0);
  EXPECT_EQ(c_.FStat(f)->size, 40u);
}

TEST_P(DeletedTest, Row146_TheServerMayRefuse) {
  ClientOptions options = Options();
  lisafs::ServerOptions strict = tree().server_options();
  strict.set_attr_on_deleted = false;
  strict.allocate_on_deleted = false;
  options.connection.server_options = strict;
  Session other = NewSession(options);
  const FdId open = other->Opened(other.root, {"f"}, O_RDWR);
  const FdId f = other->To(other.root, {"f"});
  ASSERT_EQ(other->UnlinkAt(other.root, "f").error, 0);
  wire::SetStatReq request;
  request.fd = f;
  EXPECT_EQ(other->SetStat(request).error, EINVAL);
  EXPECT_EQ(other->FAllocate(open, 0, 0, 40).error, EINVAL);
}

TEST_P(DeletedTest, Row147_DeletedFileIsOpenedByLevel) {
  EXPECT_EQ(c_.OpenAt(UnlinkedFile(), O_RDONLY).error, aug2026() ? 0 : EINVAL);
}

TEST_P(DeletedTest, Row148_LinkAndXattrsOfADeletedFileAreRefused) {
  const FdId f = UnlinkedFile();
  EXPECT_EQ(c_.LinkAt(root_, f, "x").error, EINVAL);
  EXPECT_EQ(c_.FGetXattr(f, "user.a", 10).error, EINVAL);
  EXPECT_EQ(c_.FSetXattr(f, "user.a", "b").error, EINVAL);
  EXPECT_EQ(c_.FRemoveXattr(f, "user.a").error,
            aug2026() ? EINVAL : EOPNOTSUPP);
}

TEST_P(DeletedTest, Row149_DeletedLinkAndFileGiveEmptyAnswers) {
  const FdId link = To({"ln"});
  ASSERT_EQ(c_.UnlinkAt(root_, "ln").error, 0);
  const auto target = c_.ReadLinkAt(link);
  EXPECT_EQ(target.error, 0);
  EXPECT_EQ(target->target, "");
  const auto names = c_.FListXattr(UnlinkedFile(), 0);
  EXPECT_EQ(names.error, 0);
  EXPECT_EQ(names->names.size(), 0u);
}

TEST_P(DeletedTest, Row150_RemovedDirectoryRefusesEverything) {
  const FdId d2 = To({"d1", "d2"});
  const FdId d3 = To({"d1", "d2", "d3"});
  const FdId open = Opened({"d1", "d2", "d3"}, O_RDONLY);
  ASSERT_EQ(c_.UnlinkAt(d2, "d3", AT_REMOVEDIR).error, 0);
  EXPECT_EQ(c_.MkdirAt(d3, "x").error, EINVAL);
  EXPECT_EQ(c_.OpenCreateAt(d3, "x").error, EINVAL);
  EXPECT_EQ(c_.SymlinkAt(d3, "x", "y").error, EINVAL);
  EXPECT_EQ(c_.UnlinkAt(d3, "x").error, EINVAL);
  EXPECT_EQ(c_.Getdents64(open, 1000).error, EINVAL);
  EXPECT_EQ(c_.RenameAt(d3, "x", d2, "y").error, EINVAL);
  EXPECT_EQ(c_.RenameAt(root_, "f", d3, "y").error, EINVAL);
  EXPECT_EQ(c_.BindAt(d3, "s", SOCK_STREAM).error, EINVAL);
  EXPECT_EQ(c_.LinkAt(d3, To({"f"}), "x").error, EINVAL);
}

TEST_P(DeletedTest, Row148_XattrsOfALivingFileWorkByLevel) {
  const FdId f = To({"f"});
  const auto set = c_.FSetXattr(f, "user.a", "value");
  if (!aug2026()) {
    EXPECT_EQ(set.error, EOPNOTSUPP);
    EXPECT_EQ(c_.FGetXattr(f, "user.a", 10).error, EOPNOTSUPP);
    EXPECT_EQ(c_.FListXattr(f, 0).error, EOPNOTSUPP);
    return;
  }
  if (on_host() && set.error == EOPNOTSUPP) {
    GTEST_SKIP() << "the temporary directory has no user attributes";
  }
  EXPECT_EQ(set.error, 0);
  EXPECT_EQ(c_.FGetXattr(f, "user.a", 0)->value, "value");
  EXPECT_EQ(c_.FGetXattr(f, "user.a", 4).error, ERANGE);
  const auto names = c_.FListXattr(f, 0);
  ASSERT_EQ(names->names.size(), 1u);
  EXPECT_EQ(*names->names.begin(), "user.a");
  EXPECT_EQ(c_.FRemoveXattr(f, "user.a").error, 0);
  EXPECT_EQ(c_.FGetXattr(f, "user.a", 0).error, ENODATA);
  EXPECT_EQ(c_.FGetXattr(f, absl::string_view("user.a\0b", 8), 0).error,
            EINVAL);
}

INSTANTIATE_TEST_SUITE_P(All, DeletedTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
