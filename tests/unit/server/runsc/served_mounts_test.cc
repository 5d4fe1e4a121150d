#include "server/runsc/served_mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gofer::runsc {
namespace {

using lisafs::Access;
using oci::OciSpec;
using testing::HasSubstr;

// The root, and two bind mounts around one that is none.
OciSpec Spec() {
  OciSpec spec;
  spec.mounts = {
      {.destination = "/a", .type = "bind", .source = "/srv/a"},
      {.destination = "/proc", .type = "proc", .source = "proc"},
      {.destination = "/b",
       .type = "bind",
       .source = "/srv/b",
       .options = {"ro"}},
  };
  return spec;
}

std::variant<std::vector<ServedMount>, ServedMountsError> Match(
    const OciSpec& spec, const GoferFlags& flags) {
  auto mounts = GoferMounts(spec, flags);
  if (auto* error = std::get_if<ServedMountsError>(&mounts)) return *error;
  return MatchSockets(std::get<std::vector<GoferMount>>(mounts), flags);
}

std::vector<ServedMount> Good(const OciSpec& spec, const GoferFlags& flags) {
  auto matched = Match(spec, flags);
  if (const auto* error = std::get_if<ServedMountsError>(&matched)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<std::vector<ServedMount>>(matched);
}

std::string Bad(const OciSpec& spec, const GoferFlags& flags) {
  auto matched = Match(spec, flags);
  if (!std::holds_alternative<ServedMountsError>(matched)) {
    ADD_FAILURE() << "was accepted";
    return "";
  }
  return std::get<ServedMountsError>(matched).text;
}

TEST(ServedMountsTest, GivesSocketsInTheOrderOfTheSpec) {
  GoferFlags flags;
  flags.io_fds = {10, 11, 12};
  const auto served = Good(Spec(), flags);
  ASSERT_EQ(served.size(), 3u);
  EXPECT_EQ(served[0].io_fd, 10);
  EXPECT_EQ(served[0].of.mount, std::nullopt);
  EXPECT_EQ(served[0].of.access, Access::kReadWrite);
  EXPECT_EQ(served[1].io_fd, 11);
  EXPECT_EQ(served[1].of.mount, 0u);
  EXPECT_EQ(served[2].io_fd, 12);
  EXPECT_EQ(served[2].of.mount, 2u);
  EXPECT_EQ(served[2].of.access, Access::kReadOnly);
}

TEST(ServedMountsTest, TakesAReadonlyRootFromTheSpec) {
  OciSpec spec = Spec();
  spec.root_readonly = true;
  GoferFlags flags;
  flags.io_fds = {10, 11, 12};
  EXPECT_EQ(Good(spec, flags)[0].of.access, Access::kReadOnly);
}

TEST(ServedMountsTest, OverlayOfDec2022IsForAllMounts) {
  GoferFlags flags;
  flags.io_fds = {10, 11, 12};
  flags.overlay_root = true;
  EXPECT_EQ(Good(Spec(), flags)[0].of.access, Access::kReadOnly);
  EXPECT_EQ(Good(Spec(), flags)[1].of.access, Access::kReadWrite);
  flags.overlay_mounts = true;
  EXPECT_EQ(Good(Spec(), flags)[1].of.access, Access::kReadOnly);
}

TEST(ServedMountsTest, OverlayOfNov2023IsPerMount) {
  GoferFlags flags;
  flags.mount_words = MountWords::kOverlayMediums;
  flags.io_fds = {10, 11, 12};
  flags.overlay_mediums = {0, 1, 0};
  const auto served = Good(Spec(), flags);
  EXPECT_EQ(served[0].of.access, Access::kReadWrite);
  EXPECT_EQ(served[1].of.access, Access::kReadOnly);
  flags.overlay_mediums = {2};
  EXPECT_THAT(Bad(Spec(), flags), HasSubstr("--overlay-mediums"));
}

TEST(ServedMountsTest, MountsThatAreNotServedHaveNoSocket) {
  GoferFlags flags;
  flags.mount_words = MountWords::kMountConfs;
  flags.io_fds = {10, 11};
  flags.mount_confs = {{true, false}, {false, true}, {true, false}};
  const auto served = Good(Spec(), flags);
  ASSERT_EQ(served.size(), 2u);
  EXPECT_EQ(served[1].io_fd, 11);
  EXPECT_EQ(served[1].of.mount, 2u);
}

OciSpec SpecWithImage() {
  OciSpec spec = Spec();
  spec.mounts.insert(
      spec.mounts.begin(),
      {.destination = "/image", .type = "erofs", .source = "/image.erofs"});
  return spec;
}

// Which is what runsc does since January 2026.
TEST(ServedMountsTest, CountsErofsMountsWhereThereIsAWordForEach) {
  GoferFlags flags;
  flags.mount_words = MountWords::kMountConfs;
  flags.io_fds = {10, 11, 12};
  flags.mount_confs = {
      {true, false}, {false, false}, {true, false}, {true, true}};
  const auto served = Good(SpecWithImage(), flags);
  ASSERT_EQ(served.size(), 3u);
  EXPECT_EQ(served[1].of.mount, 1u);
  EXPECT_EQ(served[1].of.access, Access::kReadWrite);
  EXPECT_EQ(served[2].of.mount, 3u);
  EXPECT_EQ(served[2].of.access, Access::kReadOnly);
}

TEST(ServedMountsTest, PassesOverErofsMountsWhereThereIsNoWordForThem) {
  GoferFlags flags;
  flags.mount_words = MountWords::kMountConfs;
  flags.io_fds = {10, 11, 12};
  flags.mount_confs = {{true, false}, {true, false}, {true, false}};
  const auto served = Good(SpecWithImage(), flags);
  ASSERT_EQ(served.size(), 3u);
  EXPECT_EQ(served[1].of.mount, 1u);
}

TEST(ServedMountsTest, RejectsASocketThatIsGivenTwice) {
  GoferFlags flags;
  flags.io_fds = {10, 11, 10};
  EXPECT_EQ(Bad(Spec(), flags), "--io-fds=10 is given twice");
}

TEST(ServedMountsTest, RejectsTooFewAndTooManySockets) {
  GoferFlags flags;
  flags.io_fds = {10, 11};
  EXPECT_EQ(Bad(Spec(), flags),
            "2 sockets (--io-fds) for 3 served mounts: one for the root and "
            "one for each bind mount");
  flags.io_fds = {10, 11, 12, 13};
  EXPECT_THAT(Bad(Spec(), flags), HasSubstr("4 sockets"));
}

}  // namespace
}  // namespace gofer::runsc
