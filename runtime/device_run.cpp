#include "runtime/device_run.h"

#include <utility>

#include "runtime/base/error.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

// Whether all that the kernel reads on the host follows from the dims, so that the same dims make the same launch.
bool host_inputs_are_fixed(const Plan& plan, const Step& step) {
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
      segments_(plan.steps().size()) {
  find_segments();
}

void DeviceRun::find_segments() {
  const auto steps = plan_.steps();
  for (size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].kind != Step::Kind::Device) continue;
    Segment& segment = segments_[at];
    segment.repeats = true;
    for (; at < steps.size() && (steps[at].kind == Step::Kind::Device || steps[at].view); ++at) {
      if (!steps[at].view) segment.repeats &= host_inputs_are_fixed(plan_, steps[at]);
    }
    segment.end = at--;
  }
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
  const auto steps = plan_.steps();
  while (at < steps.size()) {
    if (steps[at].is_copy()) {
      copy(at++);
    } else if (segments_[at].end != 0) {
      run_segment(at);
      at = segments_[at].end;
    } else if (steps[at].view) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

void DeviceRun::copy(size_t at) {
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

void DeviceRun::run_segment(size_t at) {
  Segment& segment = segments_[at];
  const Key key{binding_, scratch_.memory()};
  if (!segment.repeats || !profile_.empty() || segment.key != key) {
    segment.recording.reset();
    launch_steps(at, segment.end);
    segment.key = {binding_, scratch_.memory()};
    return;
  }
  if (segment.recording == nullptr) {
    segment.recording = stream_->capture([&] { launch_steps(at, segment.end); });
  }
  segment.recording->replay();
}

void DeviceRun::launch_steps(size_t begin, size_t end) {
  for (size_t at = begin; at < end; ++at) {
    const Step& step = plan_.steps()[at];
    if (step.view) continue;
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
}

void DeviceRun::time(size_t at, FunctionRef<void()> work) {
  if (profile_.empty()) return work();
  auto before = stream_->record();
  work();
  timed_.push_back({at, std::move(before), stream_->record()});
}

void DeviceRun::abandon() noexcept {
  try {
    stream_->synchronize();
  } catch (...) {
  }
  scratch_.reset();
  timed_.clear();
  *reinterpret_cast<uint32_t*>(fault_word_.get()) = 0;
}

void DeviceRun::wait() {
  stream_->synchronize();
  scratch_.trim();
  for (const Timed& timed : timed_) profile_[timed.step] += timed.after->seconds_since(*timed.before);
  timed_.clear();
  uint32_t& fault = *reinterpret_cast<uint32_t*>(fault_word_.get());
  if (fault == 0) return;
  const Step& step = plan_.steps()[fault - 1];
  fault = 0;
  throw Error(ErrorCode::InvalidArgument, "an index is out of range").within(plan_.graph().node(step.node).str());
}

}  // namespace mica
