// The ways to compute a problem that this build and this CPU have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "graph/graph.h"
#include "kernels/operands.h"
#include "tools/kernels/family.h"

namespace mica::tools {

/// One of them, ready to run: operands bound, constant ones packed.
class KernelCandidate {
 public:
  virtual ~KernelCandidate() = default;

  std::string name;     ///< "avx2", or "avx2 blocked" where an operator has several kernels, or a peer's
  std::string isa;      ///< empty: not ours
  bool picked = false;  ///< what a model gets on this CPU

  virtual void run(ThreadPool& threads) = 0;
  /// Seconds that `runs` runs take.
  virtual double time(ThreadPool& threads, int64_t runs);
  const Tensor& output() const { return output_; }

 protected:
  Tensor output_;
};

struct KernelCandidates {
  std::vector<std::unique_ptr<KernelCandidate>> all;          ///< ours, best first, then peers
  std::vector<std::pair<std::string, std::string>> refusals;  ///< name and why not
};

/// The problem as a node, whose inputs are values numbered as the problem's.
Node node_of(const KernelProblem& problem);
/// The type and dims of what it gives.
Tensor output_of(const KernelProblem& problem, const Node& node);

/// They refer to the problem. `isas`: only these of ours, and no peers; empty: all. Throws InvalidArgument for a name
/// that the build has not.
KernelCandidates make_candidates(const KernelFamily& family, const KernelRequest& request, const KernelProblem& problem,
                                 const std::vector<std::string>& isas);

/// The largest distance of an element of the output from what the plain loop gives, relative to the largest element.
/// Of a large output a sample is looked at: its beginning, its end, and some that are spread over it.
double largest_error(const KernelProblem& problem, const Tensor& output);

}  // namespace mica::tools
