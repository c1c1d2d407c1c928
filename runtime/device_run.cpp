#include "runtime/device_run.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/error.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

// To launch fewer one by one takes less time than to replay them.
constexpr size_t kLeastRecorded = 3;

// Whether all that the kernel reads on the host follows from the dims, so that the same dims make the same launch.
bool host_inputs_are_fixed(const Plan& plan, const Step& step) {
  if (step.is_copy()) return true;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    if (step.inputs[i] == kNone || !step.device_kernel->reads_on_host(i)) continue;
    const Slot::Source source = plan.slots()[step.inputs[i]].source;
    if (source != Slot::Source::Constant && source != Slot::Source::Contents) return false;
  }
  return true;
}

}  // namespace

DeviceRun::DeviceRun(const Plan& plan, std::vector<Bound> bound)
    : plan_(plan),
      bound_(std::move(bound)),
      stream_(plan.device()->make_stream()),
      scratch_(*plan.device()),
      fault_word_(plan.device()->allocate_shared(sizeof(uint32_t))),
      segments_(plan.steps().size()),
      skipped_(plan.steps().size(), false) {
  std::memset(fault_word_.get(), 0, sizeof(uint32_t));
  find_segments();
}

DeviceRun::~DeviceRun() {
  abandon();
}

uint64_t DeviceRun::dependencies(size_t at) const {
  uint64_t bits = 0;
  const Step& step = plan_.steps()[at];
  for (const auto* operands : {&step.inputs, &step.outputs}) {
    for (const uint32_t slot : *operands) bits |= slot == kNone ? 0 : plan_.slots()[slot].depends;
  }
  return bits;
}

void DeviceRun::find_segments() {
  const auto steps = plan_.steps();
  const auto is_device = [&](size_t at) { return steps[at].kind == Step::Kind::Device || steps[at].is_copy(); };
  segments_ = std::vector<Segment>(steps.size());
  for (size_t at = 0; at < steps.size(); ++at) {
    if (!is_device(at) || is_left_out(at)) continue;
    Segment& segment = segments_[at];
    segment.repeats = true;
    const bool grows = (dependencies(at) & growing_) != 0;
    for (; at < steps.size(); ++at) {
      if (is_left_out(at)) continue;
      const uint64_t depends = dependencies(at);
      if (!is_device(at) || ((depends & growing_) != 0) != grows) break;
      segment.repeats &= host_inputs_are_fixed(plan_, steps[at]);
      segment.depends |= depends;
      ++segment.work;
    }
    segment.end = at--;
  }
}

void DeviceRun::set_growing(uint64_t symbols) {
  growing_ = symbols;
  find_segments();
}

void DeviceRun::set_skipped(const std::vector<bool>& skipped) {
  skipped_ = skipped;
  touches_host_ = false;
  for (size_t at = 0; at < skipped_.size(); ++at) touches_host_ |= plan_.steps()[at].is_copy() && !skipped_[at];
  find_segments();
}

void DeviceRun::set_place(std::span<const int64_t> symbols, std::span<const int64_t> addresses) {
  if (std::ranges::equal(symbols, symbols_) && std::ranges::equal(addresses, addresses_)) return;
  symbols_.assign(symbols.begin(), symbols.end());
  addresses_.assign(addresses.begin(), addresses.end());
  ++place_;
}

size_t DeviceRun::launch(size_t at) {
  try {
    return launch_all(at);
  } catch (...) {
    abandon();
    throw;
  }
}

size_t DeviceRun::launch_all(size_t at) {
  if (clock_ != nullptr && begun_ == nullptr) begun_ = stream_->record();
  while (at < segments_.size()) {
    if (segments_[at].end != 0) {
      run_segment(at);
      at = segments_[at].end;
    } else if (is_left_out(at)) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

void DeviceRun::run_segment(size_t at) {
  Segment& segment = segments_[at];
  if (!segment.repeats || segment.work < kLeastRecorded || !profile_.empty()) return launch_steps(at, segment.end);
  Recordings::Entry& entry = segment.recordings.find(place_, segment.depends, symbols_, addresses_);
  if (!entry.met || entry.scratch != scratch_.memory()) {
    entry.recording.reset();
    launch_steps(at, segment.end);
    entry.met = true;
    entry.scratch = scratch_.memory();
    return;
  }
  if (entry.recording == nullptr) entry.recording = stream_->capture([&] { launch_steps(at, segment.end); });
  entry.recording->replay();
}

void DeviceRun::launch_steps(size_t begin, size_t end) {
  for (size_t at = begin; at < end; ++at) {
    if (is_left_out(at)) continue;
    if (plan_.steps()[at].is_copy()) {
      copy_step(at);
    } else {
      launch_step(at);
    }
  }
}

void DeviceRun::copy_step(size_t at) {
  const Tensor& from = bound_[at].inputs[0]->tensor;
  Tensor& to = bound_[at].outputs[0]->tensor;
  if (from.bytes() == 0) return;
  time(at, [&] {
    if (plan_.steps()[at].kind == Step::Kind::Upload) {
      stream_->upload(to.mutable_raw(), from.raw(), from.bytes());
    } else {
      stream_->download(to.mutable_raw(), from.raw(), from.bytes());
    }
  });
}

void DeviceRun::launch_step(size_t at) {
  const Step& step = plan_.steps()[at];
  const cuda::Fault fault{reinterpret_cast<uint32_t*>(fault_word_.get()), static_cast<uint32_t>(at)};
  const DeviceOperands::Context context{stream_.get(), &scratch_, fault, plan_.device()->info().capability};
  const std::span<Datum* const> formal = bound_[at].inputs.first(step.formal_inputs);
  try {
    time(at, [&] { step.device_kernel->run(step.params, DeviceOperands(formal, bound_[at].outputs, context)); });
  } catch (const Error& error) {
    throw error.within(plan_.graph().node(step.node).str());
  }
  scratch_.reset();
}

void DeviceRun::time(size_t at, FunctionRef<void()> work) {
  if (profile_.empty()) return work();
  auto before = stream_->record();
  work();
  timed_.push_back({at, std::move(before), stream_->record()});
}

void DeviceRun::copy(const BlockCopy& copy) {
  stream_->copy(copy);
  stream_->synchronize();
}

std::shared_ptr<std::byte> DeviceRun::allocate(size_t bytes) {
  if (busy_) wait();
  return plan_.device()->allocate(bytes);
}

void DeviceRun::abandon() noexcept {
  try {
    stream_->synchronize();
  } catch (...) {
  }
  busy_ = false;
  scratch_.reset();
  timed_.clear();
  begun_.reset();
  *reinterpret_cast<uint32_t*>(fault_word_.get()) = 0;
}

void DeviceRun::wait() {
  const std::unique_ptr<Event> ended = begun_ != nullptr ? stream_->record() : nullptr;
  busy_ = false;
  stream_->synchronize();
  scratch_.trim();
  for (const Timed& timed : timed_) profile_[timed.step] += timed.after->seconds_since(*timed.before);
  timed_.clear();
  if (ended != nullptr && clock_ != nullptr) *clock_ += ended->seconds_since(*begun_);
  begun_.reset();
  uint32_t& fault = *reinterpret_cast<uint32_t*>(fault_word_.get());
  if (fault == 0) return;
  const Step& step = plan_.steps()[fault - 1];
  fault = 0;
  throw Error(ErrorCode::InvalidArgument, "an index is out of range").within(plan_.graph().node(step.node).str());
}

}  // namespace mica
