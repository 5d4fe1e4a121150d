// Output: results as a table or as JSON.

#ifndef GOFERD_CLIENTS_GOFERCTL_OUTPUT_H_
#define GOFERD_CLIENTS_GOFERCTL_OUTPUT_H_

#include <string>
#include <vector>

#include "clients/goferctl/context.h"
#include "clients/goferctl/table.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace goferctl {

// View: how a message looks as a row of a table.
template <class Message>
struct View {
  std::vector<std::string> columns;
  std::vector<std::string> (*cells)(const Message& message);
  // Lines below the row; may be null.
  std::vector<std::string> (*notes)(const Message& message) = nullptr;
};

// The rows that one command prints: a table, with a column NODE when there are
// several nodes; or JSON, which is one array, or a line for each message of a
// stream. Not thread-safe.
class Listing {
 public:
  enum class Kind { kWhole, kStream };

  Listing(const Context& context, std::vector<std::string> columns, Kind kind);

  void Add(const std::string& node, const google::protobuf::Message& message,
           std::vector<std::string> cells);
  // Prints what was added since the last call. A kWhole listing is printed
  // once.
  void Print();

 private:
  bool is_json() const { return context_.flags().format == Format::kJson; }
  void PrintJson();

  const Context& context_;
  const Kind kind_;
  Table table_;
  std::vector<std::string> json_;
};

// Prints one message: an object, or a row with its notes below.
void PrintMessage(const Context& context,
                  const google::protobuf::Message& message,
                  const std::vector<std::string>& columns,
                  std::vector<std::string> cells,
                  const std::vector<std::string>& notes);

template <class Message>
void Print(const Context& context, const View<Message>& view,
           const Message& message) {
  PrintMessage(
      context, message, view.columns, view.cells(message),
      view.notes != nullptr ? view.notes(message) : std::vector<std::string>());
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_OUTPUT_H_
