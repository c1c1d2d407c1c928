#include "tools/kernels/device_kernel_run.h"

#include <cstring>
#include <utility>

namespace mica::tools {

DeviceKernelRun::DeviceKernelRun(std::shared_ptr<Device> device, const DeviceKernel& kernel, const void* params,
                                 std::span<const Tensor> inputs, const Tensor& output, size_t copies)
    : device_(std::move(device)),
      kernel_(kernel),
      params_(params),
      scratch_(*device_),
      fault_(device_->allocate_shared(sizeof(uint32_t))),
      stream_(device_->make_stream()) {
  std::memset(fault_.get(), 0, sizeof(uint32_t));
  const Tensor formed = kernel.form == nullptr ? Tensor() : kernel.form(inputs[kernel.formed_input]);
  for (size_t i = 0; i < copies; ++i) {
    Set& set = *sets_.emplace_back(std::make_unique<Set>());
    for (size_t at = 0; at < inputs.size(); ++at) {
      const Tensor& input = kernel.forms(at) ? formed : inputs[at];
      const bool here = !input.defined() || kernel.reads_on_host(at);
      Datum& datum = set.inputs.emplace_back(here ? input : on_device(input));
      if (!here && input.bytes() > 0) stream_->upload(datum.tensor.mutable_raw(), input.raw(), input.bytes());
      if (input.defined()) datum.tensor.set_shape(inputs[at].shape());  // whatever it was made to
    }
    set.output = Datum(on_device(output));
    for (Datum& datum : set.inputs) set.ins.push_back(datum.tensor.defined() ? &datum : nullptr);
    set.outs = {&set.output};
  }
  stream_->synchronize();
}

Tensor DeviceKernelRun::on_device(const Tensor& like) {
  const auto memory = device_->allocate(like.bytes());
  return Tensor::over(like.dtype(), like.shape(), memory.get(), memory);
}

void DeviceKernelRun::launch(Set& set) {
  const DeviceOperands::Context context{
      stream_.get(), &scratch_, {reinterpret_cast<uint32_t*>(fault_.get()), 0}, device_->info().capability};
  kernel_.run(params_, DeviceOperands(set.ins, set.outs, context));
  scratch_.reset();
}

void DeviceKernelRun::run() {
  launch(*sets_.front());
  stream_->synchronize();
  scratch_.trim();
}

double DeviceKernelRun::time(int64_t runs) {
  if (recorded_ != runs) {
    recording_ = stream_->capture([&] {
      for (int64_t i = 0; i < runs; ++i) launch(*sets_[static_cast<size_t>(i) % sets_.size()]);
    });
    recorded_ = runs;
  }
  const auto before = stream_->record();
  recording_->replay();
  const auto after = stream_->record();
  stream_->synchronize();
  return after->seconds_since(*before);
}

void DeviceKernelRun::download(Tensor& output) {
  if (output.bytes() == 0) return;
  stream_->download(output.mutable_raw(), sets_.front()->output.tensor.raw(), output.bytes());
  stream_->synchronize();
}

}  // namespace mica::tools
