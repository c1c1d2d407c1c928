// What `mica kernels` and the benchmarks of bench/kernels measure: families of kernels, one file each in
// tools/kernels/families, and what a family makes of a shape.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/attribute.h"

namespace mica {
class ThreadPool;  // backends/cpu/thread_pool.h
}

namespace mica::tools {

/// A shape as it is asked for, "1x64x56x56,k3,s2", and an element type.
struct KernelRequest {
  std::string text;
  Shape dims;
  std::map<std::string, std::string, std::less<>>
      words;  ///< {"k", "3"}, {"s", "2"}; digits may be absent: {"causal", ""}
  DType dtype = DType::F32;

  bool has(std::string_view word) const { return words.find(word) != words.end(); }
  /// The number behind a word; `otherwise` where it is not among them.
  int64_t number(std::string_view word, int64_t otherwise) const;
};

/// One node on given operands: what is measured, what it has to give, and how much work that is.
struct KernelProblem {
  std::string op_type;
  int64_t opset = 0;
  std::string domain = {};
  Attributes attributes = {};
  std::vector<Tensor> inputs;
  std::vector<size_t> constant = {};  ///< inputs that kernels may pack ahead, as a model's weights

  /// An element of the first output, computed by a plain loop in double.
  std::function<double(int64_t element)> expected;
  double terms = 1;         ///< additions or so that `expected` takes for one element
  double tolerance = 1e-5;  ///< of an element, relative to the largest
  double operations = 0;    ///< floating point operations; 0 where their number says little
  double bytes = 0;         ///< read and written at least; 0: those of all operands and of the result
};

/// Another library's answer to a family's problems. The build finds the lines `KernelPeer
/// kernel_peer_<family>_<library>() {` in tools/kernels/peers, a folder a library.
struct KernelPeer {
  using Run = std::function<void(ThreadPool& threads, Tensor& output)>;

  std::string name;
  DTypeSet types;                                ///< of requests that it takes
  Run (*prepare)(const KernelProblem& problem);  ///< what is packed ahead is packed here; refers to the problem
};

struct KernelFamily {
  std::string_view name;
  std::string_view form;   ///< how a shape is written: "MxNxK[,dynamic]"
  std::string_view about;  ///< one line
  size_t least_rank = 1, most_rank = 1;
  std::vector<std::string_view> words;   ///< that may follow the dims; with a number where the form has one
  std::vector<std::string_view> shapes;  ///< measured when none is asked for
  DTypeSet types;
  KernelProblem (*make)(const KernelRequest& request);
  std::vector<KernelPeer> peers = {};  ///< put in by the build
};

/// All families, by name. The build finds the lines `KernelFamily kernel_family_<name>() {` in tools/kernels/families
/// and makes this table of them: no list is kept by hand.
std::span<const KernelFamily> kernel_families();

/// Throws InvalidArgument, with a suggestion.
const KernelFamily& kernel_family(std::string_view name);

/// "f32", "bf16", "f16", "i8" ...; throws InvalidArgument for a type that the family has not.
DType kernel_dtype(const KernelFamily& family, std::string_view text);

/// Throws InvalidArgument when the text does not have the family's form.
KernelRequest parse_kernel_request(const KernelFamily& family, std::string_view text, DType dtype);

}  // namespace mica::tools
