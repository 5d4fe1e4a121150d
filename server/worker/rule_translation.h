// Answers requests about rules and handlers: translates between the protocol's
// messages and the values of gofer::rules.

#ifndef GOFER_SERVER_WORKER_RULE_TRANSLATION_H_
#define GOFER_SERVER_WORKER_RULE_TRANSLATION_H_

#include "goferd/worker/v1/handler.pb.h"
#include "goferd/worker/v1/rule.pb.h"
#include "server/rules/rule_book.h"
#include "server/worker/failure.h"

namespace gofer::worker {

// Changes `book` and answers the rules that were upserted.
FailureOr<goferd::worker::v1::RuleList> ChangeRules(
    const goferd::worker::v1::ChangeRules& request, rules::RuleBook& book);

goferd::worker::v1::RuleList ListRules(
    const goferd::worker::v1::ListRules& request, const rules::RuleBook& book);

FailureOr<goferd::worker::v1::HandlerList> SetHandlers(
    const goferd::worker::v1::SetHandlers& request, rules::RuleBook& book);

goferd::worker::v1::HandlerList ListHandlers(const rules::RuleBook& book);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_RULE_TRANSLATION_H_
