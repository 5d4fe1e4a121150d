#include "server/runsc/gofer_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace gofer::runsc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Parsed = std::variant<GoferFlags, FlagsError>;

Parsed Parse(std::vector<const char*> words,
             const std::map<std::string, std::string>& overrides = {}) {
  words.insert(words.begin(), "runsc-gofer");
  return ParseGoferFlags(static_cast<int>(words.size()), words.data(),
                         overrides);
}

GoferFlags Good(const std::vector<const char*>& words,
                const std::map<std::string, std::string>& overrides = {}) {
  Parsed parsed = Parse(words, overrides);
  if (const auto* error = std::get_if<FlagsError>(&parsed)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<GoferFlags>(parsed);
}

FlagsError Bad(const std::vector<const char*>& words) {
  Parsed parsed = Parse(words);
  if (!std::holds_alternative<FlagsError>(parsed)) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  return std::get<FlagsError>(parsed);
}

// As runsc of Dec 2022 starts its gofer: gVisor runsc/container/container.go.
TEST(GoferFlagsTest, ReadsTheCommandLineOfDec2022) {
  const GoferFlags flags =
      Good({"--debug=true", "--platform=ptrace", "--log-fd=3",
            "--debug-log-fd=4", "gofer", "--bundle", "/b", "--spec-fd=5",
            "--mounts-fd=6", "--io-fds=7", "--io-fds=8"});
  EXPECT_EQ(flags.mount_words, MountWords::kNone);
  EXPECT_TRUE(flags.debug);
  EXPECT_EQ(flags.log_fd, 3);
  EXPECT_EQ(flags.debug_log_fd, 4);
  EXPECT_EQ(flags.bundle, "/b");
  EXPECT_EQ(flags.spec_fd, 5);
  EXPECT_EQ(flags.mounts_fd, 6);
  EXPECT_THAT(flags.io_fds, ElementsAre(7, 8));
  EXPECT_TRUE(flags.setup_root);
  EXPECT_TRUE(flags.apply_caps);
  EXPECT_FALSE(flags.directfs) << "there was none in 2022";
  EXPECT_EQ(flags.max_fds, std::nullopt);
  EXPECT_THAT(flags.ignored, ElementsAre("--platform"));
}

TEST(GoferFlagsTest, ReadsTheCommandLineOfNov2023) {
  const GoferFlags flags =
      Good({"--log-format=json", "gofer", "--bundle", "/b",
            "--overlay-mediums=2,0", "--spec-fd=5", "--mounts-fd=6",
            "--io-fds=7,8", "--sync-userns-fd=9", "--sync-nvproxy-fd=10"});
  EXPECT_EQ(flags.mount_words, MountWords::kOverlayMediums);
  EXPECT_THAT(flags.overlay_mediums, ElementsAre(2, 0));
  EXPECT_THAT(flags.io_fds, ElementsAre(7, 8));
  EXPECT_EQ(flags.sync_userns_fd, 9);
  EXPECT_EQ(flags.sync_nvproxy_fd, 10);
  EXPECT_TRUE(flags.directfs) << "the default since Nov 2023";
  EXPECT_THAT(flags.ignored, ElementsAre("--log-format"));
}

TEST(GoferFlagsTest, ReadsTheCommandLineOfAug2026) {
  const GoferFlags flags =
      Good({"--directfs=false", "--character-device-policy=passthrough",
            "gofer", "--bundle", "/b",
            "--gofer-mount-confs=lisafs:self:size=1g,none:memory,lisafs:none",
            "--uid=1", "--gid=2", "--spec-fd=5", "--mounts-fd=6", "--rpc-fd=7",
            "--pin-ring-fd=8", "--sync-sentry-exit-fd=9", "--io-fds=10",
            "--io-fds=11", "--sync-chroot-fd=12", "container-id"});
  EXPECT_EQ(flags.mount_words, MountWords::kMountConfs);
  EXPECT_FALSE(flags.directfs);
  EXPECT_EQ(flags.host.char_devices, hostfs::CharDevicePolicy::kOpen);
  ASSERT_EQ(flags.mount_confs.size(), 3u);
  EXPECT_TRUE(flags.mount_confs[0].served && flags.mount_confs[0].overlaid);
  EXPECT_TRUE(!flags.mount_confs[1].served && flags.mount_confs[1].overlaid);
  EXPECT_TRUE(flags.mount_confs[2].served && !flags.mount_confs[2].overlaid);
  EXPECT_EQ(flags.uid, 1u);
  EXPECT_EQ(flags.gid, 2u);
  EXPECT_EQ(flags.sync_sentry_exit_fd, 9);
  EXPECT_EQ(flags.sync_chroot_fd, 12);
  EXPECT_EQ(flags.rpc_fd, 7);
  EXPECT_EQ(flags.pin_ring_fd, 8);
  EXPECT_EQ(flags.container_id, "container-id");
  EXPECT_THAT(flags.ignored, ElementsAre());
}

// Passed over, it might be the flag that tells a gofer to serve less.
TEST(GoferFlagsTest, RejectsUnknownFlagsWithoutTellingTheirValues) {
  const std::string global = Bad({"--new-flag=secret", "gofer", "--bundle=/b",
                                  "--spec-fd=3", "--io-fds=4"})
                                 .text;
  EXPECT_THAT(global, HasSubstr("--new-flag: "));
  EXPECT_THAT(global, Not(HasSubstr("secret")));
  EXPECT_THAT(
      Bad({"gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=4", "--newer-fd=9"})
          .text,
      HasSubstr("--newer-fd: "));
}

TEST(GoferFlagsTest, PassesOverFlagsOfTheWholeRunscAndOfProfiles) {
  const GoferFlags flags =
      Good({"--root=/run/x", "--network=none", "gofer", "--bundle=/b",
            "--spec-fd=3", "--io-fds=4", "--profile-cpu-fd=9"});
  EXPECT_THAT(flags.ignored,
              ElementsAre("--root", "--network", "--profile-cpu-fd"));
}

TEST(GoferFlagsTest, CharacterDevicesFollowThePolicyWhereRunscHasOne) {
  const auto policy = [](std::vector<const char*> globals) {
    for (const char* word :
         {"gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=4"}) {
      globals.push_back(word);
    }
    return Good(globals).host.char_devices;
  };
  using hostfs::CharDevicePolicy;
  EXPECT_EQ(policy({}), CharDevicePolicy::kOpen);
  EXPECT_EQ(policy({"--goferd-runsc-traits=directfs"}),
            CharDevicePolicy::kOpen);
  EXPECT_EQ(policy({"--goferd-runsc-traits=directfs,character-device-policy"}),
            CharDevicePolicy::kRefuse);
  EXPECT_EQ(policy({"--goferd-runsc-traits=character-device-policy",
                    "--character-device-policy=prefer-emulated"}),
            CharDevicePolicy::kOpen);
  EXPECT_EQ(policy({"--character-device-policy=emulated-only"}),
            CharDevicePolicy::kRefuse);
}

TEST(GoferFlagsTest, TraitsAreThoseThatInstallRunscFound) {
  const auto traits = [](const char* global, const char* name) {
    return Good({global, "gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=4",
                 name})
        .traits;
  };
  const RunscTraits all = traits(
      "--goferd-runsc-traits=directfs,makes-cwd,create-container-hooks,"
      "xattr-lists,of-a-later-goferd",
      "c1");
  EXPECT_TRUE(all.makes_cwd && all.create_container_hooks && all.xattr_lists);
  EXPECT_FALSE(all.device_policy);
  const RunscTraits none = traits("--goferd-runsc-traits=directfs", "c1");
  EXPECT_FALSE(none.makes_cwd || none.create_container_hooks ||
               none.xattr_lists);
}

TEST(GoferFlagsTest, WithoutTraitsTheContainersNameTellsTheRelease) {
  const std::vector<const char*> words = {"gofer", "--bundle=/b", "--spec-fd=3",
                                          "--io-fds=4"};
  EXPECT_TRUE(Good(words).traits.makes_cwd);
  EXPECT_FALSE(Good(words).traits.create_container_hooks);
  std::vector<const char*> named = words;
  named.push_back("c1");
  EXPECT_FALSE(Good(named).traits.makes_cwd);
  EXPECT_TRUE(Good(named).traits.create_container_hooks);
}

TEST(GoferFlagsTest, OneDashIsAsGoodAsTwo) {
  const GoferFlags flags = Good({"-debug=true", "-fdlimit", "100", "gofer",
                                 "-bundle=/b", "-spec-fd", "3", "-io-fds=4"});
  EXPECT_TRUE(flags.debug);
  EXPECT_EQ(flags.max_fds, 100u);
  EXPECT_EQ(flags.spec_fd, 3);
}

// runsc itself appends flags to those that it was given.
TEST(GoferFlagsTest, LastValueCounts) {
  const GoferFlags flags =
      Good({"gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=4",
            "--sync-userns-fd=5", "--apply-caps=true", "--sync-userns-fd=-1",
            "--apply-caps=false", "--setup-root=false"});
  EXPECT_EQ(flags.sync_userns_fd, -1);
  EXPECT_FALSE(flags.apply_caps);
  EXPECT_FALSE(flags.setup_root);
}

TEST(GoferFlagsTest, ReadsThePoliciesForHostFiles) {
  const std::vector<const char*> command = {"gofer", "--bundle=/b",
                                            "--spec-fd=3", "--io-fds=4"};
  const auto with = [&](const char* flag) {
    std::vector<const char*> words = command;
    words.insert(words.begin(), flag);
    return Good(words).host;
  };
  EXPECT_EQ(Good(command).host.host_uds, hostfs::HostUds::kNone);
  EXPECT_EQ(with("--host-uds=all").host_uds, hostfs::HostUds::kAll);
  EXPECT_EQ(with("--fsgofer-host-uds=true").host_uds, hostfs::HostUds::kOpen);
  EXPECT_EQ(with("--host-fifo=open").host_fifo, hostfs::HostFifo::kOpen);
}

TEST(GoferFlagsTest, ReadsTheOverlayOfDec2022) {
  const std::vector<const char*> command = {"gofer", "--bundle=/b",
                                            "--spec-fd=3", "--io-fds=4"};
  const auto with = [&](const char* flag) {
    std::vector<const char*> words = command;
    words.insert(words.begin(), flag);
    const GoferFlags flags = Good(words);
    return std::pair(flags.overlay_root, flags.overlay_mounts);
  };
  EXPECT_EQ(with("--overlay2=none"), std::pair(false, false));
  EXPECT_EQ(with("--overlay2=root:memory"), std::pair(true, false));
  EXPECT_EQ(with("--overlay2=all:dir=/x"), std::pair(true, true));
  EXPECT_EQ(with("--overlay=true"), std::pair(true, true));
}

TEST(GoferFlagsTest, OverridesComeLast) {
  const std::vector<const char*> words = {
      "--host-uds=none", "gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=4"};
  EXPECT_EQ(Good(words, {{"host-uds", "open"}}).host.host_uds,
            hostfs::HostUds::kOpen);
  EXPECT_TRUE(std::holds_alternative<FlagsError>(
      Parse(words, {{"host-uds", "sideways"}})));
}

TEST(GoferFlagsTest, OverridesAreOnlyOfWhatAUserMayChoose) {
  const std::vector<const char*> words = {"--log-fd=3",  "gofer",
                                          "--bundle=/b", "--spec-fd=3",
                                          "--io-fds=4",  "gofer"};
  const GoferFlags flags = Good(words, {{"log-fd", "4"},
                                        {"TESTONLY-unsafe-nonroot", "true"},
                                        {"bundle", "/evil"},
                                        {"setup-root", "false"},
                                        {"print-sandbox-plan", "true"},
                                        {"allow-flag-override", "false"},
                                        {"debug", "true"}});
  EXPECT_EQ(flags.log_fd, 3);
  EXPECT_FALSE(flags.unsafe_nonroot);
  EXPECT_EQ(flags.bundle, "/b");
  EXPECT_TRUE(flags.setup_root);
  EXPECT_FALSE(flags.print_sandbox_plan);
  EXPECT_TRUE(flags.debug);
}

// Since 2026 it comes last, right after whatever flag.
TEST(GoferFlagsTest, ContainersNameIsNoValueOfTheLastFlag) {
  EXPECT_THAT(
      Good({"gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=6", "12345"})
          .io_fds,
      ElementsAre(6));
  EXPECT_THAT(Good({"gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=6",
                    "--overlay-mediums=0", "1"})
                  .overlay_mediums,
              ElementsAre(0));
}

TEST(GoferFlagsTest, NamesWhatIsMissing) {
  EXPECT_THAT(Bad({"gofer", "--spec-fd=3", "--io-fds=4"}).text,
              HasSubstr("--bundle"));
  EXPECT_THAT(Bad({"gofer", "--bundle=/b", "--io-fds=4"}).text,
              HasSubstr("--spec-fd"));
  EXPECT_THAT(Bad({"gofer", "--bundle=/b", "--spec-fd=4"}).text,
              HasSubstr("--io-fds"));
}

TEST(GoferFlagsTest, NamesBadValues) {
  const auto with = [](const char* flag) {
    return Bad({"gofer", "--bundle=/b", "--spec-fd=3", "--io-fds=4", flag})
        .text;
  };
  EXPECT_THAT(with("--io-fds=x"), HasSubstr("--io-fds"));
  EXPECT_THAT(with("--io-fds=-2"), HasSubstr("--io-fds"));
  EXPECT_THAT(with("--mounts-fd=1x"), HasSubstr("--mounts-fd"));
  EXPECT_THAT(with("--gofer-mount-confs=none:none"), HasSubstr("none:none"));
  EXPECT_THAT(with("--dev-io-fd=x"), HasSubstr("--dev-io-fd"));
}

// Its user reads runsc's log, wherever that was told to be.
TEST(GoferFlagsTest, ErrorsKnowWhereToBeLogged) {
  const FlagsError error = Bad({"--log-fd=7", "--log-format=json", "gofer"});
  EXPECT_EQ(error.log_fd, 7);
  EXPECT_EQ(error.text.find('\n'), std::string::npos);
}

TEST(IsGoferCommandTest, KnowsACallByItsNameOrItsCommand) {
  const auto is = [](std::vector<const char*> words) {
    return IsGoferCommand(static_cast<int>(words.size()), words.data());
  };
  EXPECT_TRUE(is({"runsc-gofer", "--debug=true", "gofer"}));
  EXPECT_TRUE(is({"gofer", "--debug=true", "gofer", "--bundle=/b"}));
  EXPECT_FALSE(is({"gofer", "serve", "--root=gofer"}));
  EXPECT_FALSE(is({"gofer", "--version"}));
  EXPECT_FALSE(is({}));
}

}  // namespace
}  // namespace gofer::runsc
