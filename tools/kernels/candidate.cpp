#include "tools/kernels/candidate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "kernels/op.h"
#include "kernels/simd/isa.h"
#include "runtime/base/text.h"
#include "runtime/interpreter.h"
#include "runtime/kernel_choice.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<const Datum*> pointers(const std::vector<Datum>& data) {
  std::vector<const Datum*> result;
  for (const Datum& datum : data) result.push_back(datum.tensor.defined() ? &datum : nullptr);
  return result;
}

// The operator's own kernel with the loops of one instruction set, called as the executor calls it.
class OwnKernel : public KernelCandidate {
 public:
  OwnKernel(const KernelProblem& problem, const Node& node, const Kernel& kernel, size_t isa)
      : kernel_(kernel), params_(node.params), isa_(isa), data_(problem.inputs.begin(), problem.inputs.end()) {
    const UseIsa use(isa_);
    for (const Datum* input : pointers(data_)) ins_.push_back(const_cast<Datum*>(input));
    output_ = output_of(problem, node);
    result_ = Datum(output_);
    outs_ = {&result_};
    std::vector<const Tensor*> constants(problem.inputs.size());
    for (const size_t i : problem.constant) constants[i] = &problem.inputs[i];
    if (kernel_.prepack != nullptr) packed_ = kernel_.prepack(params_.get(), ConstantOperands(constants));
  }

  void run(ThreadPool& threads) override {
    const UseIsa use(isa_);
    const Operands::Context context{&workspace_, &threads, nullptr};
    kernel_.run(params_.get(), Operands(ins_, outs_, packed_.get(), context));
    workspace_.reset();
  }

 private:
  const Kernel& kernel_;
  Params params_;
  size_t isa_;
  std::vector<Datum> data_;
  Datum result_;
  std::vector<Datum*> ins_, outs_;
  std::shared_ptr<const void> packed_;
  Workspace workspace_;
};

class Peer : public KernelCandidate {
 public:
  Peer(const KernelPeer& peer, const KernelProblem& problem, const Tensor& like) : run_(peer.prepare(problem)) {
    name = peer.name;
    output_ = Tensor(like.dtype(), like.shape());
  }
  void run(ThreadPool& threads) override { run_(threads, output_); }

 private:
  KernelPeer::Run run_;
};

void check_isas(const std::vector<std::string>& wanted) {
  std::vector<std::string_view> known;
  for (const Isa& isa : isas()) known.push_back(isa.name);
  for (const std::string& name : wanted) {
    if (std::ranges::find(known, name) == known.end()) {
      throw Error(ErrorCode::InvalidArgument, unknown_name("instruction set", name, known));
    }
  }
}

}  // namespace

double KernelCandidate::time(ThreadPool& threads, int64_t runs) {
  const auto start = Clock::now();
  for (int64_t i = 0; i < runs; ++i) run(threads);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Node node_of(const KernelProblem& problem) {
  Node node;
  node.op_type = problem.op_type;
  node.domain = problem.domain;
  node.opset = problem.opset;
  node.attributes = problem.attributes;
  for (uint32_t i = 0; i < problem.inputs.size(); ++i) {
    node.inputs.push_back(problem.inputs[i].defined() ? ValueId{i} : ValueId::None);
  }
  node.formal_inputs = node.inputs.size();
  node.outputs.push_back(ValueId{static_cast<uint32_t>(node.inputs.size())});
  resolve(node, operators());
  if (node.op == nullptr) throw Error(ErrorCode::Internal, "this build has no operator " + problem.op_type);
  return node;
}

Tensor output_of(const KernelProblem& problem, const Node& node) {
  const std::vector<Datum> data(problem.inputs.begin(), problem.inputs.end());
  const auto types = infer_concrete(node, pointers(data));
  const Shape shape = to_shape(*types[0].dims).value();
  check_kernel_size(shape);
  return Tensor(types[0].dtype, shape);
}

KernelCandidates make_candidates(const KernelFamily& family, const KernelRequest& request, const KernelProblem& problem,
                                 const std::vector<std::string>& wanted) {
  check_isas(wanted);
  const Node node = node_of(problem);
  std::vector<ValueType> types;
  for (const Tensor& input : problem.inputs) types.push_back(type_of(Datum(input)));
  KernelCandidates candidates;
  for (size_t i = 0; i < isas().size(); ++i) {
    const Isa& isa = isas()[i];
    if (!wanted.empty() && std::ranges::find(wanted, isa.name) == wanted.end()) continue;
    if (const std::string missing = lacking(isa); !missing.empty()) {
      candidates.refusals.emplace_back(isa.name, "CPU lacks " + missing);
      continue;
    }
    const UseIsa use(i);
    std::vector<const Kernel*> kernels;
    for (const Kernel& kernel : node.op->def().kernels) {
      if (kernel.device != "cpu" || !is_for(Precision::Float32, kernel.name)) continue;
      const std::string reason = kernel.accepts == nullptr ? "" : kernel.accepts(node.params.get(), types);
      if (reason.empty()) {
        kernels.push_back(&kernel);
      } else if (i == isa_choice().index) {
        candidates.refusals.emplace_back(kernel.name, reason);
      }
    }
    for (const Kernel* kernel : kernels) {
      auto candidate = std::make_unique<OwnKernel>(problem, node, *kernel, i);
      candidate->isa = isa.name;
      candidate->name = isa.name;
      if (kernels.size() > 1) candidate->name += " " + std::string(kernel->name);
      candidate->picked = i == isa_choice().index && kernel == kernels.front();
      candidates.all.push_back(std::move(candidate));
    }
  }
  if (wanted.empty()) {
    const Tensor like = candidates.all.front()->output();
    for (const KernelPeer& peer : family.peers) {
      if (peer.types.contains(request.dtype)) candidates.all.push_back(std::make_unique<Peer>(peer, problem, like));
    }
  }
  return candidates;
}

double largest_error(const KernelProblem& problem, const Tensor& output) {
  constexpr double kTerms = 1e8;  // a few tenths of a second
  constexpr int64_t kEdge = 64;
  const Doubles got = doubles(output);
  const auto count = static_cast<int64_t>(got->size());
  const int64_t samples = std::min(count, static_cast<int64_t>(std::max(256.0, kTerms / problem.terms)));
  double largest = 0, error = 0;
  const auto look = [&](int64_t i) {
    const double expected = problem.expected(i), distance = std::abs((*got)[static_cast<size_t>(i)] - expected);
    largest = std::max(largest, std::abs(expected));
    error = std::max(error, std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance);
  };
  if (samples == count) {
    for (int64_t i = 0; i < count; ++i) look(i);
  } else {
    for (int64_t i = 0; i < kEdge; ++i) look(i), look(count - 1 - i);
    // Steps of the golden ratio meet every row and column alike.
    double place = 0;
    for (int64_t i = 0; i < samples; ++i) {
      place = std::fmod(place + 0.6180339887498949, 1.0);
      look(static_cast<int64_t>(place * static_cast<double>(count)));
    }
  }
  return largest > 0 ? error / largest : error;
}

}  // namespace mica::tools
