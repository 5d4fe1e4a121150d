#include "clients/goferctl/error_text.h"

#include <gtest/gtest.h>

#include "clients/goferctl/exit_code.h"
#include "controlplane/errors/error.h"

namespace goferctl {
namespace {

namespace errors = goferd::errors;

TEST(ErrorTextTest, SaysWhatHappenedAndWhatToDo) {
  EXPECT_EQ(ErrorText(errors::Error(errors::Reason::SERVER_NOT_FOUND,
                                    "there is no servers/web")),
            "goferctl: there is no servers/web (SERVER_NOT_FOUND)\n"
            "  What to do: `goferctl server list` lists the servers\n");
}

TEST(ErrorTextTest, NamesFieldsNodeAndDelay) {
  errors::FieldViolations violations;
  violations.Add("server.root", "is relative");
  violations.Add("server.ttl", "is negative");
  const std::string text = ErrorText(violations.ToStatus(), "node1:7443");
  EXPECT_NE(text.find("goferctl: node1:7443: "), std::string::npos) << text;
  EXPECT_NE(
      text.find("\n  server.root: is relative\n  server.ttl: is negative"),
      std::string::npos)
      << text;
  EXPECT_NE(ErrorText(errors::ErrorWithRetry(errors::Reason::TICKET_LIMIT,
                                             "full", 2000))
                .find("; try again in 2s\n"),
            std::string::npos);
}

TEST(ErrorTextTest, EveryReasonHasAdvice) {
  const auto& reasons = *goferd::admin::v1::ErrorReason_descriptor();
  for (int i = 0; i < reasons.value_count(); ++i) {
    const int number = reasons.value(i)->number();
    if (number == goferd::admin::v1::ERROR_REASON_UNSPECIFIED) continue;
    EXPECT_NE(AdviceFor(static_cast<goferd::admin::v1::ErrorReason>(number)),
              "")
        << reasons.value(i)->name();
  }
}

TEST(ErrorTextTest, HelpsWithTheTransportsErrors) {
  const std::string text = ErrorText(absl::UnavailableError("no\nroute"));
  EXPECT_EQ(text,
            "goferctl: no?route (UNAVAILABLE)\n"
            "  What to do: check that goferd runs and that --endpoint is "
            "right\n");
}

TEST(ErrorTextTest, HelpsWithCertificates) {
  const auto text_of = [](absl::string_view message) {
    return ErrorText(absl::UnavailableError(message));
  };
  EXPECT_NE(text_of("Ssl handshake failed: certificate verify failed")
                .find("the authority in --tls-ca"),
            std::string::npos);
  EXPECT_NE(
      text_of("Hostname Verification Check failed.").find("--tls-server-name"),
      std::string::npos);
  EXPECT_NE(text_of("Socket closed").find("--tls-cert"), std::string::npos);
}

TEST(ExitCodeTest, IsTheCodeOfGrpc) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), 5);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), 16);
  EXPECT_EQ(ExitCodeOf(UsageError("")), 64);
  EXPECT_EQ(ExitCodeOf(ExecError("p", ENOENT)), 127);
  EXPECT_EQ(ExitCodeOf(ExecError("p", EACCES)), 126);
  EXPECT_EQ(ExitCodeOf(Reported(absl::NotFoundError(""))), 5);
  EXPECT_TRUE(IsReported(Reported(absl::NotFoundError(""))));
  EXPECT_FALSE(IsReported(absl::NotFoundError("")));
}

}  // namespace
}  // namespace goferctl
