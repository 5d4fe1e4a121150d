#include "server/lisafs/dispatch.h"

#include <exception>
#include <new>

#include "absl/strings/string_view.h"
#include "server/base/log.h"
#include "server/lisafs/interceptor.h"
#include "server/wire/message_list.h"

namespace gofer::lisafs {
namespace {

void LogException(const RequestContext& context, const char* what) {
  static base::RateLimit limit;
  uint64_t suppressed = 0;
  if (!limit.Allow(&suppressed)) return;
  const std::string name{wire::NameOf(context.message())};
  base::Log().error(
      "connection {}: handler of {} failed: {} ({} more since the last one)",
      context.connection().id(), name, what, suppressed);
}

// Since Aug 2026 a message that is not announced is not served; before, every
// message with a handler was. The standard messages after Accept did not exist
// then; private messages, from 256 on, may be served.
bool IsServed(const Connection& connection, uint16_t message) {
  if (connection.Supports(message)) return true;
  return connection.options().level == ProtocolLevel::kNov2023 &&
         (message <= static_cast<uint16_t>(wire::MessageId::kAccept) ||
          message >= wire::kMessageIdCount);
}

base::ErrnoOr<size_t> Intercept(const Interceptor& interceptor,
                                const Handler& handler,
                                RequestContext& context) {
  const Verdict verdict = interceptor.Judge(context);
  switch (verdict.action) {
    case Verdict::Action::kProceed:
      break;
    case Verdict::Action::kAnswer:
      return verdict.error;
    case Verdict::Action::kDisconnect:
      context.connection().Stop(StopMode::kAbort, EndReason::kRule,
                                verdict.end_detail);
      // The errno goes nowhere: an aborted connection answers nothing.
      return base::Errno(ESHUTDOWN);
  }
  context.ApplyVerdict(verdict);
  return handler.serve(context);
}

base::ErrnoOr<size_t> RunHandler(const HandlerTable& table,
                                 const Handler& handler,
                                 RequestContext& context) {
  try {
    if (table.interceptor() != nullptr) [[unlikely]] {
      return Intercept(*table.interceptor(), handler, context);
    }
    return handler.serve(context);
  } catch (const std::bad_alloc&) {
    return base::Errno(ENOMEM);
  } catch (const std::exception& failure) {
    LogException(context, failure.what());
  } catch (...) {
    LogException(context, "unknown exception");
  }
  return base::Errno(EREMOTEIO);
}

}  // namespace

base::ErrnoOr<size_t> Dispatch(RequestContext& context) {
  const HandlerTable& table = context.table();
  const Connection& connection = context.connection();
  const uint16_t message = context.message();
  if (!IsServed(connection, message)) return base::Errno(EOPNOTSUPP);
  const Handler* const handler = table.Find(message);
  if (handler == nullptr) return base::Errno(EOPNOTSUPP);
  if (connection.options().access == Access::kReadOnly &&
      message < wire::kMessageIdCount &&
      wire::Mutates(static_cast<wire::MessageId>(message))) {
    return base::Errno(EROFS);
  }
  return RunHandler(table, *handler, context);
}

}  // namespace gofer::lisafs
