#include "deploy/runsc/dispatcher/directfs_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/deploy/runsc/dispatcher/spec_file.h"

namespace gofer::dispatcher {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr InstalledPaths kOn = {"", "", "", "", "directfs,other", "on", ""};
constexpr InstalledPaths kOff = {"", "", "", "", "other,directfs", "off", ""};
constexpr InstalledPaths kNever = {"", "", "", "", "directfs", "never", ""};
// Of 2022: there is no such flag.
constexpr InstalledPaths kWithout = {"", "", "", "", "directfs2", "off", ""};

constexpr char kMember[] =
    R"(,"io.kubernetes.cri.container-type":"container",
        "io.kubernetes.cri.sandbox-id":"pod")";

std::string Annotated(const std::string& value, const std::string& more = "") {
  return R"({"annotations":{"dev.goferd.directfs":")" + value + "\"" + more +
         "}}";
}

// What is there besides the helper's own words: the flag, "" or the refusal.
std::string Apply(const InstalledPaths& installed, const std::string& spec,
                  const std::string& proc = "/nonexistent",
                  const std::string& flag = "--debug=true",
                  const std::string& root = "/nonexistent") {
  const SpecFile file(spec);
  HelperCall call({"runsc-gofer", "--root=" + root, flag, "gofer",
                   "--bundle=/b", file.Flag()});
  const std::string refusal = ApplyDirectfs(installed, call, proc);
  EXPECT_TRUE(file.KeptItsOffset());
  return refusal.empty() ? std::string(call.GlobalFlag("directfs").value_or(""))
                         : refusal;
}

TEST(DirectfsChoiceTest, InstallationDecidesWithoutAnnotation) {
  EXPECT_EQ(Apply(kOn, "{}"), "");
  EXPECT_EQ(Apply(kOff, "{}"), "false");
}

TEST(DirectfsChoiceTest, AnnotationOverridesTheInstallation) {
  EXPECT_EQ(Apply(kOn, Annotated("off")), "false");
  EXPECT_EQ(Apply(kOff, Annotated("on")), "");
}

TEST(DirectfsChoiceTest, InstallationThatAllowsNoneRejectsOn) {
  EXPECT_EQ(Apply(kNever, "{}"), "false");
  EXPECT_EQ(Apply(kNever, "{}", "", "--directfs=true"), "false");
  EXPECT_EQ(Apply(kNever, Annotated("off")), "false");
  EXPECT_THAT(Apply(kNever, Annotated("on")),
              AllOf(HasSubstr("dev.goferd.directfs"), HasSubstr("\"on\""),
                    HasSubstr("--directfs=never")));
}

// runsc obeys them in the sandbox, whatever its command line says.
TEST(DirectfsChoiceTest, GvisorsOwnAnnotationsAreRejectedWhereTheyWouldEscape) {
  for (const std::string name :
       {"dev.gvisor.flag.directfs", "dev.gvisor.bundle.fast"}) {
    const std::string more = ",\"" + name + "\":\"true\"";
    EXPECT_THAT(Apply(kNever, Annotated("off", more)), HasSubstr(name));
    EXPECT_THAT(Apply(kOn, Annotated("off", more)), HasSubstr(name));
    EXPECT_EQ(Apply(kOff, Annotated("on", more)), "");
    EXPECT_EQ(Apply(kOff, R"({"annotations":{)" + more.substr(1) + "}}"),
              "false");
    EXPECT_THAT(Apply(kNever, R"({"annotations":{)" + more.substr(1) + "}}"),
                HasSubstr(name));
  }
  EXPECT_EQ(
      Apply(kNever, R"({"annotations":{"dev.gvisor.flag.directfs":"false"}})"),
      "false");
}

TEST(DirectfsChoiceTest, OnLeavesWhatRunscWasTold) {
  EXPECT_EQ(Apply(kOff, Annotated("on"), "", "--directfs=false"), "false");
  EXPECT_EQ(Apply(kOn, Annotated("off"), "", "--directfs=true"), "false");
}

TEST(DirectfsChoiceTest, AddsNothingForARunscThatDoesNotKnowTheFlag) {
  EXPECT_EQ(Apply(kWithout, "{}"), "");
  EXPECT_EQ(Apply(kWithout, Annotated("off")), "");
}

TEST(DirectfsChoiceTest, RejectsAnotherValueByName) {
  for (const InstalledPaths& installed : {kOn, kOff, kWithout}) {
    for (const char* value : {"maybe", "", "OFF", "false"}) {
      EXPECT_THAT(Apply(installed, Annotated(value)),
                  AllOf(HasSubstr("dev.goferd.directfs"),
                        HasSubstr(std::string("\"") + value + "\"")));
    }
  }
}

TEST(DirectfsChoiceTest, RejectsASpecThatCannotBeRead) {
  HelperCall call({"runsc-sandbox", "boot", "--spec-fd=99999"});
  EXPECT_THAT(ApplyDirectfs(kOn, call), HasSubstr("--spec-fd=99999"));
}

// A procfs with some command lines, which is runsc's root as well.
class DirectfsOfPodTest : public testing::Test {
 protected:
  DirectfsOfPodTest() {
    std::filesystem::create_directory(proc_);
    std::ofstream(proc_ + "/cmdline") << "no process";
    AddProcess({"sleep", "1"});
  }
  ~DirectfsOfPodTest() override { std::filesystem::remove_all(proc_); }

  // A process that runsc has noted as the sandbox "pod".
  void AddSandbox(std::vector<std::string> words) {
    words.insert(words.begin() + 1, "--root=" + proc_);
    AddProcess(words);
    NotePid(std::to_string(pid_));
  }

  void NotePid(const std::string& pid) const {
    std::ofstream(proc_ + "/pod_sandbox:pod.state")
        << R"({"spec":{"pid":1},"sandbox":{"id":"pod","pid":)" << pid << "}}";
  }

  void AddProcess(const std::vector<std::string>& words) {
    const std::string folder = proc_ + "/" + std::to_string(++pid_);
    std::filesystem::create_directory(folder);
    std::ofstream file(folder + "/cmdline");
    for (const std::string& word : words) {
      file << word << '\0';
    }
  }

  DirectfsChoice ChooseFor(const InstalledPaths& installed,
                           const std::string& value) const {
    std::ofstream(proc_ + "/config.json") << Annotated(value, kMember);
    return ChooseDirectfs(installed, {proc_, "create", proc_, "member"}, proc_);
  }

  // It most likely is as the installation says.
  void ExpectNoSandbox() const {
    EXPECT_FALSE(ChooseFor(kOn, "off").off);
    EXPECT_TRUE(ChooseFor(kOff, "off").off);
  }

  std::string ApplyTo(const InstalledPaths& installed,
                      const std::string& value) const {
    return Apply(installed, Annotated(value, kMember), proc_, "--debug=true",
                 proc_);
  }

  const std::string proc_ =
      testing::TempDir() + "proc-of-" + std::to_string(::getpid());

 private:
  int pid_ = 1;
};

TEST_F(DirectfsOfPodTest, RunningSandboxDecides) {
  AddSandbox({"runsc-sandbox", "boot", "pod"});
  EXPECT_FALSE(ChooseFor(kOff, "off").off);
}

TEST_F(DirectfsOfPodTest, RunningSandboxWithoutDirectfsDecides) {
  AddSandbox({"runsc-sandbox", "--directfs=false", "boot", "pod"});
  EXPECT_TRUE(ChooseFor(kOn, "on").off);
  EXPECT_FALSE(ChooseFor(kWithout, "on").off);
}

TEST_F(DirectfsOfPodTest, OtherProcessesDoNotCount) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{
           {"runsc-sandbox", "--directfs=false", "boot", "p"},
           {"runsc-sandbox", "--root=/o", "--directfs=false", "boot", "pod"},
           {"runsc-sandbox", "--directfs=false", "x", "pod"},
           {"runsc-sandboxx", "--directfs=false", "boot", "pod"},
           {"runsc-gofer", "--directfs=false", "boot", "pod"}}) {
    AddSandbox(words);
    ExpectNoSandbox();
  }
}

// Everybody may start it.
TEST_F(DirectfsOfPodTest, ProcessWithASandboxsCommandLineDoesNotCount) {
  const std::vector<std::string> words = {"runsc-sandbox", "--root=" + proc_,
                                          "--directfs=false", "boot", "pod"};
  AddProcess(words);
  ExpectNoSandbox();
  AddSandbox({"runsc-sandbox", "boot", "pod"});
  AddProcess(words);
  EXPECT_FALSE(ChooseFor(kOff, "off").off);
}

TEST_F(DirectfsOfPodTest, StateThatNamesNoProcessFindsNone) {
  AddSandbox({"runsc-sandbox", "--directfs=false", "boot", "pod"});
  for (const char* pid : {"0", "-1", "77", "\"2\"", "null", "{}", "1e99"}) {
    NotePid(pid);
    ExpectNoSandbox();
  }
  for (const char* state : {"", "{", "[]", "{\"sandbox\": 3}", "{}"}) {
    std::ofstream(proc_ + "/pod_sandbox:pod.state") << state;
    ExpectNoSandbox();
  }
}

TEST_F(DirectfsOfPodTest, AnotherValueIsRejectedAllTheSame) {
  EXPECT_THAT(ChooseFor(kOn, "maybe").error, HasSubstr("\"maybe\""));
  EXPECT_THAT(ApplyTo(kOn, "maybe"), HasSubstr("\"maybe\""));
}

TEST_F(DirectfsOfPodTest, GoferOfAMemberIsLeftAsRunscStartsIt) {
  AddSandbox({"runsc-sandbox", "boot", "pod"});
  EXPECT_EQ(ApplyTo(kOff, "off"), "");
}

TEST_F(DirectfsOfPodTest, GoferThatBreaksTheMountIsRefused) {
  AddSandbox({"runsc-sandbox", "--directfs=false", "boot", "pod"});
  EXPECT_THAT(ApplyTo(kOff, "off"), HasSubstr("joins it without that flag"));
}

TEST_F(DirectfsOfPodTest, StartFollowsTheSandboxOfItsContainer) {
  AddSandbox({"runsc-sandbox", "--directfs=false", "boot", "pod"});
  std::ofstream(proc_ + "/member_sandbox:pod.state") << "{}";
  RunscCall call = {proc_, "start", ".", "member"};
  EXPECT_TRUE(ChooseDirectfs(kOn, call, proc_).off);
  call.container = "other";
  EXPECT_FALSE(ChooseDirectfs(kOn, call, proc_).off);
  EXPECT_TRUE(ChooseDirectfs(kOff, call, proc_).off);
}

TEST_F(DirectfsOfPodTest, InstallationThatAllowsNoneRejectsMembersThatSayOn) {
  EXPECT_TRUE(ChooseFor(kNever, "off").off);
  EXPECT_THAT(ChooseFor(kNever, "on").error, HasSubstr("--directfs=never"));
}

TEST_F(DirectfsOfPodTest, OtherCommandsFollowTheInstallation) {
  RunscCall call = {proc_, "do", ".", "x"};
  EXPECT_FALSE(ChooseDirectfs(kOn, call, proc_).off);
  EXPECT_TRUE(ChooseDirectfs(kOff, call, proc_).off);
  EXPECT_FALSE(ChooseDirectfs(kWithout, call, proc_).off);
}

}  // namespace
}  // namespace gofer::dispatcher
