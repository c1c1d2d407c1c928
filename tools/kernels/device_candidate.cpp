#include "tools/kernels/device_candidate.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/op.h"
#include "kernels/peak/peak.h"
#include "runtime/interpreter.h"
#include "runtime/kernel_choice.h"
#include "tools/kernels/device_kernel_run.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

constexpr size_t kBeyondCaches = size_t{256} << 20;  // bytes

class DeviceCandidate : public KernelCandidate {
 public:
  DeviceCandidate(const KernelProblem& problem, const std::shared_ptr<Device>& device, const DeviceKernel& kernel,
                  Params params, const Tensor& output, size_t copies)
      : params_(std::move(params)), run_(device, kernel, params_.get(), problem.inputs, output, copies) {
    name = kernel.name;
    output_ = Tensor(output.dtype(), output.shape());
  }

  void run(ThreadPool&) override {
    run_.run();
    run_.download(output_);
  }
  double time(ThreadPool&, int64_t runs) override { return run_.time(runs); }

 private:
  Params params_;
  DeviceKernelRun run_;
};

size_t copies_of(const KernelProblem& problem, const Tensor& output, OperandMemory memory) {
  if (memory == OperandMemory::Warm) return 1;
  size_t bytes = output.bytes();
  for (const Tensor& input : problem.inputs) bytes += input.defined() ? input.bytes() : 0;
  return std::clamp<size_t>(kBeyondCaches / std::max<size_t>(bytes, 1) + 1, 2, 64);
}

// Whether the problem is nothing but the product of two matrices, as libraries have it.
bool is_plain_product(const KernelProblem& problem) {
  return problem.op_type == "MatMul" && problem.inputs.size() == 2 && problem.inputs[0].shape().rank() == 2 &&
         problem.inputs[1].shape().rank() == 2;
}

}  // namespace

KernelCandidates make_device_candidates(const KernelProblem& problem, const std::shared_ptr<Device>& device,
                                        OperandMemory memory) {
  const Node node = node_of(problem);
  const Tensor output = output_of(problem, node);
  const size_t copies = copies_of(problem, output, memory);
  std::vector<ValueType> types;
  for (const Tensor& input : problem.inputs) types.push_back(type_of(Datum(input)));
  const auto is_constant = [&](size_t input) {
    return std::ranges::find(problem.constant, input) != problem.constant.end();
  };
  KernelCandidates candidates;
  const auto offer = [&](const DeviceKernel& kernel, const Params& params, bool own) {
    std::string reason = what_lacks(kernel, *device, is_constant);
    if (reason.empty() && kernel.accepts != nullptr) reason = kernel.accepts(params.get(), types);
    if (!reason.empty()) {
      candidates.refusals.emplace_back(kernel.name, reason);
      return;
    }
    auto candidate = std::make_unique<DeviceCandidate>(problem, device, kernel, params, output, copies);
    candidate->picked = own && candidates.all.empty();
    candidates.all.push_back(std::move(candidate));
  };
  for (const DeviceKernel* kernel : device_kernels().find(*node.op, device->kernels())) {
    if (is_for(Precision::Float32, kernel->name)) offer(*kernel, node.params, true);
  }
  const DeviceKernel* library = device_kernels().named(kPeakDomain, "Product", device->kernels());
  if (library != nullptr && is_plain_product(problem)) offer(*library, std::make_shared<ProductPeak>(), false);
  return candidates;
}

/// The work that shows what a device can do.
class DevicePeaks::Units {
 public:
  Units(const std::shared_ptr<Device>& device, DType dtype) : device_(device), stream_(device->make_stream()) {
    const std::string_view kind = device->kernels();
    if (dtype == DType::F16 || dtype == DType::BF16) {
      const DeviceKernel* product = device_kernels().named(kPeakDomain, "Product", kind);
      if (product != nullptr && (product->accepts == nullptr || product->accepts(nullptr, {}).empty())) {
        const Tensor a = large_operand(dtype, "a"), b = large_operand(dtype, "b");
        product_ = std::make_unique<DeviceKernelRun>(device, *product, &product_params_, std::vector<Tensor>{a, b}, a);
        product_->run();
        return;
      }
    }
    const DeviceKernel* sums = device_kernels().named(kPeakDomain, "MultiplyAdd", kind);
    if (sums == nullptr) return;
    const Tensor results(DType::F32, {threads()});
    sums_ = std::make_unique<DeviceKernelRun>(device, *sums, &sums_params_, std::vector<Tensor>{}, results);
    sums_params_.operations = 64;
    for (sums_->run(); sums_->time(1) < kLong && sums_params_.operations < kMostOperations;) {
      sums_params_.operations *= 2;
      sums_->forget();
    }
  }

  double operations_per_second() {
    if (product_ != nullptr) return 2.0 * kSide * kSide * kSide / product_->time(1);
    if (sums_ == nullptr) return 0;
    return 2.0 * static_cast<double>(sums_params_.operations) * static_cast<double>(threads()) / sums_->time(1);
  }

  double bytes_per_second() {
    const size_t bytes = std::min<size_t>(size_t{512} << 20, device_->info().memory / 256);
    const auto from = device_->allocate(bytes), to = device_->allocate(bytes);
    double best = 0;
    for (int i = 0; i < 5; ++i) {
      const auto before = stream_->record();
      stream_->copy({to.get(), bytes, from.get(), bytes, bytes});
      const auto after = stream_->record();
      stream_->synchronize();
      best = std::max(best, 2 * static_cast<double>(bytes) / after->seconds_since(*before));
    }
    return best;
  }

 private:
  static constexpr int64_t kSide = 8192;
  static constexpr double kLong = 1e-3;  // seconds
  static constexpr int64_t kMostOperations = int64_t{1} << 24;

  // Numbers that repeat every few rows: random ones take long to make.
  static Tensor large_operand(DType dtype, std::string_view name) {
    constexpr int64_t kRows = 256;
    const Tensor rows = kernel_operand(dtype, {kRows, kSide}, name);
    Tensor operand(dtype, {kSide, kSide});
    for (size_t at = 0; at < operand.bytes(); at += rows.bytes()) {
      std::memcpy(operand.mutable_data<std::byte>() + at, rows.raw(), rows.bytes());
    }
    return operand;
  }

  // As many as fill it, eight blocks of 256 for each multiprocessor; of a device that has none, one block.
  int64_t threads() const {
    for (const auto& [trait, value] : device_->info().traits) {
      if (trait == "multiprocessors") return std::stoll(value) * 8 * 256;
    }
    return 256;
  }

  std::shared_ptr<Device> device_;
  std::unique_ptr<Stream> stream_;
  ProductPeak product_params_;
  MultiplyAddPeak sums_params_;
  std::unique_ptr<DeviceKernelRun> product_, sums_;
};

DevicePeaks::DevicePeaks(std::shared_ptr<Device> device, DType dtype)
    : device_(std::move(device)), units_(std::make_unique<Units>(device_, dtype)) {}

DevicePeaks::~DevicePeaks() = default;

void DevicePeaks::measure_operations(int tries) {
  for (int i = 0; i < tries; ++i) operations = std::max(operations, units_->operations_per_second());
}

void DevicePeaks::measure_bytes() {
  bytes = std::max(bytes, units_->bytes_per_second());
}

}  // namespace mica::tools
