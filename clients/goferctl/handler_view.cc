#include "clients/goferctl/handler_view.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/names.h"
#include "goferd/admin/v1/handler.pb.h"

namespace goferctl {
namespace {

using goferd::admin::v1::Handler;

std::vector<std::string> Cells(const Handler& handler) {
  const auto short_name = [](std::string* out, const std::string& name) {
    out->append(ShortName(name));
  };
  return {
      absl::StrCat(static_cast<int>(handler.mid())),
      handler.message_name(),
      Word(goferd::admin::v1::OpClass_Name(handler.op_class()), "OP_CLASS_"),
      handler.mutates() ? "yes" : "no",
      handler.implementation(),
      absl::StrJoin(handler.handler_rules(), ",", short_name),
      absl::StrCat(handler.call_count()),
      absl::StrCat(handler.error_count())};
}

}  // namespace

const View<Handler>& HandlerView() {
  static const auto* const view =
      new View<Handler>{{"MID", "MESSAGE", "CLASS", "MUTATES", "ANSWERED BY",
                         "RULES", "CALLS", "ERRORS"},
                        &Cells};
  return *view;
}

}  // namespace goferctl
