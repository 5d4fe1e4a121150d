#include "server/worker/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace gofer::worker {
namespace {

using ::testing::HasSubstr;

std::variant<ServeOptions, ManagedOptions, HelpText, UsageError> Parse(
    std::vector<const char*> words) {
  words.insert(words.begin(), "gofer");
  return ParseCommandLine(static_cast<int>(words.size()), words.data());
}

ServeOptions ParseOk(std::vector<const char*> words) {
  auto parsed = Parse(std::move(words));
  if (const auto* error = std::get_if<UsageError>(&parsed)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<ServeOptions>(parsed);
}

std::string ParseError(std::vector<const char*> words) {
  auto parsed = Parse(std::move(words));
  const auto* error = std::get_if<UsageError>(&parsed);
  if (error == nullptr) {
    ADD_FAILURE() << "was accepted";
    return "";
  }
  EXPECT_EQ(error->text.find('\n'), std::string::npos) << "one line only";
  return error->text;
}

TEST(CommandLineTest, DefaultsAreTheStockGofers) {
  const ServeOptions options = ParseOk({"serve", "--root=/srv", "--io-fds=3"});
  EXPECT_EQ(options.root, "/srv");
  ASSERT_EQ(options.io_fds.size(), 1u);
  EXPECT_EQ(options.io_fds[0].fd, 3);
  EXPECT_EQ(options.io_fds[0].mount_path, "/");
  EXPECT_EQ(options.connection.access, lisafs::Access::kReadWrite);
  EXPECT_EQ(options.connection.donation, lisafs::Donation::kFiles);
  EXPECT_EQ(options.connection.level, lisafs::ProtocolLevel::kNov2023);
  EXPECT_FALSE(options.connection.open_on_deleted);
  EXPECT_FALSE(options.host.may_connect());
  EXPECT_FALSE(options.host.may_bind());
  EXPECT_EQ(options.host.host_fifo, hostfs::HostFifo::kNone);
}

TEST(CommandLineTest, MountPathsBelongToSocketsByPosition) {
  const ServeOptions options =
      ParseOk({"serve", "--root=/srv", "--io-fds=3", "--io-fds=5,4",
               "--mount-path=/a", "--mount-path=/b/c"});
  ASSERT_EQ(options.io_fds.size(), 3u);
  EXPECT_EQ(options.io_fds[0].fd, 3);
  EXPECT_EQ(options.io_fds[0].mount_path, "/a");
  EXPECT_EQ(options.io_fds[1].fd, 5);
  EXPECT_EQ(options.io_fds[1].mount_path, "/b/c");
  EXPECT_EQ(options.io_fds[2].fd, 4);
  EXPECT_EQ(options.io_fds[2].mount_path, "/");
}

TEST(CommandLineTest, EveryFlagArrives) {
  const ServeOptions options =
      ParseOk({"serve", "--root=/srv", "--io-fds=3", "--readonly",
               "--no-donate", "--host-uds=create", "--host-fifo=open",
               "--protocol=2026", "--max-fds=77"});
  EXPECT_EQ(options.connection.access, lisafs::Access::kReadOnly);
  EXPECT_EQ(options.connection.donation, lisafs::Donation::kNone);
  EXPECT_EQ(options.connection.level, lisafs::ProtocolLevel::kAug2026);
  EXPECT_TRUE(options.connection.open_on_deleted);
  EXPECT_FALSE(options.host.may_connect());
  EXPECT_TRUE(options.host.may_bind());
  EXPECT_EQ(options.host.host_fifo, hostfs::HostFifo::kOpen);
  EXPECT_EQ(options.max_fds, 77u);
}

TEST(CommandLineTest, DonateMountImpliesFiles) {
  EXPECT_EQ(ParseOk({"serve", "--root=/", "--io-fds=3", "--donate-mount"})
                .connection.donation,
            lisafs::Donation::kFilesAndMountPoint);
}

TEST(CommandLineTest, RejectsAMissingRoot) {
  EXPECT_THAT(ParseError({"serve", "--io-fds=3"}), HasSubstr("--root"));
}

TEST(CommandLineTest, RejectsMissingSockets) {
  EXPECT_THAT(ParseError({"serve", "--root=/srv"}), HasSubstr("--io-fds"));
}

TEST(CommandLineTest, RejectsAMissingSubcommand) {
  EXPECT_FALSE(ParseError({}).empty());
}

TEST(CommandLineTest, RejectsAnUnknownFlag) {
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=3", "--frob"}),
              HasSubstr("--frob"));
}

TEST(CommandLineTest, NamesBadValues) {
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=-1"}),
              HasSubstr("-1"));
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=x"}), HasSubstr("x"));
  EXPECT_THAT(
      ParseError({"serve", "--root=/", "--io-fds=3", "--host-uds=some"}),
      HasSubstr("some"));
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=3", "--log-level=x"}),
              HasSubstr("--log-level=x"));
}

TEST(CommandLineTest, RejectsASocketThatIsGivenTwice) {
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=3", "--io-fds=3"}),
              HasSubstr("twice"));
}

TEST(CommandLineTest, RejectsARelativeMountPath) {
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=3", "--mount-path=a"}),
              HasSubstr("absolute"));
}

TEST(CommandLineTest, RejectsMoreMountPathsThanSockets) {
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=3", "--mount-path=/a",
                          "--mount-path=/b"}),
              HasSubstr("more --mount-path"));
}

TEST(CommandLineTest, RejectsContradictingDonations) {
  EXPECT_THAT(ParseError({"serve", "--root=/", "--io-fds=3", "--no-donate",
                          "--donate-mount"}),
              HasSubstr("contradict"));
}

TEST(CommandLineTest, HelpNamesEveryFlag) {
  const auto parsed = Parse({"serve", "--help"});
  const auto* help = std::get_if<HelpText>(&parsed);
  ASSERT_NE(help, nullptr);
  for (const char* flag :
       {"--root", "--io-fds", "--mount-path", "--readonly", "--host-uds",
        "--host-fifo", "--no-donate", "--donate-mount", "--protocol",
        "--max-fds", "--log-level"}) {
    EXPECT_THAT(help->text, HasSubstr(flag));
  }
}

// Terminals and pagers stop at a zero byte.
TEST(CommandLineTest, HelpIsPrintable) {
  for (const char* command : {"serve", "managed"}) {
    const auto parsed = Parse({command, "--help"});
    const auto* help = std::get_if<HelpText>(&parsed);
    ASSERT_NE(help, nullptr);
    for (const char c : help->text) {
      ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~'))
          << command << ": byte " << static_cast<int>(c);
    }
  }
}

TEST(CommandLineTest, VerboseVersionTellsWhatRunscAsks) {
  const auto parsed = Parse({"--version", "--verbose"});
  const auto* help = std::get_if<HelpText>(&parsed);
  ASSERT_NE(help, nullptr);
  EXPECT_THAT(help->text, testing::HasSubstr("--gofer-mount-confs"));
  EXPECT_THAT(help->text, testing::HasSubstr("createContainer hooks"));
}

TEST(CommandLineTest, PrintsItsVersion) {
  const auto parsed = Parse({"--version"});
  const auto* help = std::get_if<HelpText>(&parsed);
  ASSERT_NE(help, nullptr);
  EXPECT_THAT(help->text, ::testing::StartsWith("gofer "));
}

TEST(CommandLineTest, ManagedTakesAControlSocket) {
  const auto parsed = Parse({"managed", "--control-fd=7", "--log-level=debug"});
  const auto* const options = std::get_if<ManagedOptions>(&parsed);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->control_fd, 7);
  EXPECT_EQ(options->log_level, "debug");
  EXPECT_EQ(options->log_format, base::LogFormat::kText);
}

TEST(CommandLineTest, ManagedLogsForPrograms) {
  const auto parsed = Parse({"managed", "--control-fd=7", "--log-format=json"});
  const auto* const options = std::get_if<ManagedOptions>(&parsed);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->log_format, base::LogFormat::kJson);
  EXPECT_THAT(ParseError({"managed", "--control-fd=3", "--log-format=xml"}),
              HasSubstr("--log-format"));
}

TEST(CommandLineTest, ManagedRejectsWhatMakesNoSense) {
  EXPECT_THAT(ParseError({"managed"}), HasSubstr("--control-fd"));
  EXPECT_THAT(ParseError({"managed", "--control-fd=-1"}),
              HasSubstr("gofer managed --help"));
  EXPECT_THAT(ParseError({"managed", "--control-fd=3", "--log-level=loud"}),
              HasSubstr("--log-level=loud"));
}

}  // namespace
}  // namespace gofer::worker
