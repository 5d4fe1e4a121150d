#include "server/sandbox/plan_json.h"

#include <linux/capability.h>
#include <sys/mount.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/sandbox/step.h"

namespace gofer::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PlanJsonTest, PrintsMapsOfIds) {
  Plan plan;
  plan.tree = TreePlan{.root = "/r"};
  EXPECT_THAT(ToJson(plan), Not(HasSubstr("id_map")));
  plan.tree->id_map = IdMapPlan{.users = {{1000, 0, 5}}};
  EXPECT_THAT(ToJson(plan), HasSubstr(R"(    "id_map": {
      "users": [
        {
          "host": 1000,
          "visible": 0,
          "count": 5
        }
      ],
      "groups": []
    })"));
}

TEST(PlanJsonTest, PrintsAnEmptyPlan) {
  EXPECT_EQ(ToJson(Plan()), R"({
  "tree": null,
  "new_namespaces": false,
  "max_fds": null,
  "no_new_privileges": true,
  "capabilities": null,
  "landlock": {
    "roots": [
      "/"
    ]
  },
  "syscalls": null
})");
}

TEST(PlanJsonTest, NamesEverything) {
  Plan plan;
  plan.tree = TreePlan{
      .root = "/srv/root",
      .readonly = true,
      .binds = {{.source = "/srv/data",
                 .destination = "/data",
                 .recursive = false,
                 .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_STRICTATIME |
                               MOUNT_ATTR_IDMAP,
                 .propagation =
                     Propagation{PropagationKind::kUnbindable, false}},
                {.source = "/a", .destination = "/b"}},
      .directories = {"/home"}};
  plan.max_fds = 100;
  plan.capabilities = CapabilityPlan{{CAP_CHOWN, CAP_DAC_OVERRIDE, 99}};
  plan.landlock = false;
  EXPECT_EQ(ToJson(plan), R"({
  "tree": {
    "new_namespace": true,
    "root": "/srv/root",
    "stage": "/proc",
    "readonly": true,
    "propagation": "rslave",
    "binds": [
      {
        "source": "/srv/data",
        "destination": "/data",
        "recursive": false,
        "attributes": [
          "rdonly",
          "strictatime",
          "0x100000"
        ],
        "propagation": "unbindable"
      },
      {
        "source": "/a",
        "destination": "/b",
        "recursive": true,
        "attributes": [],
        "propagation": null
      }
    ],
    "directories": [
      "/home"
    ]
  },
  "new_namespaces": false,
  "max_fds": 100,
  "no_new_privileges": true,
  "capabilities": [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "99"
  ],
  "landlock": null,
  "syscalls": null
})");
}

TEST(PlanJsonTest, ListsTheSystemCallsWithTheirConditions) {
  Plan plan;
  plan.syscalls = SyscallPlan();
  const std::string plain = ToJson(plan);
  EXPECT_THAT(plain, HasSubstr("\"name\": \"openat2\""));
  EXPECT_THAT(plain, HasSubstr("\"when\": \"mode is 0\""));
  EXPECT_THAT(plain, Not(HasSubstr("\"connect\"")));
  plan.syscalls->connect = true;
  EXPECT_THAT(ToJson(plan), HasSubstr("\"name\": \"connect\""));
}

TEST(PlanJsonTest, ReplacesANameThatIsNotUtf8) {
  Plan plan;
  plan.tree = TreePlan{.root = "/r\xff",
                       .binds = {{.source = "/s", .destination = "/d\xc3("}}};
  const std::string text = ToJson(plan);
  EXPECT_THAT(text, HasSubstr("\"/r\xef\xbf\xbd\""));
  EXPECT_THAT(text, HasSubstr("\"/d\xef\xbf\xbd(\""));
}

TEST(StepErrorTest, SaysWhatFailed) {
  EXPECT_EQ(
      (StepError{Step::kBindMount, "/srv/data on /data", base::Errno(ENOENT)})
          .Text(),
      "bind-mount: /srv/data on /data: No such file or directory");
  EXPECT_EQ((StepError{Step::kSyscallFilter, "", base::Errno(EACCES)}).Text(),
            "syscall-filter: Permission denied");
}

TEST(StepErrorTest, EachStepHasAName) {
  for (int i = 0; i <= static_cast<int>(Step::kSyscallFilter); ++i) {
    EXPECT_NE(Name(static_cast<Step>(i)), "unknown") << i;
  }
}

}  // namespace
}  // namespace gofer::sandbox
