"""Handlers and rules on live LISAFS traffic."""

import unittest

import grpc
from goferd.admin.v1 import handler_rule_pb2 as rules
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import mid_pb2 as mid
from goferd.admin.v1 import stats_service_pb2 as stats

import node
from node import STATE, TIMEOUT, wait_until

EIO = 5
Rule = rules.HandlerRule


class HandlersTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.create_server()

    def make_rule(self, rule_id="r1", **fields):
        if not {"ttl", "permanent", "expire_time"} & set(fields):
            fields["permanent"] = True
        return self.api.handlers.CreateHandlerRule(
            handlers.CreateHandlerRuleRequest(
                parent="servers/web", handler_rule_id=rule_id,
                handler_rule=Rule(**fields)), timeout=TIMEOUT)

    def rule(self, rule_id="r1"):
        return self.api.handlers.GetHandlerRule(
            handlers.GetHandlerRuleRequest(
                name=f"servers/web/handlerRules/{rule_id}"), timeout=TIMEOUT)

    def calls(self, message):
        counted = self.api.stats.GetStats(
            stats.GetStatsRequest(name="servers/web"), timeout=TIMEOUT)
        return sum(m.call_count for m in counted.messages if m.mid == message)

    def delete_rule(self, rule_id="r1"):
        self.api.handlers.DeleteHandlerRule(
            handlers.DeleteHandlerRuleRequest(
                name=f"servers/web/handlerRules/{rule_id}"), timeout=TIMEOUT)

    def test_a_fault_is_felt_and_goes(self):
        load = self.mounted_load()
        self.make_rule(match={"mids": [mid.MID_FSTAT]}, error={"code": "EIO"})
        wait_until(lambda: self.rule().counters.hit_count > 10, "hits")
        self.delete_rule()
        ops, failures, errno = load.finish()
        self.assertGreater(failures, 10)
        self.assertLess(failures, ops)
        self.assertEqual(errno, EIO)
        counted = self.api.stats.GetStats(
            stats.GetStatsRequest(name="servers/web/connections/c1"),
            timeout=TIMEOUT)
        fstat = next(m for m in counted.messages if m.mid == mid.MID_FSTAT)
        self.assertEqual([(e.code, e.count) for e in fstat.errors],
                         [("EIO", failures)])

    def test_only_every_second_and_only_some(self):
        self.make_rule(match={"mids": [mid.MID_FSTAT]}, error={"code": "EIO"},
                       trigger={"every_nth": 2, "max_hits": 3})
        load = self.mounted_load()
        wait_until(lambda: self.rule().counters.match_count > 50, "matches")
        self.assertEqual(load.finish()[1], 3)
        self.assertEqual(self.rule().counters.hit_count, 3)

    def test_a_hang_ends_with_its_rule(self):
        load = self.mounted_load()
        self.make_rule(match={"mids": [mid.MID_FSTAT]}, hang={})
        wait_until(lambda: self.rule().counters.active_count == 1, "the hang")
        self.delete_rule()
        self.assertEqual(load.finish()[1], 0)

    def test_a_ttl_ends_a_rule(self):
        self.make_rule(match={"mids": [mid.MID_FSTAT]}, observe={},
                       ttl={"nanos": 200_000_000})

        def gone():
            try:
                self.rule()
            except grpc.RpcError as error:
                return error.code() == grpc.StatusCode.NOT_FOUND
            return False

        wait_until(gone, "its end")

    def test_disconnect(self):
        load = self.mounted_load()
        self.make_rule(match={"mids": [mid.MID_PREAD, mid.MID_FSTAT]},
                       disconnect={})
        wait_until(lambda: self.connection().state == STATE.FAILED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.RULE_DISCONNECT)
        self.assertEqual(self.connection().end_detail,
                         "servers/web/handlerRules/r1")
        self.assertGreater(load.finish()[1], 0)

    def test_a_donated_fd_is_warned_of_and_can_be_refused(self):
        self.mounted_load()
        # Its client has mounted, and opens its file: wait until it reads.
        wait_until(lambda: self.calls(mid.MID_OPEN_AT) > 0, "an open file")
        rule = self.make_rule(match={"mids": [mid.MID_PREAD]},
                              error={"code": "EIO"})
        self.assertEqual([w.code for w in rule.warnings],
                         [Rule.Warning.DONATED_HOST_FDS])
        self.assertEqual(list(rule.warnings[0].connections),
                         ["servers/web/connections/c1"])
        # The hole: it reads and reads, and the rule sees nothing.
        before = self.calls(mid.MID_FSTAT)
        wait_until(lambda: self.calls(mid.MID_FSTAT) > before + 100, "requests")
        self.assertEqual(self.rule().counters.hit_count, 0)
        self.make_rule("closed", refuse_fd_donation={}, priority=1)
        # A client that opens its file from now on is told by the gofer.
        wait_until(lambda: self.rule().counters.hit_count > 0, "a read refused")

    def test_the_table_is_replaced_whole(self):
        listed = self.api.handlers.ListHandlers(
            handlers.ListHandlersRequest(parent="servers/web"), timeout=TIMEOUT)
        table = {h.mid: h for h in listed.handlers}
        self.assertEqual(table[mid.MID_FSTAT].implementation, "stock")
        self.assertIn("stock", table[mid.MID_FSTAT].available_implementations)
        load = self.mounted_load()
        stock = [handlers.HandlerAssignment(mid=m, implementation="stock")
                 for m, h in table.items() if h.implementation]
        without = [a for a in stock if a.mid != mid.MID_WALK_STAT]
        for i in range(50):
            self.api.handlers.SetHandlers(
                handlers.SetHandlersRequest(
                    parent="servers/web", assignments=without if i % 2 else stock),
                timeout=TIMEOUT)
        reset = self.api.handlers.ResetHandlers(
            handlers.ResetHandlersRequest(
                parent="servers/web", scope=handlers.ResetHandlersRequest.ALL),
            timeout=TIMEOUT)
        self.assertEqual(list(reset.changed_mids), [mid.MID_WALK_STAT])
        self.assertEqual(load.finish()[1], 0)
        self.assert_fails(
            grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_MID",
            self.api.handlers.SetHandlers,
            handlers.SetHandlersRequest(
                parent="servers/web",
                assignments=[handlers.HandlerAssignment(
                    mid=200, implementation="stock")]))

    def test_policies_survive_a_restart_and_faults_only_if_asked(self):
        match = {"mids": [mid.MID_MKDIR_AT]}
        self.make_rule("policy", match=match, deny={})
        self.make_rule("fault", match=match, error={"code": "EIO"})
        self.make_rule("kept", match=match, error={"code": "EIO"},
                       persistent=True)
        self.goferd.stop(9)
        self.goferd.start()
        listed = self.api.handlers.ListHandlerRules(
            handlers.ListHandlerRulesRequest(parent="servers/web"),
            timeout=TIMEOUT)
        self.assertEqual([r.name.rsplit("/", 1)[1] for r in listed.handler_rules],
                         ["policy", "kept"])


if __name__ == "__main__":
    unittest.main()
