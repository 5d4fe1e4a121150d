#include "controlplane/exporter/message_totals.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace goferd::exporter {
namespace {

// Uses the enum's name, as the gofer's spelling ("FStat") is not known here.
std::string NameOf(admin::v1::Mid mid) {
  if (mid == admin::v1::MID_UNSPECIFIED || !admin::v1::Mid_IsValid(mid)) {
    return "unknown";
  }
  std::string name = admin::v1::Mid_Name(mid).substr(4);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

MessageTotal TotalOf(const admin::v1::MessageStats& message) {
  MessageTotal total;
  total.calls = message.call_count();
  for (const auto& error : message.errors()) total.errors += error.count();
  total.request_bytes = message.request_bytes();
  total.response_bytes = message.response_bytes();
  total.latency_sum_ns = message.latency().sum_ns();
  total.latency_buckets.assign(message.latency().bucket_counts().begin(),
                               message.latency().bucket_counts().end());
  return total;
}

std::string LifeOf(const admin::v1::Stats& stats) {
  return absl::StrCat(stats.uid(), "/", stats.start_time().seconds(), ".",
                      stats.start_time().nanos());
}

void Add(const MessageTotals::ByMessage& from, MessageTotals::ByMessage& to) {
  for (const auto& [name, total] : from) to[name] += total;
}

}  // namespace

MessageTotal& MessageTotal::operator+=(const MessageTotal& other) {
  calls += other.calls;
  errors += other.errors;
  request_bytes += other.request_bytes;
  response_bytes += other.response_bytes;
  latency_sum_ns += other.latency_sum_ns;
  latency_buckets.resize(
      std::max(latency_buckets.size(), other.latency_buckets.size()));
  for (size_t i = 0; i < other.latency_buckets.size(); ++i) {
    latency_buckets[i] += other.latency_buckets[i];
  }
  return *this;
}

const MessageTotals::ByMessage& MessageTotals::Update(
    const std::vector<admin::v1::Stats>& samples,
    const std::vector<std::string>& silent) {
  std::set<std::string> present(silent.begin(), silent.end());
  for (const admin::v1::Stats& sample : samples) {
    present.insert(sample.name());
    Server& server = servers_[sample.name()];
    if (server.life != LifeOf(sample)) {
      Add(server.messages, gone_);
      server.life = LifeOf(sample);
    }
    server.messages.clear();
    for (const auto& message : sample.messages()) {
      server.messages[NameOf(message.mid())] += TotalOf(message);
    }
  }
  std::erase_if(servers_, [&](const auto& server) {
    if (present.contains(server.first)) return false;
    Add(server.second.messages, gone_);
    return true;
  });
  sums_ = gone_;
  for (const auto& [name, server] : servers_) Add(server.messages, sums_);
  return sums_;
}

}  // namespace goferd::exporter
