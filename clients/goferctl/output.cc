#include "clients/goferctl/output.h"

#include <ostream>
#include <utility>

#include "absl/strings/str_join.h"
#include "clients/goferctl/json.h"

namespace goferctl {
namespace {

std::vector<std::string> ColumnsOf(const Context& context,
                                   std::vector<std::string> columns) {
  if (context.has_several_nodes()) columns.insert(columns.begin(), "NODE");
  return columns;
}

Table::Header HeaderOf(const Context& context) {
  return context.flags().no_headers ? Table::Header::kHide
                                    : Table::Header::kShow;
}

}  // namespace

Listing::Listing(const Context& context, std::vector<std::string> columns,
                 Kind kind)
    : context_(context),
      kind_(kind),
      table_(ColumnsOf(context, std::move(columns)), HeaderOf(context)) {}

void Listing::Add(const std::string& node,
                  const google::protobuf::Message& message,
                  std::vector<std::string> cells) {
  const bool several = context_.has_several_nodes();
  if (is_json()) {
    json_.push_back(
        ToJson(message,
               kind_ == Kind::kStream ? JsonStyle::kOneLine : JsonStyle::kLines,
               several ? node : ""));
    return;
  }
  if (several) cells.insert(cells.begin(), node);
  table_.AddRow(std::move(cells));
}

void Listing::Print() {
  if (is_json()) return PrintJson();
  table_.Print(context_.out());
}

void Listing::PrintJson() {
  if (kind_ == Kind::kStream) {
    for (const std::string& json : json_) context_.out() << json << '\n';
  } else {
    context_.out() << "[" << absl::StrJoin(json_, ",\n") << "]\n";
  }
  json_.clear();
  context_.out().flush();
}

void PrintMessage(const Context& context,
                  const google::protobuf::Message& message,
                  const std::vector<std::string>& columns,
                  std::vector<std::string> cells,
                  const std::vector<std::string>& notes) {
  if (context.flags().format == Format::kJson) {
    context.out() << ToJson(message, JsonStyle::kLines) << '\n';
    return;
  }
  Table table(columns, HeaderOf(context));
  table.AddRow(std::move(cells));
  table.Print(context.out());
  for (const std::string& note : notes) {
    context.out() << Printable(note) << '\n';
  }
}

}  // namespace goferctl
