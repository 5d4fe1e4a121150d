#include "controlplane/link/lanes.h"

#include <utility>

namespace goferd::link {

void Lanes::Push(const Lane& lane, Task task) {
  Queue& queue = lanes_[lane.name];
  queue.most =
      lane.name.empty() ? std::numeric_limits<size_t>::max() : lane.most;
  if (queue.tasks.empty()) turns_.push_back(lane.name);
  queue.tasks.push_back(std::move(task));
  ++waiting_;
}

size_t Lanes::FindTurn(Running running) const {
  size_t i = 0;
  for (; i < turns_.size(); ++i) {
    const std::string& name = turns_[i];
    if (lanes_.at(name).MayRun(name.empty() ? Running::kAny : running)) break;
  }
  return i;
}

bool Lanes::CanTake(Running running) const {
  return FindTurn(running) < turns_.size();
}

std::optional<Lanes::Taken> Lanes::Take(Running running) {
  const size_t turn = FindTurn(running);
  if (turn == turns_.size()) return std::nullopt;
  Taken taken{turns_[turn], nullptr};
  turns_.erase(turns_.begin() + static_cast<std::ptrdiff_t>(turn));
  Queue& queue = lanes_.at(taken.lane);
  taken.task = std::move(queue.tasks.front());
  queue.tasks.pop_front();
  ++queue.running;
  --waiting_;
  if (!queue.tasks.empty()) turns_.push_back(taken.lane);
  return taken;
}

void Lanes::Finish(const std::string& lane) {
  const auto found = lanes_.find(lane);
  if (--found->second.running == 0 && found->second.tasks.empty()) {
    lanes_.erase(found);
  }
}

}  // namespace goferd::link
